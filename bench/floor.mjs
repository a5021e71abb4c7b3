#!/usr/bin/env node
// What Node-API itself costs, by an addon that does nothing else, and what this package's crossings cost beside it.
//
//   node scripts/run.mjs bench/floor.mjs [--rounds 300]

import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { serialize } from 'bson';
import { MongoClient } from 'ferropool';

import { buildAddon } from '../scripts/native-addon.mjs';
import { CommandFailed } from '../scripts/process.mjs';
import { startStub } from '../scripts/stub.mjs';
import { small } from './documents.mjs';
import { openRawLane } from './floor/raw-lane.mjs';
import { report } from './report.mjs';
import { shuffled } from './shuffled.mjs';

const { Decoder } = createRequire(import.meta.url)('../dist/decode/decoder.js');

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '300' } } });
const rounds = Number(values.rounds);
const inFlight = 64;

const floor = createRequire(import.meta.url)(await buildFloor());
const stub = await startStub(['--canned']);
const options = { minPoolSize: 10, maxPoolSize: 10 };
const [eventLoop, tokio] = [await openRawLane(true, stub.uri, options), await openRawLane(false, stub.uri, options)];
const client = new MongoClient(stub.uri, { ...options });
await client.connect();
await client.warm({ min: options.minPoolSize });
const db = client.db('bench');

const buffer = Buffer.allocUnsafeSlow(300);
const [reply, slab] = [serialize({ cursor: { firstBatch: [small(7)], id: 0n, ns: 'bench.one' }, ok: 1 }), Buffer.allocUnsafeSlow(64 << 10)];
slab.set(reply);
const decoder = new Decoder();
decoder.lend(slab);
let woken;
const waker = new floor.Waker(() => woken());

/** Its own part of a thing, and whose floor it is measured against. */
const measured = [
  { name: 'a call', run: calls(() => floor.empty()) },
  { name: 'a call with eight numbers', run: calls(() => floor.eightNumbers(1, 2, 3, 4, 5, 6, 7, 8.5)) },
  { name: 'a buffer in', run: calls(() => floor.bufferIn(buffer)) },
  { name: 'a lent buffer filled with 300 bytes', run: calls(() => floor.fillLent(buffer)) },
  { name: 'a new buffer of 300 bytes', run: calls(() => floor.bufferOut()) },
  { name: 'an object of 8 fields', run: calls(() => floor.objectOut()) },
  { name: 'uv_async, by the same thread', run: wakeUps(() => waker.sendHere()) },
  { name: 'uv_async, by another thread', run: wakeUps(() => waker.sendElsewhere()) },
  { name: 'a thread-safe function', run: wakeUps(() => waker.callElsewhere()) },

  { name: 'inFlight()', of: 'a call', run: calls(() => eventLoop.lookUp()) },
  { name: 'tryCheckOut() and checkIn(), native', of: ['a call', 2], run: calls(() => eventLoop.pair()) },
  { name: 'tryCheckOut() and checkIn(), public', of: ['a call', 2], run: calls(() => client.tryCheckOut().checkIn()) },
  { name: 'command() that waits in the queue', of: 'a call with eight numbers', run: queuedCommands },
  { name: 'command() that is sent', of: 'command() that waits in the queue', run: sentCommands },
  { name: 'a document of 9 fields decoded', of: 'an object of 8 fields', run: calls(() => decoder.decode(slab, 0, reply.length)) },
  { name: 'a turn, event-loop lane', of: 'uv_async, by the same thread', run: turns(eventLoop) },
  { name: 'a turn, tokio lane', of: 'a thread-safe function', run: turns(tokio) },

  { name: `a ping, ${inFlight} in flight, native`, run: processorTime(nativePings) },
  { name: `a ping, ${inFlight} in flight, public`, of: `a ping, ${inFlight} in flight, native`, run: processorTime(publicPings) },
];

const samples = new Map(measured.map(({ name }) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const { name, run } of shuffled(measured)) samples.get(name).push(await run());
}
const nanoseconds = (name) => lowestTenth(samples.get(name));
const rows = measured.map(({ name, of }) => {
  const [base, times] = [of].flat();
  const ns = nanoseconds(name);
  return { name, ns, of: base, ...(base && { ratio: ns / (nanoseconds(base) * (times ?? 1)), times: times ?? 1 }), samples: samples.get(name) };
});
report('floor', `the quickest tenth of ${rounds} rounds`, rows, [
  ['what', ({ name }) => name],
  ['ns', ({ ns }) => ns.toFixed(0)],
  ['floor', ({ of, times }) => (of ? (times > 1 ? `${times} × ${of}` : of) : '')],
  ['ratio', ({ ratio }) => ratio?.toFixed(1) ?? ''],
]);

waker.close();
await Promise.all([client.close(), eventLoop.close(), tokio.close()]);
await stub.stop();

/** Of a call that returns: nanoseconds. */
function calls(call) {
  const count = 1_000;
  return () => {
    const begin = performance.now();
    for (let left = count; left > 0; left -= 1) call();
    return ((performance.now() - begin) * 1e6) / count;
  };
}

/** From the call that asks for a wake-up to the callback: nanoseconds. */
function wakeUps(send) {
  return roundTrips((listener) => (woken = listener), send);
}

/** The same for the core: an operation that needs no server completes in the next turn. */
function turns(lane) {
  return roundTrips((listener) => (lane.onTurn = listener), () => lane.connect(0));
}

function roundTrips(listen, send) {
  const count = 100;
  return () =>
    new Promise((resolve) => {
      const begin = performance.now();
      let left = count;
      listen(() => {
        left -= 1;
        if (left > 0) send();
        else resolve(((performance.now() - begin) * 1e6) / count);
      });
      send();
    });
}

/** While all connections are held, a command is composed and queued, and nothing is written. */
async function queuedCommands() {
  const giveBack = eventLoop.holdAll();
  let elapsed;
  await eventLoop.completed(() => {
    elapsed = submission();
    giveBack();
  }, inFlight);
  return elapsed;
}

function submission() {
  const begin = performance.now();
  for (let slot = 0; slot < inFlight; slot += 1) eventLoop.ping(slot);
  return ((performance.now() - begin) * 1e6) / inFlight;
}

/** One that finds the connection available, and is in the kernel when the call returns. */
async function sentCommands() {
  const count = 20;
  let elapsed = 0;
  for (let left = count; left > 0; left -= 1) {
    await eventLoop.completed(() => {
      const begin = performance.now();
      eventLoop.ping(0);
      elapsed += performance.now() - begin;
    });
  }
  return (elapsed * 1e6) / count;
}

/** Of the whole process for each ping: nanoseconds. */
function processorTime(pings) {
  const times = 10;
  return async () => {
    const begin = process.cpuUsage();
    for (let left = times; left > 0; left -= 1) await pings();
    const { user, system } = process.cpuUsage(begin);
    return ((user + system) * 1e3) / (times * inFlight);
  };
}

function nativePings() {
  return eventLoop.completed(submission, inFlight);
}

function publicPings() {
  return Promise.all(Array.from({ length: inFlight }, () => db.command({ ping: 1 })));
}

/** Others who use the machine disturb the rest. */
function lowestTenth(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)];
}

async function buildFloor() {
  try {
    return await buildAddon('floor', path.join(import.meta.dirname, 'floor'));
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.error('the floor cannot be built here: node-gyp needs a compiler of C++, make, Python, and the headers of Node.js');
    process.exit(69);
  }
}
