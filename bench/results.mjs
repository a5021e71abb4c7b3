// From the rounds' samples to `results/latest.json` and the table.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import os from 'node:os';

import { median, round, spread } from './statistics.mjs';

/** A row of the results: one cell of one contender over all rounds. */
export function toRow(key, samples) {
  const { workload, server, concurrency, maxPoolSize, contender } = key;
  const rates = samples.map(({ operations, elapsedMS }) => (operations / elapsedMS) * 1000);
  const sum = (field) => samples.reduce((total, sample) => total + sample[field], 0);
  return {
    workload,
    server,
    concurrency,
    maxPoolSize,
    contender,
    opsPerSecond: spread(rates),
    p50MS: round(median(samples.map(({ p50MS }) => p50MS)), 6),
    p99MS: round(median(samples.map(({ p99MS }) => p99MS)), 6),
    cpuMicrosPerOperation: microsPerOperation(samples, 'cpuMS'),
    serverCpuPercent: isKnown(samples, 'serverCpuMS') ? round((sum('serverCpuMS') / sum('wallMS')) * 100, 1) : null,
    ...(samples[0].rssBytes && { rssBytes: median(samples.map(({ rssBytes }) => rssBytes)) }),
    ...(samples[0].connections !== undefined && opening(samples, concurrency)),
  };
}

/** What a row of connections that are opened has beside. An operation is a connection there, in a burst a request. */
function opening(samples, wanted) {
  const complete = samples.every(({ operations }) => operations === wanted);
  const bytes = isKnown(samples, 'bytesPerConnection');
  return {
    connections: median(samples.map(({ connections }) => connections)),
    readyMS: complete ? spread(samples.map(({ elapsedMS }) => elapsedMS)) : null,
    longestDelayMS: isKnown(samples, 'longestDelayMS') ? spread(samples.map(({ longestDelayMS }) => longestDelayMS)) : null,
    threadCpuMicrosPerOperation: microsPerOperation(samples, 'threadCpuMS'),
    ...(bytes && { bytesPerConnection: Math.round(median(samples.map(({ bytesPerConnection }) => bytesPerConnection))) }),
  };
}

function microsPerOperation(samples, field) {
  if (!isKnown(samples, field)) return null;
  return round(median(samples.map((sample) => (sample[field] / sample.operations) * 1000)), 3);
}

/** JSON has no `undefined`. */
function isKnown(samples, field) {
  return samples.every((sample) => typeof sample[field] === 'number');
}

export function machine() {
  const [cpu] = os.cpus();
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    platform: `${os.platform()} ${os.release()} ${os.arch()}`,
    // Others' load makes figures smaller and their spread wider.
    loadAverage: os.loadavg()[0],
  };
}

export function versions(servers) {
  const packageOf = (name) => JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8'));
  const mongod = Object.values(servers).find(({ version }) => version);
  const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return {
    ferropool: own.version,
    commit: commit(),
    mongodb: packageOf('mongodb').version,
    bson: packageOf('bson').version,
    node: process.version,
    ...(mongod && { mongod: mongod.version }),
  };
}

/** The size of what is measured here; `undefined` where it is not in its place. */
export function addonBytes() {
  return statSync(new URL('../build/Release/ferropool.node', import.meta.url), { throwIfNoEntry: false })?.size;
}

/** The ratios of DriverBench's composites, if `driver-bench.mjs` has been run on this commit. */
export function composites(commit) {
  const file = new URL('results/driver-bench.json', import.meta.url);
  if (!commit || !existsSync(file)) return undefined;
  const { versions, rows } = JSON.parse(readFileSync(file, 'utf8'));
  if (versions.commit !== commit) return undefined;
  return Object.fromEntries(rows.filter(({ task }) => /^(Single|Multi)Bench$/.test(task)).map(({ task, ratio }) => [task, ratio]));
}

function commit() {
  try {
    const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? '-dirty' : '');
  } catch {
    return undefined;
  }
}
