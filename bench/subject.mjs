// One contender's process in a scenario: `node bench/subject.mjs SCENARIO CONTENDER`.
//
// It prints `{"ready":true}`, and then answers each line of standard input with a line: the line is a job, and
// `subjects/SCENARIO.mjs` says which there are.

import { createInterface } from 'node:readline';

import { openFerropool } from './contenders/ferropool.mjs';
import { openMongodb } from './contenders/mongodb.mjs';
import { openRoundRobin } from './contenders/round-robin.mjs';

const [scenario, name] = process.argv.slice(2);
const open = { ferropool: openFerropool, mongodb: openMongodb, 'round-robin': openRoundRobin }[name];
const { subject } = await import(`./subjects/${scenario}.mjs`);
const answer = subject(open, name);
print({ ready: true });
for await (const line of createInterface({ input: process.stdin })) print(await answer(JSON.parse(line)));

function print(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
