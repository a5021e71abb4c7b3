// A server that answers every command as a test wants it to, in plain or over TLS.

import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';

import type { Document } from 'bson';
import { onTestFinished } from 'vitest';

import { commandOf, helloReply, isUnacknowledged, onMessage, replyTo } from './messages.js';

/** One connection to the peer, and the commands that came over it, in order. */
export interface PeerConnection {
  readonly socket: net.Socket | tls.TLSSocket;
  readonly commands: Document[];
}

/** The reply to a command, now or later; `undefined` for one that says yes. */
export type Answer = (command: Document, connection: PeerConnection) => Document | undefined | Promise<Document>;

/** A peer that runs until the test ends. */
export class ScriptedPeer {
  /** Those that have come as far as commands, over its whole life. */
  readonly connections: PeerConnection[] = [];
  /** Connections over its whole life. */
  accepted = 0;
  readonly #server: net.Server;
  readonly #open = new Set<net.Socket>();

  static async start(answer: Answer = () => undefined, options?: tls.TlsOptions): Promise<ScriptedPeer> {
    const peer = new ScriptedPeer(answer, options);
    onTestFinished(() => peer.close());
    peer.#server.listen(0, '127.0.0.1');
    await once(peer.#server, 'listening');
    return peer;
  }

  private constructor(answer: Answer, options?: tls.TlsOptions) {
    const serve = (socket: net.Socket): void => {
      const connection: PeerConnection = { socket, commands: [] };
      this.connections.push(connection);
      socket.on('error', () => socket.destroy());
      onMessage(socket, (message) => {
        const command = commandOf(message);
        connection.commands.push(command);
        const reply = answer(command, connection) ?? (isHello(command) ? helloReply : { ok: 1 });
        if (isUnacknowledged(message)) return;
        const send = (document: Document): boolean => socket.write(replyTo(message, document));
        if (reply instanceof Promise) void reply.then(send);
        else send(reply);
      });
    };
    this.#server = options ? tls.createServer(options, serve) : net.createServer({ noDelay: true }, serve);
    this.#server.on('connection', (socket: net.Socket) => {
      this.accepted += 1;
      this.#open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#open.delete(socket));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Every command but hello, in the order of connections. */
  get commands(): Document[] {
    return this.connections.flatMap(({ commands }) => commands.filter((command) => !isHello(command)));
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}

/** Whether a command is a hello, by any of its names. */
export function isHello(command: Document): boolean {
  return 'hello' in command || 'isMaster' in command || 'ismaster' in command;
}
