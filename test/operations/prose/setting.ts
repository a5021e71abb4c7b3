// What prose tests of operations need: commands that fail as the server is told to, what a client has sent, and times that
// are random, looked at many at a time.

import type { CommandStartedEvent, Document, MongoClient } from 'ferropool';
import { onTestFinished } from 'vitest';

import type { Mongod } from '../../support/mongod.js';

/** Sets the fail point `failCommand` until the test ends. */
export async function failPoint(server: Pick<Mongod, 'command'>, mode: Document | 'alwaysOn', data: Document): Promise<void> {
  onTestFinished(async () => {
    await server.command('admin', { configureFailPoint: 'failCommand', mode: 'off' });
  });
  await server.command('admin', { configureFailPoint: 'failCommand', mode, data });
}

/** Every command that the client sends from now on, by its event. */
export function sentBy(client: MongoClient, name?: string): CommandStartedEvent[] {
  const sent: CommandStartedEvent[] = [];
  client.on('commandStarted', (event) => {
    if (name === undefined || event.commandName === name) sent.push(event);
  });
  return sent;
}

/** The digits of the session that a command was sent with. */
export function sessionOf({ command }: CommandStartedEvent): string | undefined {
  return (command['lsid'] as { id: { toHexString(): string } } | undefined)?.id.toHexString();
}

export function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number;
}
