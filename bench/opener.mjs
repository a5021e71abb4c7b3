// One client's process that opens connections: `node bench/opener.mjs NAME URI`.
//
// It prints `{"ready":true}`, and then answers each line of standard input with a line. `{ by, connections, maxConnecting, requests,
// limitMS, busy, memory }` has a new client open them, and becomes what was measured; they stay until `{"close":true}`, so that the
// server can be asked about them.

import { createInterface } from 'node:readline';

import { openFerropool } from './contenders/ferropool.mjs';
import { openMongodb } from './contenders/mongodb.mjs';
import { burst, opening } from './opening.mjs';

const [name, uri] = process.argv.slice(2);
const open = { ferropool: openFerropool, mongodb: openMongodb }[name];
let close;
print({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  if (job.close) {
    await close();
    print({ closed: true });
  } else {
    const measured = await (job.by === 'burst' ? burst : opening)((options) => open(uri, options), job);
    ({ close } = measured);
    print(measured.result);
  }
}

function print(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
