// The package from dist/ in a runtime that may have no event loop of libuv's: commands, replies of every size, events,
// errors, a clear, a thread that ends, and a process that then ends by itself. Nothing here but what Node.js, Bun and Deno share.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { startStub } from '../../scripts/stub.mjs';
import {
  ConnectionPool,
  MongoClient,
  MongoInvalidArgumentError,
  MongoPoolClosedError,
  MongoServerError,
  MongoWaitQueueTimeoutError,
} from '../../dist/index.mjs';

const stub = await startStub();
const client = new MongoClient(stub.uri, { maxPoolSize: 10 });
const db = client.db('t');

const numbers = Array.from({ length: 512 }, (_, number) => number);
const replies = await Promise.all(numbers.map((number) => db.command({ echo: number })));
assert.deepEqual(replies.map(({ echo }) => echo), numbers);
assert.ok(client.pools()[0].totalConnectionCount <= 10);

const large = 'ferropool '.repeat(200_000);
assert.ok((await db.command({ echo: large })).echo === large);

await assert.rejects(db.command({ noSuchCommand: 1 }), (error) => error instanceof MongoServerError && error.code === 59);
await assert.rejects(db.command({ ping: 1 }, { signal: AbortSignal.abort(new Error('given up')) }), /given up/);
assert.throws(() => new MongoClient(stub.uri, { maxPoolSize: -1 }), MongoInvalidArgumentError);

// libuv's functions are Node.js's; elsewhere, asking for its loop is refused and nothing is called.
const isNode = process.versions.bun === undefined && process.versions.deno === undefined;
if (!isNode) assert.throws(() => new MongoClient(stub.uri, { lane: 'event-loop' }), MongoInvalidArgumentError);

const pool = new ConnectionPool(`127.0.0.1:${stub.port}`, { maxPoolSize: 1, waitQueueTimeoutMS: 20 });
const events = [];
for (const name of ['connectionPoolReady', 'connectionCreated', 'connectionReady', 'connectionCheckedOut', 'connectionClosed']) {
  pool.on(name, (event) => events.push(event.name));
}
pool.ready();
const connection = await pool.checkOut();
assert.equal((await connection.command('t', { echo: 'mine' })).echo, 'mine');
await assert.rejects(pool.checkOut(), MongoWaitQueueTimeoutError);
pool.clear();
connection.checkIn();
assert.deepEqual(events, ['connectionPoolReady', 'connectionCreated', 'connectionReady', 'connectionCheckedOut', 'connectionClosed']);
await pool.close();
await assert.rejects(pool.checkOut(), MongoPoolClosedError);

const thread = new Worker(new URL('thread.mjs', import.meta.url), { workerData: stub.uri });
const [echo] = await once(thread, 'message');
assert.equal(echo, 'from a thread');
await thread.terminate();
assert.equal((await db.command({ echo: 'still here' })).echo, 'still here');

assert.deepEqual(await client.close(), { drained: 0, interrupted: 0, rejected: 0 });
await stub.stop();
console.log('smoke test passed');
