// The encoder as the package has it, and bson beside it.

import { createRequire } from 'node:module';

import type * as Bson from 'bson';
import type { Document, SerializeOptions } from 'bson';
import { expect } from 'vitest';

const require = createRequire(import.meta.url);

// The instance that the package uses: bson's ES module has classes of its own.
export const bson = require('bson') as typeof Bson;

export const { encode, isPlain, NoRoom } = require('../../dist/encode/encode.js') as {
  encode: (bytes: Uint8Array, at: number, document: Document, options?: SerializeOptions) => number;
  isPlain: (document: unknown, options?: SerializeOptions) => boolean;
  NoRoom: new () => RangeError;
};
export const { SequenceWriter } = require('../../dist/encode/sequence.js') as {
  SequenceWriter: new () => { write(sequences: readonly { name: string; documents: readonly unknown[] }[], options?: SerializeOptions, bounds?: { room: number; check: (index: number, size: number) => void }): Uint8Array | undefined };
};

const room = Buffer.alloc(1 << 20);

/** What the encoder makes of a document, or the error's message. */
function encoded(document: Document, options?: SerializeOptions): string {
  const at = 16;
  try {
    return room.toString('hex', at, encode(room, at, document, options));
  } catch (error) {
    return (error as Error).message;
  }
}

function serialized(document: Document, options?: SerializeOptions): string {
  try {
    return Buffer.from(bson.serialize(document, options)).toString('hex');
  } catch (error) {
    return (error as Error).message;
  }
}

const BOTH = [undefined, false, true];

/** Whatever the options, the bytes, or the error, are bson's. */
export function expectAsBson(document: Document): void {
  for (const ignoreUndefined of BOTH) {
    for (const serializeFunctions of BOTH) {
      const options = { ignoreUndefined, serializeFunctions } as SerializeOptions;
      const [ours, theirs] = [encoded(document, options), serialized(document, options)];
      // The comparison that a test runner explains takes long.
      if (ours !== theirs) expect(ours).toBe(theirs);
    }
  }
}
