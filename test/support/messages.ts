// The wire protocol as far as a scripted peer speaks it: whole messages in, one document out.

import type { Socket } from 'node:net';

import { deserialize, serialize, type Document } from 'bson';

const opReply = 1;
const opQuery = 2004;
const opMsg = 2013;
const header = 16;

/** Calls back with each message as it is complete. */
export function onMessage(socket: Socket, take: (message: Buffer) => void): void {
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
      const message = received.subarray(0, received.readInt32LE(0));
      received = received.subarray(message.length);
      take(message);
    }
  });
}

/** The command that an OP_MSG or an OP_QUERY carries, with the documents that travel beside it. */
export function commandOf(message: Buffer): Document {
  if (!isLegacy(message)) return { ...documentAt(message, header + 5), ...sequencesOf(message) };
  // Flags and the collection's name stand before how many to skip and to return.
  const name = header + 4;
  return deserialize(message.subarray(message.indexOf(0, name) + 1 + 8));
}

function documentAt(message: Buffer, index: number): Document {
  return deserialize(message, { index, allowObjectSmallerThanBufferSize: true });
}

/** The document sequences behind the body, by their names. */
function sequencesOf(message: Buffer): Document {
  const sequences: Document = {};
  let at = header + 5;
  for (at += message.readInt32LE(at); at < message.length; ) {
    const end = at + 1 + message.readInt32LE(at + 1);
    const name = message.toString('utf8', at + 5, message.indexOf(0, at + 5));
    const documents: Document[] = [];
    for (at += 5 + name.length + 1; at < end; at += message.readInt32LE(at)) documents.push(documentAt(message, at));
    sequences[name] = documents;
  }
  return sequences;
}

/** Whether the sender of a message waits for no reply ("moreToCome"). */
export function isUnacknowledged(message: Buffer): boolean {
  return !isLegacy(message) && (message.readInt32LE(header) & 2) !== 0;
}

/** The reply with a document, in the form that the message asks for. */
export function replyTo(message: Buffer, document: Document): Buffer {
  const body = serialize(document);
  const head = Buffer.alloc(isLegacy(message) ? header + 20 : header + 5);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(message.readInt32LE(4), 8);
  head.writeInt32LE(isLegacy(message) ? opReply : opMsg, 12);
  if (isLegacy(message)) head.writeInt32LE(1, header + 16);
  return Buffer.concat([head, body]);
}

function isLegacy(message: Buffer): boolean {
  return message.readInt32LE(12) === opQuery;
}

/** What a standalone says of itself. */
export const helloReply = {
  ok: 1,
  helloOk: true,
  ismaster: true,
  isWritablePrimary: true,
  minWireVersion: 0,
  maxWireVersion: 21,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
} satisfies Document;
