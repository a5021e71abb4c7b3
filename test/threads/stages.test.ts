import path from 'node:path';

import { expect, it } from 'vitest';

import { runProgram } from '../support/child.js';
import { lanes } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const worker = path.join(import.meta.dirname, 'worker.mjs');
const STAGES = [
  'before it connects',
  'while it connects',
  'idle',
  'with commands in flight',
  'with a listener and commands in flight',
  'while it closes',
];
/** Of every stage, way and lane: 216 in all. */
const ROUNDS = 9;

/** Ends threads at a stage while the main thread's own client works, and waits until their sockets are closed. */
const program = (uri: string, lane: string, stage: string) => `
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

const uri = ${JSON.stringify(uri)};
const main = new MongoClient(uri, { lane: '${lane}', appName: 'main' });
const control = new MongoClient(uri, { lane: '${lane}', appName: 'stub-control' });
const sockets = async () => (await control.db('admin').command({ stubStatus: 1 })).connectionsByAppName.worker ?? 0;
let rounds = 0;
for (let round = 0; round < ${ROUNDS}; round += 1) {
  for (const exits of [true, false]) {
    const data = { uri, lane: '${lane}', stage: ${JSON.stringify(stage)}, exits };
    const worker = new Worker(${JSON.stringify(worker)}, { workerData: data, execArgv: [] });
    const ended = once(worker, 'exit');
    await once(worker, 'message');
    await main.db('test').command({ ping: 1 });
    if (!exits) await worker.terminate();
    await ended;
    while ((await sockets()) > 0) await setImmediate();
    await main.db('test').command({ ping: 1 });
    rounds += 1;
  }
}
await main.close();
await control.close();
console.log('rounds', rounds);
`;

for (const lane of lanes) {
  it.each(STAGES)(`a thread that ends leaves nothing behind, %s (${lane})`, { timeout: 120_000 }, async (stage) => {
    // Long enough for a thread to be found connecting, or waiting for its replies.
    await stub.current.control({ helloDelayMS: 5, latencyMS: 20 });
    const outcome = await runProgram(program(stub.current.uri, lane, stage), { limitMS: 100_000 });
    expect(outcome).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(outcome.stdout).toContain(`rounds ${ROUNDS * 2}`);
  });
}
