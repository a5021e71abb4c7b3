// Encoding alone, beside bson, in one run: `node bench/encode.mjs`. Microseconds for each document.

import { createRequire } from 'node:module';
import process from 'node:process';

import { ObjectId, serializeWithBufferAndIndex } from 'bson';

import { large, small } from './documents.mjs';
import { compare, show } from './short-rounds.mjs';

const require = createRequire(import.meta.url);
const { encode } = require('../dist/encode/encode.js');
// The instance that the package uses: bson's ES module has classes of its own.
const { ObjectId: Id } = require('bson');

const contents = {
  'ping': () => ({ ping: 1 }),
  'find by _id': (Key) => ({ find: 'orders', filter: { _id: new Key() }, limit: 1, singleBatch: true }),
  'a document of 200 bytes': () => small(1234),
  'a document of 1 KB': () => large(1234),
};

const buffer = Buffer.allocUnsafeSlow(64 << 10);
for (const [name, make] of Object.entries(contents)) {
  const [ours, theirs] = [make(Id), make(ObjectId)];
  const { encoder, bson } = compare({
    encoder: () => encode(buffer, 0, ours),
    bson: () => serializeWithBufferAndIndex(theirs, buffer),
  });
  process.stdout.write(`${name.padEnd(24)} encoder ${show(encoder)} µs   bson ${show(bson)} µs   ${(bson / encoder).toFixed(1)} times\n`);
}
