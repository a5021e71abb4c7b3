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

export const { Decoder } = require('../../dist/decode/decoder.js') as { Decoder: new () => Decoder };
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
}

function outcome(decode: () => Document): Document {
  try {
    return { document: decode() };
  } catch (error) {
    return { name: (error as Error).name, message: (error as Error).message };
  }
}
