#!/usr/bin/env node
// The drivers' benchmarking specification: single- and multi-document tasks on its own data, beside the official driver.
//
//   node scripts/run.mjs bench/driver-bench.mjs [--full | --quick] [--only TEXT,TEXT] [--cpu-prof DIRECTORY]

import path from 'node:path';
import { parseArgs } from 'node:util';

import { startStandalone } from '../scripts/mongod.mjs';
import { startSubject } from './child.mjs';
import { unpackData } from './driver-bench/data.mjs';
import { tasks } from './driver-bench/tasks.mjs';
import { report } from './report.mjs';
import { shuffled } from './shuffled.mjs';

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    'cpu-prof': { type: 'string' },
  },
});
const method = values.full
  ? { title: "the specification's method", warmUpMS: 5_000, sliceMS: 6_000, atLeastMS: 60_000, iterations: 100, atMostMS: 300_000 }
  : { title: 'shortened: 3 s for a minute, 5 iterations for 100', warmUpMS: 1_500, sliceMS: 1_000, atLeastMS: 3_000, iterations: 5, atMostMS: 8_000 };
const contenders = ['ferropool', 'mongodb'];
const patienceMS = 300_000;
const percentiles = [10, 25, 50, 75, 90, 95, 98, 99];
const composites = ['SingleBench', 'MultiBench', 'ReadBench', 'WriteBench'];

const wanted = values.only.split(',');
const chosen = tasks.filter(({ name }) => wanted.some((text) => name.includes(text)));
const data = unpackData();
const mongod = await startStandalone();
const subjects = new Map();
const rows = [];
try {
  for (const name of contenders) {
    const nodeArgs = values['cpu-prof'] ? ['--cpu-prof', `--cpu-prof-dir=${path.resolve(values['cpu-prof'])}`] : [];
    const subject = await startSubject('driver-bench', name, nodeArgs);
    subjects.set(name, subject);
    await subject.run({ uri: `${mongod.uri}&w=1`, data, serverPid: mongod.pid });
  }
  for (const task of chosen) {
    console.error(task.name);
    rows.push(await measure(task));
  }
  for (const subject of subjects.values()) await subject.run({ close: true });
} finally {
  for (const subject of subjects.values()) await subject.stop();
  await mongod.stop();
}
const score = (name) => (row) => row[name].score.toPrecision(4);
const spread = (name) => (row) => (row[name].percentiles ? [10, 50, 90].map((each) => row[name].percentiles[each].toFixed(0)).join(' ') : '');
const cpu = (name, of) => (row) => (row[name][of] === undefined ? '' : row[name][of].toFixed(0));
report('driver-bench', method.title, [...rows, ...composites.flatMap(compose)], [
  ['task', ({ task }) => task],
  ['ferropool MB/s', score('ferropool')],
  ['mongodb MB/s', score('mongodb')],
  ['ratio', ({ ratio }) => ratio.toFixed(2)],
  ['mean of ratios', ({ meanRatio }) => meanRatio?.toFixed(2) ?? ''],
  ['ferropool ms, p10 p50 p90', spread('ferropool')],
  ['mongodb ms, p10 p50 p90', spread('mongodb')],
  ['CPU ms', cpu('ferropool', 'cpuMS')],
  ['CPU ms', cpu('mongodb', 'cpuMS')],
  ['server CPU ms', cpu('ferropool', 'serverCpuMS')],
  ['server CPU ms', cpu('mongodb', 'serverCpuMS')],
]);

/** In turns, in any order, until each has been measured for as long as the method says. */
async function measure(task) {
  const iterations = new Map(contenders.map((name) => [name, []]));
  for (const name of shuffled(contenders)) {
    await subjects.get(name).run({ setup: task.name }, patienceMS);
    await subjects.get(name).run({ milliseconds: method.warmUpMS }, patienceMS);
  }
  for (let left = contenders; left.length > 0; left = left.filter((name) => !isEnough(iterations.get(name)))) {
    for (const name of shuffled(left)) {
      const slice = await subjects.get(name).run({ milliseconds: method.sliceMS }, patienceMS);
      iterations.get(name).push(...slice.iterations);
    }
  }
  const results = contenders.map((name) => [name, summary(task, iterations.get(name))]);
  const { ferropool, mongodb } = Object.fromEntries(results);
  return { task: task.name, bytes: task.bytes, ferropool, mongodb, ratio: ferropool.score / mongodb.score };
}

function isEnough(iterations) {
  const spentMS = iterations.reduce((sum, { elapsedMS }) => sum + elapsedMS, 0);
  return spentMS >= method.atLeastMS && (iterations.length >= method.iterations || spentMS >= method.atMostMS);
}

function summary({ bytes }, iterations) {
  const sorted = (field) => iterations.map((iteration) => iteration[field]).toSorted((a, b) => a - b);
  const times = sorted('elapsedMS');
  return {
    score: bytes / 1e6 / (nearestRank(times, 50) / 1e3),
    percentiles: Object.fromEntries(percentiles.map((percentile) => [percentile, nearestRank(times, percentile)])),
    cpuMS: nearestRank(sorted('cpuMS'), 50),
    serverCpuMS: nearestRank(sorted('serverCpuMS'), 50),
    iterations,
  };
}

/** As the specification defines it; of a few iterations, the first. */
function nearestRank(sorted, percentile) {
  return sorted[Math.max(0, Math.floor((sorted.length * percentile) / 100) - 1)];
}

/**
 * The plain average of its tasks' scores, in which large documents weigh most, and the geometric mean of their ratios, in which
 * all weigh the same. Nothing where not all of them were measured.
 */
function compose(composite) {
  const parts = tasks.filter(({ composites }) => composites.includes(composite)).map(({ name }) => rows.find(({ task }) => task === name));
  if (parts.includes(undefined)) return [];
  const average = (name) => parts.reduce((sum, part) => sum + part[name].score, 0) / parts.length;
  const [ferropool, mongodb] = contenders.map((name) => ({ score: average(name) }));
  const meanRatio = Math.exp(parts.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / parts.length);
  return [{ task: composite, ferropool, mongodb, ratio: ferropool.score / mongodb.score, meanRatio }];
}
