#!/usr/bin/env node
// 300 clients of one replica set in one process: threads, memory, processor time at rest, and the time until all can be used. Linux only.
//
//   node scripts/run.mjs bench/clients.mjs [--clients 300] [--rounds 3]

import { parseArgs } from 'node:util';

import { startReplicaSet } from '../scripts/mongod.mjs';
import { startSubject } from './child.mjs';
import { report } from './report.mjs';
import { median } from './statistics.mjs';
import { shuffled } from './shuffled.mjs';

const { values } = parseArgs({
  options: { clients: { type: 'string', default: '300' }, rounds: { type: 'string', default: '3' } },
});
const clients = Number(values.clients);
const rounds = Number(values.rounds);
const contenders = ['ferropool', 'mongodb'];
const idleMS = 12_000;

const samples = new Map(contenders.map((contender) => [contender, []]));
const set = await startReplicaSet();
try {
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of shuffled(contenders)) samples.get(contender).push(await measure(contender));
  }
} finally {
  await set.stop();
}
const middle = ({ rounds }, figure) => median(rounds.map((sample) => sample[figure]));
report(
  'clients',
  `${clients} clients of a replica set of three, median of ${rounds}`,
  contenders.map((contender) => ({ contender, rounds: samples.get(contender) })),
  [
    ['contender', ({ contender }) => contender],
    ['threads with 1', (row) => middle(row, 'threadsBefore')],
    [`threads with ${clients + 1}`, (row) => middle(row, 'threads')],
    ['KB a client', (row) => Math.round(middle(row, 'bytesPerClient') / 1024)],
    ['connected ms', (row) => Math.round(middle(row, 'connectMS'))],
    ['CPU % at rest', (row) => middle(row, 'idleCpuPercent').toFixed(2)],
    ['closed ms', (row) => Math.round(middle(row, 'closeMS'))],
  ],
);

async function measure(contender) {
  const subject = await startSubject('clients', contender, ['--expose-gc']);
  try {
    return await subject.run({ uri: set.uri, options: { localThresholdMS: 10_000 }, clients, idleMS }, 180_000);
  } finally {
    await subject.stop();
  }
}
