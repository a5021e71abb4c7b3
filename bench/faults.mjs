#!/usr/bin/env node
// A three-node replica set under 200 writes a second, of which one member after the other fails: what a client makes of it, this package
// and the official driver in turn, each with a process and a replica set of its own.
//
//   node scripts/run.mjs bench/faults.mjs [--rounds 5] [--only ferropool]

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { startReplicaSet } from '../scripts/mongod.mjs';
import { startSubject } from './child.mjs';
import { now } from './clock.mjs';
import { report } from './report.mjs';
import { median } from './statistics.mjs';
import { shuffled } from './shuffled.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '1' }, only: { type: 'string' } } });
const rounds = Number(values.rounds);

const perSecond = 200;
const restMS = 10_000;
const stoppedMS = 20_000;
// Members notice soon that one of them does not answer, and none waits for another secondary: elections are the servers' part of the figures.
const settings = { heartbeatTimeoutSecs: 2, chainingAllowed: false };
const options = { maxPoolSize: 20, maxConnecting: 2, heartbeatFrequencyMS: 2_000, connectTimeoutMS: 2_000 };

const variants = [
  { contender: 'mongodb', retryWrites: false },
  { contender: 'ferropool', retryWrites: false },
  { contender: 'mongodb', retryWrites: true },
  { contender: 'ferropool', retryWrites: true },
].filter(({ contender }) => !values.only || values.only === contender);

/** `strike` resolves when the fault has taken effect, with what ends it. */
const faults = [
  {
    name: 'replSetStepDown',
    choose: (set) => set.primary(),
    strike: async (primary) => {
      await primary.command('admin', { replSetStepDown: 10, secondaryCatchUpPeriodSecs: 5 });
    },
  },
  { name: 'SIGKILL, primary', choose: (set) => set.primary(), strike: kill },
  { name: 'SIGKILL, secondary', choose: secondaryOf, strike: kill },
  {
    name: 'SIGSTOP, primary',
    choose: (set) => set.primary(),
    strike: async ({ pid }) => {
      process.kill(pid, 'SIGSTOP');
      return async () => {
        await sleep(stoppedMS - restMS);
        process.kill(pid, 'SIGCONT');
      };
    },
  },
];

const samples = new Map(variants.map((variant) => [variant, faults.map(() => [])]));
for (let round = 1; round <= rounds; round += 1) {
  for (const variant of shuffled(variants)) {
    console.error(`round ${round} of ${rounds}: ${variant.contender}, ${variant.retryWrites ? 'with' : 'without'} retries`);
    const figures = await suffer(variant);
    figures.forEach((sample, index) => samples.get(variant)[index].push(sample));
  }
}

const rows = faults.flatMap(({ name }, index) =>
  variants.map((variant) => ({ fault: name, ...variant, rounds: samples.get(variant)[index] })),
);
report('faults', `${perSecond} writes a second, ${JSON.stringify(options)}, median of ${rounds} rounds`, rows, [
  ['fault', ({ fault }) => fault],
  ['contender', ({ contender }) => contender],
  ['retries', ({ retryWrites }) => (retryWrites ? 'yes' : 'no')],
  ['first write ms', (row) => middle(row, 'firstWriteMS')],
  ['after the election ms', (row) => middle(row, 'reactionMS')],
  ['longest pause ms', (row) => middle(row, 'pauseMS')],
  ['failed', (row) => middle(row, 'failed')],
  ['opened in 10 s', (row) => middle(row, 'opened')],
  ['most pending', (row) => most(row, 'mostPending')],
  ['most in a pool', (row) => most(row, 'mostOpen')],
]);

/** One contender and one replica set, through all faults. */
async function suffer({ contender, retryWrites }) {
  const set = await startReplicaSet({ settings });
  const subject = await startSubject('faults', contender);
  try {
    await subject.run({ start: { uri: set.uri, options: { ...options, retryWrites }, perSecond, warmUpMS: 3_000 } });
    const struck = [];
    for (const { name, choose, strike } of faults) {
      const victim = await choose(set);
      await subject.run({ settle: `${victim.host}:${victim.port}` }, 60_000);
      const sent = now();
      const end = await strike(victim);
      const at = now();
      const electedAt = primarySince(set.members.filter((member) => member !== victim), at + restMS);
      await sleep(restMS);
      struck.push({ name, sent, at, electedAt: await electedAt });
      await end?.();
      await set.ready();
      await sleep(options.heartbeatFrequencyMS + 1_000);
    }
    const { figures } = await subject.run({ stop: struck }, 60_000);
    return figures;
  } finally {
    await subject.stop();
    await set.stop();
  }
}

/** When one of the members said that it is the primary, by asking each of them again and again. */
async function primarySince(members, until) {
  while (now() < until) {
    const replies = await Promise.all(members.map((member) => member.command('admin', { hello: 1 })));
    if (replies.some(({ isWritablePrimary }) => isWritablePrimary)) return now();
    await sleep(10);
  }
  return undefined;
}

async function kill(member) {
  await member.kill();
  return () => member.restart();
}

async function secondaryOf(set) {
  const primary = await set.primary();
  return set.members.find((member) => member !== primary);
}

function middle({ rounds }, figure) {
  const values = rounds.map((sample) => sample[figure]).filter((value) => typeof value === 'number');
  return values.length > 0 ? Math.round(median(values)) : '-';
}

function most({ rounds }, figure) {
  return Math.max(...rounds.map((sample) => sample[figure]));
}
