// A server that cuts each reply in two at a place of the test's choosing: one that a real server's kernel may choose.

import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { deserialize, serialize, type Document } from 'bson';
import { onTestFinished } from 'vitest';

const header = 21;

export interface SplittingServer {
  readonly address: string;
  /** How many bytes of a reply, its header included, arrive before the others do. */
  cutAt: number;
  /** The length of the last reply. */
  readonly lastLength: number;
}

/** Serves until the test ends: it says hello, and answers any other command with what it echoes. */
export async function startSplittingServer(): Promise<SplittingServer> {
  const state = { address: '', cutAt: 0, lastLength: 0 };
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0);
        const reply = answer(received.subarray(0, length));
        received = received.subarray(length);
        state.lastLength = reply.length;
        void sendInTwo(socket, reply, state.cutAt);
      }
    });
  });
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  state.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return state;
}

async function sendInTwo(socket: net.Socket, reply: Buffer, cutAt: number): Promise<void> {
  const at = cutAt % reply.length;
  if (at > 0) {
    socket.write(reply.subarray(0, at));
    // Nothing tells when the other side has read; were it late, it would read both at once, which is right too.
    await sleep(1);
  }
  socket.write(reply.subarray(at));
}

function answer(message: Buffer): Buffer {
  const isLegacy = message.readInt32LE(12) === 2004;
  const body = serialize(isLegacy ? hello : replyTo(deserialize(message.subarray(header))));
  const head = Buffer.alloc(isLegacy ? 36 : header);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(message.readInt32LE(4), 8);
  head.writeInt32LE(isLegacy ? 1 : 2013, 12);
  if (isLegacy) head.writeInt32LE(1, 32);
  return Buffer.concat([head, body]);
}

const hello = {
  ok: 1,
  helloOk: true,
  ismaster: true,
  isWritablePrimary: true,
  minWireVersion: 0,
  maxWireVersion: 21,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
};

function replyTo(command: Document): Document {
  return command['hello'] || command['isMaster'] || command['ismaster'] ? hello : { ok: 1, echo: command['echo'] };
}
