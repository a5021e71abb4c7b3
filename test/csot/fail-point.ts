// Commands that a server fails or delays, until the test ends.

import type { Document } from 'ferropool';
import { onTestFinished } from 'vitest';

/** Who sets it: never a client under test, of whose commands there is account. */
export interface FailPointServer {
  command(database: string, body: object): Promise<unknown>;
}

/** Sets the fail point `failCommand`. */
export async function failCommand(server: FailPointServer, mode: 'alwaysOn' | { times: number }, data: Document): Promise<void> {
  await server.command('admin', { configureFailPoint: 'failCommand', mode, data });
  onTestFinished(async () => {
    await server.command('admin', { configureFailPoint: 'failCommand', mode: 'off' });
  });
}

/** Delays commands of these names by so many milliseconds. */
export async function block(server: FailPointServer, mode: 'alwaysOn' | { times: number }, failCommands: string[], blockTimeMS: number, more: Document = {}): Promise<void> {
  await failCommand(server, mode, { failCommands, blockConnection: true, blockTimeMS, ...more });
}
