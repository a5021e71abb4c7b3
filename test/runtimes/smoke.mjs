// The package from dist/, one command through a client, and a process that then ends by itself. Nothing here but what
// Node.js, Bun and Deno share.

import assert from 'node:assert/strict';

import { startStub } from '../../scripts/stub.mjs';
import { MongoClient } from '../../dist/index.mjs';

const stub = await startStub();
const client = new MongoClient(stub.uri);
const reply = await client.db('t').command({ ping: 1 });
assert.equal(reply.ok, 1);

const many = await Promise.all(Array.from({ length: 100 }, () => client.db('t').command({ ping: 1 })));
assert.ok(many.every(({ ok }) => ok === 1));

await client.close();
await stub.stop();
console.log('smoke test passed');
