// Servers that go silent in the middle of an establishment, each at a place of its own.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

import { Binary, type Document } from 'bson';
import { onTestFinished } from 'vitest';

import { commandOf, helloReply, onMessage, replyTo } from './messages.js';

/** Serves one connection up to where it says nothing more, and tells when that is. */
export type Stall = (socket: net.Socket, stalled: () => void) => void;

/** A server that stalls, and what is open there. */
export class StallingPeer {
  /** Connections that have come to where the peer stalls, over its whole life. */
  stalled = 0;
  /** Connections over its whole life. */
  accepted = 0;
  readonly #server: net.Server;
  readonly #open = new Set<net.Socket>();
  #changed: (() => void)[] = [];

  /** Runs until the test ends. */
  static async start(stall: Stall): Promise<StallingPeer> {
    const peer = new StallingPeer(stall);
    onTestFinished(() => peer.close());
    peer.#server.listen(0, '127.0.0.1');
    await once(peer.#server, 'listening');
    return peer;
  }

  private constructor(stall: Stall) {
    this.#server = net.createServer({ noDelay: true }, (socket) => {
      this.accepted += 1;
      this.#open.add(socket);
      // What closes in the middle of something may well reset.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#open.delete(socket);
        this.#wake();
      });
      stall(socket, () => {
        this.stalled += 1;
        this.#wake();
      });
    });
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many are open now. */
  get connections(): number {
    return this.#open.size;
  }

  /** Resolves once so many connections have come to where the peer stalls. */
  async untilStalled(count: number): Promise<void> {
    await this.#until(() => this.stalled >= count);
  }

  /** Resolves once none is open. */
  async untilClosed(): Promise<void> {
    await this.#until(() => this.#open.size === 0);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  #wake(): void {
    for (const changed of this.#changed.splice(0)) changed();
  }
}

/** Accepts, and says nothing. */
export const afterAccepting: Stall = (socket, stalled) => {
  socket.resume();
  stalled();
};

/** Answers a ClientHello by a ServerHello and the beginning of an encrypted record. */
export const duringTls: Stall = (socket, stalled) => {
  let received = Buffer.alloc(0);
  let answered = false;
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (answered || received.length < 5 || received.length < 5 + received.readUInt16BE(3)) return;
    answered = true;
    socket.write(Buffer.concat([serverHello(received), encryptedBeginning]));
    stalled();
  });
};

/** Answers the first message by the first half of a reply to hello. */
export const duringHello: Stall = (socket, stalled) => {
  onMessage(socket, (message) => {
    const reply = replyTo(message, helloReply);
    socket.write(reply.subarray(0, reply.length >> 1));
    stalled();
  });
};

/** Goes along with SCRAM until `saslContinue`, which has no answer. */
export const beforeProvingItself: Stall = (socket, stalled) => {
  onMessage(socket, (message) => {
    const command = commandOf(message);
    if (command['saslContinue']) stalled();
    else socket.write(replyTo(message, command['saslStart'] ? serverFirst(command) : helloReply));
  });
};

/** The same to a client that begins with its hello; the `saslStart` of one that does not has no answer, and does not count. */
export const beforeProvingItselfSpeculatively: Stall = (socket, stalled) => {
  onMessage(socket, (message) => {
    const command = commandOf(message);
    const speculative = command['speculativeAuthenticate'] as Document | undefined;
    if (command['saslContinue']) stalled();
    else if (speculative) socket.write(replyTo(message, { ...helloReply, speculativeAuthenticate: serverFirst(speculative) }));
    else if (!command['saslStart']) socket.write(replyTo(message, helloReply));
  });
};

/** The first message of a SCRAM server: the client's nonce with one more, a salt, an iteration count. */
function serverFirst(saslStart: Document): Document {
  const clientFirst = (saslStart['payload'] as Binary).toString('utf8');
  const nonce = /,r=([^,]+)/.exec(clientFirst)?.[1];
  if (nonce === undefined) throw new Error(`no nonce in ${clientFirst}`);
  const salt = randomBytes(28).toString('base64');
  const payload = `r=${nonce}${randomBytes(18).toString('base64')},s=${salt},i=4096`;
  return { conversationId: 1, done: false, payload: new Binary(Buffer.from(payload)), ok: 1 };
}

/** The ServerHello of TLS 1.3 (RFC 8446, section 4.1.3) that fits a record with a ClientHello: X25519, and a cipher suite that it offers. */
function serverHello(clientHello: Buffer): Buffer {
  // A record's header, the message's, a version and a random value.
  const sessionAt = 5 + 4 + 2 + 32;
  const session = clientHello.subarray(sessionAt, sessionAt + 1 + clientHello.readUInt8(sessionAt));
  const suitesAt = sessionAt + session.length;
  const suites = clientHello.subarray(suitesAt + 2, suitesAt + 2 + clientHello.readUInt16BE(suitesAt));
  const offered = new Set(Array.from({ length: suites.length >> 1 }, (_, at) => suites.readUInt16BE(2 * at)));
  const suite = [0x1301, 0x1302, 0x1303].find((known) => offered.has(known));
  if (suite === undefined) throw new Error('the client does not offer TLS 1.3');
  const { publicKey } = generateKeyPairSync('x25519');
  const key = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');
  const x25519 = 0x001d;
  const extensions = [u16(43), sized16(u16(0x0304)), u16(51), sized16(u16(x25519), sized16(key))];
  const body = Buffer.concat([u16(0x0303), randomBytes(32), session, u16(suite), Buffer.of(0), sized16(...extensions)]);
  return Buffer.concat([Buffer.of(22), u16(0x0303), sized16(Buffer.of(2, 0), sized16(body))]);
}

/** Of a record of 1,024 bytes, the header and a few bytes. */
const encryptedBeginning = Buffer.concat([Buffer.of(23), u16(0x0303), u16(1024), randomBytes(100)]);

function u16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

function sized16(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u16(body.length), body]);
}
