// One contender in a process of its own: `node bench/contender.mjs NAME URI MAX_POOL_SIZE [events]`.
//
// It connects as many connections as its pool may have, prints `{"ready":true}`, and then answers each line of standard
// input, a job, with a line: `{ workload, concurrency, milliseconds, settleMS?, fixedId? }` becomes what `closed-loop.mjs` measured, one with a
// `rate` what `open-loop.mjs` measured, or `{"unsupported":true}`. `crates/client/examples/core/` speaks the same.

import { createInterface } from 'node:readline';

import { checked } from './checked.mjs';
import { closedLoop, pairs } from './closed-loop.mjs';
import { ferropool } from './contenders/ferropool.mjs';
import { minimalJs } from './contenders/minimal-js.mjs';
import { mongodb } from './contenders/mongodb.mjs';
import { openLoop } from './open-loop.mjs';

const contenders = { ferropool, mongodb, 'minimal-js': minimalJs };

const [name, uri, size, ...flags] = process.argv.slice(2);
const contender = await contenders[name](uri, Number(size), { events: flags.includes('events') });
print({ ready: true });
for await (const line of createInterface({ input: process.stdin })) print(await run(JSON.parse(line)));
await contender.close();

async function run({ workload, concurrency, rate, milliseconds, settleMS, fixedId }) {
  const { operations, batches, heard } = contender;
  if (workload.endsWith('check-out')) {
    return batches[workload] ? pairs(batches[workload], milliseconds) : { unsupported: true };
  }
  const operation = checked(workload, operations, fixedId);
  if (!operation) return { unsupported: true };
  const before = heard?.();
  const sample = rate
    ? await openLoop(operation, rate, milliseconds, settleMS)
    : await closedLoop(operation, concurrency, milliseconds, settleMS);
  if (heard) assertHeard(sample, before);
  return sample;
}

/** Who listens has heard of every operation. */
function assertHeard({ operations }, before) {
  const after = contender.heard();
  for (const event of ['connectionCheckOutStarted', 'connectionCheckedOut', 'connectionCheckedIn', 'commandStarted', 'commandSucceeded']) {
    const times = after[event] - before[event];
    if (times < operations) throw new Error(`${operations} operations, and ${times} times ${event}`);
  }
}

function print(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
