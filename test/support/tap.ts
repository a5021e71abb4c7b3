// A proxy that lets everything through and reads along: what goes over the wire, between a client and a real server.

import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

import type { Document } from 'bson';
import { onTestFinished } from 'vitest';

import { commandOf, onMessage } from './messages.js';

const opMsg = 2013;
const opCompressed = 2012;

/** A message as it went over the wire. */
export interface TappedMessage {
  /** Of which connection, from 0. */
  connection: number;
  from: 'client' | 'server';
  length: number;
  /** By its number in the wire protocol, if it was compressed. */
  compressor?: number;
  /** Bytes of what is inside, if it was compressed. */
  uncompressedLength?: number;
  /** A client's command, if it was not compressed. */
  command?: Document;
}

/** A proxy in front of a server, which runs until the test ends. */
export class Tap {
  readonly messages: TappedMessage[] = [];
  #accepted = 0;
  readonly #server: net.Server;
  readonly #open = new Set<net.Socket>();

  static async start(target: { host: string; port: number }): Promise<Tap> {
    const tap = new Tap(target);
    onTestFinished(() => tap.close());
    tap.#server.listen(0, '127.0.0.1');
    await once(tap.#server, 'listening');
    return tap;
  }

  private constructor(target: { host: string; port: number }) {
    this.#server = net.createServer({ noDelay: true }, (socket) => {
      const connection = this.#accepted++;
      const onward = net.connect({ ...target, noDelay: true });
      for (const [one, other] of [[socket, onward], [onward, socket]] as const) {
        this.#open.add(one);
        one.on('error', () => one.destroy());
        one.on('close', () => {
          this.#open.delete(one);
          other.destroy();
        });
        one.pipe(other);
        const from = one === socket ? 'client' : 'server';
        onMessage(one, (message) => this.messages.push({ connection, from, ...describe(message, from) }));
      }
    });
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections over its whole life. */
  get accepted(): number {
    return this.#accepted;
  }

  /** What clients sent. */
  get requests(): TappedMessage[] {
    return this.messages.filter(({ from }) => from === 'client');
  }

  /** What the server sent. */
  get replies(): TappedMessage[] {
    return this.messages.filter(({ from }) => from === 'server');
  }

  /** The names of the commands that were sent as they are, in order. */
  get commandNames(): string[] {
    return this.requests.flatMap(({ command }) => Object.keys(command ?? {}).slice(0, 1));
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}

function describe(message: Buffer, from: 'client' | 'server'): Omit<TappedMessage, 'connection' | 'from'> {
  const [length, opCode] = [message.length, message.readInt32LE(12)];
  if (opCode === opCompressed) return { length, uncompressedLength: message.readInt32LE(20), compressor: message.readUInt8(24) };
  // A reply of the old form is not a command's.
  return from === 'client' || opCode === opMsg ? { length, command: commandOf(message) } : { length };
}
