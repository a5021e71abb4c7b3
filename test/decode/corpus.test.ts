// The cases of bson-corpus: each as a reply, in a reply, and many times in one batch.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { serialize, type DeserializeOptions } from 'bson';
import { describe, expect, test } from 'vitest';

import { root } from '../../scripts/process.mjs';
import { deserialize, Subject } from './subject';

interface Suite {
  readonly description: string;
  readonly valid?: readonly { readonly description: string; readonly canonical_bson: string; readonly degenerate_bson?: string }[];
  readonly decodeErrors?: readonly { readonly description: string; readonly bson: string }[];
}

const directory = path.resolve(root, process.env['MONGODB_SPECIFICATIONS'] ?? '../shared/specifications', 'bson-corpus', 'tests');

const CHOICES = { promoteValues: [undefined, true, false], promoteLongs: [undefined, true, false], promoteBuffers: [undefined, true, false], useBigInt64: [undefined, true, false], bsonRegExp: [undefined, true], raw: [undefined, true] };
const combinations = Object.entries(CHOICES).reduce<DeserializeOptions[]>(
  (all, [name, values]) => all.flatMap((options) => values.map((value) => (value === undefined ? options : { ...options, [name]: value }))),
  [{}],
);

describe.skipIf(!existsSync(directory) && !process.env['CI'])('bson-corpus', () => {
  const subject = new Subject();
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));

  test.each(files)('%s', (file) => {
    const { valid = [], decodeErrors = [] } = JSON.parse(readFileSync(path.join(directory, file), 'utf8')) as Suite;
    for (const { canonical_bson, degenerate_bson } of valid) {
      for (const hex of [canonical_bson, degenerate_bson]) {
        if (hex === undefined) continue;
        const bytes = Buffer.from(hex, 'hex');
        for (const options of combinations) subject.expectAsBson(bytes, options);
        // Until it is on the tape, and then from there.
        for (let sight = 0; sight < 5; sight += 1) subject.expectAsBson(batch(bytes));
        for (const options of combinations) subject.expectAsBson(batch(bytes), options);
      }
    }
    for (const { bson } of decodeErrors) {
      const bytes = Buffer.from(bson, 'hex');
      for (let sight = 0; sight < 3; sight += 1) {
        subject.expectAsBson(bytes);
        subject.expectAsBson(batch(bytes));
      }
      if (refused(() => deserialize(bytes))) expect(() => subject.decode(bytes)).toThrow();
    }
  });
});

/** A reply whose batch is the document, three times. */
function batch(document: Buffer): Buffer {
  const array = [0, 1, 2].map((index) => Buffer.concat([Buffer.from([3, 0x30 + index, 0]), document]));
  const elements = Buffer.concat(array);
  const empty = serialize({ cursor: { id: 0n, ns: 't.t' }, ok: 1 });
  const cursor = Buffer.concat([length(5 + elements.length), elements, Buffer.alloc(1)]);
  return Buffer.concat([length(empty.length + 12 + cursor.length), Buffer.from(empty.subarray(4, -1)), Buffer.from('\x04firstBatch\0'), cursor, Buffer.alloc(1)]);
}

function length(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function refused(decode: () => unknown): boolean {
  try {
    decode();
    return false;
  } catch {
    return true;
  }
}
