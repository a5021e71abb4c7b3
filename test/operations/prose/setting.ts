// What prose tests of operations need: commands that fail as the server is told to, what a client has sent, and times that
// are random, looked at many at a time.

import type { CommandStartedEvent, Document, MongoClient } from 'ferropool';
import { onTestFinished } from 'vitest';

import { helloReply } from '../../support/messages.js';
import type { Mongod } from '../../support/mongod.js';
import { isHello, ScriptedPeer, type Answer } from '../../support/peer.js';

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

/** A replica set's only member, which is its primary, as far as a client has to know: `answer` says the rest, `hello` what it says of itself. */
export function startPrimary(answer: Answer, hello: Document = {}): Promise<ScriptedPeer> {
  return ScriptedPeer.start((command, connection) => {
    if (!isHello(command)) return answer(command, connection);
    const address = `127.0.0.1:${connection.socket.localPort}`;
    return { ...helloReply, setName: 'scripted', hosts: [address], me: address, primary: address, logicalSessionTimeoutMinutes: 30, ...hello };
  });
}

/** The replies to one command's attempts, of which the last is the reply to all further ones. */
export function inTurn(commandName: string, replies: readonly Document[]): (command: Document) => Document | undefined {
  let attempts = 0;
  return (command) => (commandName in command ? replies[Math.min(attempts++, replies.length - 1)] : undefined);
}

/** When a command that is told apart by `key` came, attempt by attempt. */
export class Arrivals {
  readonly #times = new Map<unknown, number[]>();

  /** How many times it has come before. */
  record(key: unknown): number {
    const times = this.#times.get(key) ?? [];
    this.#times.set(key, times);
    return times.push(performance.now()) - 1;
  }

  /** The times from one attempt to the next. */
  gaps(attempt: number): number[] {
    return [...this.#times.values()].map((times) => (times[attempt + 1] as number) - (times[attempt] as number));
  }
}
