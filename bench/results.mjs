// From the rounds' samples to `results/latest.json` and the table.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** A row of the results: one cell of one contender over all rounds. */
export function toRow(key, samples) {
  const { workload, server, concurrency, maxPoolSize, contender } = key;
  const rates = samples.map(({ operations, elapsedMS }) => (operations / elapsedMS) * 1000);
  const sum = (field) => samples.reduce((total, sample) => total + sample[field], 0);
  const serverMS = samples.some(({ serverCpuMS }) => serverCpuMS === undefined) ? undefined : sum('serverCpuMS');
  return {
    workload,
    server,
    concurrency,
    maxPoolSize,
    contender,
    opsPerSecond: spread(rates),
    p50MS: round(median(samples.map(({ p50MS }) => p50MS)), 6),
    p99MS: round(median(samples.map(({ p99MS }) => p99MS)), 6),
    cpuMicrosPerOperation: round(median(samples.map(({ cpuMS, operations }) => (cpuMS / operations) * 1000)), 3),
    serverCpuPercent: serverMS === undefined ? null : round((serverMS / sum('wallMS')) * 100, 1),
    ...(samples[0].rssBytes && { rssBytes: median(samples.map(({ rssBytes }) => rssBytes)) }),
    ...(samples[0].longestDelayMS !== undefined && opening(samples, concurrency)),
  };
}

/** What a row of connections that are opened has beside. An operation is a connection there. */
function opening(samples, wanted) {
  const complete = samples.every(({ operations }) => operations === wanted);
  const thread = samples.every(({ threadCpuMS }) => threadCpuMS !== undefined);
  return {
    connections: median(samples.map(({ operations }) => operations)),
    readyMS: complete ? spread(samples.map(({ elapsedMS }) => elapsedMS)) : null,
    longestDelayMS: spread(samples.map(({ longestDelayMS }) => longestDelayMS)),
    threadCpuMicrosPerOperation: thread
      ? round(median(samples.map(({ threadCpuMS, operations }) => (threadCpuMS / operations) * 1000)), 3)
      : null,
  };
}

function spread(values) {
  return { median: round(median(values), 1), min: round(Math.min(...values), 1), max: round(Math.max(...values), 1) };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function round(value, digits) {
  return Number(value.toFixed(digits));
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

function commit() {
  try {
    const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? '-dirty' : '');
  } catch {
    return undefined;
  }
}
