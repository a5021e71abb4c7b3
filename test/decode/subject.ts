// The decoder as the package has it, and bson beside it.

import { createRequire } from 'node:module';

import type * as Bson from 'bson';
import type { DeserializeOptions, Document } from 'bson';
import { expect } from 'vitest';

import { difference } from './identical';

const require = createRequire(import.meta.url);

// The instance that the package uses: bson's ES module has classes of its own.
export const { deserialize } = require('bson') as typeof Bson;

interface Decoder {
  lend(source: Buffer): void;
  decode(bytes: Buffer, offset: number, length: number, options?: DeserializeOptions): Document;
}

interface UnreadDocuments {
  readonly count: number;
  read(): unknown[];
}

export const { Decoder } = require('../../dist/decode/decoder.js') as { Decoder: new () => Decoder };
const { UnreadDocuments } = require('../../dist/decode/unread.js') as { UnreadDocuments: { decodeAround(memory: Buffer, offset: number, length: number, decoder: Decoder): Document | undefined } };
export const { native } = require('../../dist/native.js') as { native: { description: (tape: number, number: number) => Buffer | null } };

/** Decodes by the package, from the middle of a buffer that changes afterwards. */
export class Subject {
  readonly #decoder = new Decoder();
  readonly #slab = Buffer.alloc(512 << 10);

  constructor() {
    this.#decoder.lend(this.#slab);
  }

  decode(reply: Uint8Array, options?: DeserializeOptions): Document {
    const offset = 24;
    // What does not fit in a slab has a buffer of its own.
    const bytes = reply.length + offset > this.#slab.length ? Buffer.alloc(reply.length + offset) : this.#slab;
    bytes.set(reply, offset);
    try {
      return this.#decoder.decode(bytes, offset, reply.length, options);
    } finally {
      bytes.fill(0xa5);
    }
  }

  /** Expects what bson makes of the same bytes, an error too. */
  expectAsBson(reply: Uint8Array, options?: DeserializeOptions): void {
    const [found, expected] = [outcome(() => this.decode(reply, options)), outcome(() => deserialize(Buffer.from(reply), options))];
    const different = difference(found, expected);
    if (different !== undefined) expect.fail(`${different}\noptions ${JSON.stringify(options)}, bytes ${Buffer.from(reply).toString('hex')}`);
  }

  /** The same where documents of the batch are read some at a time. Of several things that are wrong, another may be met first. */
  expectAsBsonInParts(reply: Uint8Array): void {
    const [found, expected] = [outcome(() => this.#decodeInParts(reply)), outcome(() => deserialize(Buffer.from(reply)))];
    if ('name' in found && 'name' in expected) return;
    const different = difference(found, expected);
    if (different !== undefined) expect.fail(`${different}\nin parts, bytes ${Buffer.from(reply).toString('hex')}`);
  }

  #decodeInParts(reply: Uint8Array): Document {
    // In the middle of something else, as in a message.
    const memory = Buffer.concat([Buffer.alloc(21), reply, Buffer.alloc(4096)]);
    const document = UnreadDocuments.decodeAround(memory, 21, reply.length, this.#decoder);
    const cursor = document?.['cursor'] as { firstBatch: unknown } | undefined;
    if (!document || !cursor) return this.decode(reply);
    const unread = cursor.firstBatch as UnreadDocuments;
    const documents: unknown[] = [];
    for (let { count } = unread; count > 0; count = unread.count) {
      const part = unread.read();
      documents.push(...part);
      if (part.length === 0 || unread.count !== count - part.length) throw new Error(`${part.length} of ${count}, ${unread.count} are left`);
    }
    cursor.firstBatch = documents;
    return document;
  }
}

function outcome(decode: () => Document): Document {
  try {
    return { document: decode() };
  } catch (error) {
    return { name: (error as Error).name, message: (error as Error).message };
  }
}
