// Decoding alone, beside bson, in one run: `node bench/decode.mjs`. Microseconds for each reply.

import { createRequire } from 'node:module';
import process from 'node:process';

import { deserialize, ObjectId, serialize } from 'bson';

import { large, small } from './documents.mjs';
import { compare, show } from './short-rounds.mjs';

const { Decoder } = createRequire(import.meta.url)('../dist/decode/decoder.js');

const numbers = Array.from({ length: 100 }, (_, number) => number);
const contents = {
  'one document of 200 bytes': () => [small(1234)],
  '100 documents of 1 KB': () => numbers.map(large),
  '100 mixed documents': () => numbers.map(mixed),
  '100 documents of 14 varying fields': () => numbers.map(varying),
};

const slab = Buffer.allocUnsafeSlow(512 << 10);
for (const [name, documents] of Object.entries(contents)) {
  const reply = serialize({ cursor: { firstBatch: documents(), id: 0n, ns: 'shop.orders' }, ok: 1 });
  slab.set(reply);
  const decoder = new Decoder();
  decoder.lend(slab);
  const { tape, bson } = compare({
    tape: () => decoder.decode(slab, 0, reply.length),
    bson: () => {
      // What is decoded must outlive the slab: so does this.
      const copy = Buffer.allocUnsafe(reply.length);
      slab.copy(copy, 0, 0, reply.length);
      return deserialize(copy);
    },
  });
  process.stdout.write(`${name.padEnd(36)} tape ${show(tape)} µs   bson ${show(bson)} µs   ${(bson / tape).toFixed(1)} times\n`);
}

/** An ObjectId, a Date, a nested document, an array and text beyond ASCII in each. */
function mixed(number) {
  return {
    _id: new ObjectId(),
    name: `Zoë Ångström ${number}`,
    city: number % 2 ? '東京' : 'Köln',
    created: new Date(1_700_000_000_000 + number),
    address: { street: 'Rue de l’Église', number, geo: { lat: 48.85, lon: 2.35 } },
    tags: ['naïve', 'plain', 'rouge'],
    total: number * 1.25,
    paid: number % 3 === 0,
  };
}

/** Every field is at random null or text, an integer or a double. */
function varying(number) {
  return Object.fromEntries(
    Array.from({ length: 14 }, (_, field) => {
      const low = (Math.imul(number * 14 + field + 1, 0x9e3779b1) >>> 13) & 1;
      return [`field${field}`, field % 2 ? (low ? null : `text of ${number}`) : low ? number : number + 0.5];
    }),
  );
}
