// What a user sees of a connection string: the client's options, and the warnings of the process. Nothing is dialled.

import { setImmediate as turn } from 'node:timers/promises';
import { MongoClient, type MongoOptions } from 'ferropool';

export interface Opened {
  readonly options: MongoOptions;
  readonly warnings: readonly string[];
}

/** Constructs a client and closes it. */
export async function open(uri: string): Promise<Opened | { refused: unknown }> {
  const warnings: string[] = [];
  const listener = (warning: Error) => {
    if (warning.name === 'MongoWarning') warnings.push(warning.message);
  };
  // Node's own listener prints them.
  const others = process.listeners('warning');
  process.removeAllListeners('warning').on('warning', listener);
  try {
    const client = new MongoClient(uri);
    const { options } = client;
    await client.close();
    // A warning is emitted in a later turn.
    await turn();
    return { options, warnings };
  } catch (refused) {
    return { refused };
  } finally {
    process.removeAllListeners('warning');
    for (const other of others) process.on('warning', other);
  }
}
