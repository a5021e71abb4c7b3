// One contender in a process of its own: `node bench/contender.mjs NAME URI MAX_POOL_SIZE`.
//
// It connects as many connections as its pool may have, prints `{"ready":true}`, and then answers each line of standard
// input, a job, with a line: `{ workload, concurrency, milliseconds, fixedId? }` becomes what `closed-loop.mjs` measured,
// or `{"unsupported":true}`. `crates/client/examples/core.rs` speaks the same.

import { createInterface } from 'node:readline';

import { closedLoop, pairs } from './closed-loop.mjs';
import { ferropool } from './contenders/ferropool.mjs';
import { minimalJs } from './contenders/minimal-js.mjs';
import { mongodb } from './contenders/mongodb.mjs';

const contenders = { ferropool, mongodb, 'minimal-js': minimalJs };

const [name, uri, size] = process.argv.slice(2);
const contender = await contenders[name](uri, Number(size));
print({ ready: true });
for await (const line of createInterface({ input: process.stdin })) print(await run(JSON.parse(line)));
await contender.close();

function run({ workload, concurrency, milliseconds, fixedId }) {
  const { operations, batches } = contender;
  if (batches[workload]) return pairs(batches[workload], milliseconds);
  const operation = operations[workload];
  if (!operation) return { unsupported: true };
  return closedLoop(check(workload, operation, fixedId), concurrency, milliseconds);
}

/** An operation that is asked for something, and whose result is looked at. */
function check(workload, operation, fixedId) {
  switch (workload) {
    case 'ping':
      return async () => {
        const reply = await operation();
        if (reply.ok !== 1) throw new Error('a ping failed');
      };
    case 'find-one': {
      let next = 0;
      return async () => {
        next = (Math.imul(next, 1_103_515_245) + 12_345) >>> 0;
        const id = fixedId ?? (next >>> 8) % 10_000;
        const document = await operation(id);
        if (document._id !== id) throw new Error(`asked for ${id}, received ${document._id}`);
      };
    }
    case 'find-100':
      return async () => {
        const documents = await operation();
        if (documents.length !== 100 || documents[99]._id !== 99) throw new Error('not the documents that were asked for');
      };
    default:
      throw new Error(`unknown workload ${workload}`);
  }
}

function print(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
