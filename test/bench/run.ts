// A run's results as the bench writes them, with round figures.

import { heldAgainst } from '../../bench/bars.mjs';
import { toRow } from '../../bench/results.mjs';

export interface Key {
  workload: string;
  server: string;
  concurrency: number | null;
  maxPoolSize: number;
  contender: string;
}

export const findOne = { workload: 'find-one', server: 'stub', concurrency: 64, maxPoolSize: 10 };

/** A row of one round: so many operations in a second. */
export function row(key: Key, opsPerSecond: number, fields: object = {}): ReturnType<typeof toRow> {
  return toRow(key, [{ operations: opsPerSecond, elapsedMS: 1000, cpuMS: 500, wallMS: 1000, serverCpuMS: 250, p50MS: 0.5, p99MS: 2, ...fields }]);
}

/** Every kind of row that there is. */
export function run() {
  const rates = { ferropool: 100_000, mongodb: 9_000, 'minimal-js': 60_000, core: 140_000 };
  const each = (cell: Omit<Key, 'contender'>, fields: object = {}) =>
    Object.entries(rates).map(([contender, rate]) => row({ ...cell, contender }, rate, fields));
  const opened = { operations: 1000, elapsedMS: 900, connections: 1000, threadCpuMS: 40, bytesPerConnection: 4096 };
  const opening = { workload: 'open-1000', server: 'mongod', concurrency: 1000, maxPoolSize: 1000 };
  const rows = [
    ...each(findOne),
    ...each({ ...findOne, workload: 'find-100-mixed', server: 'mongod' }),
    ...each({ ...findOne, workload: 'find-one-at-8000', concurrency: null }, { cpuMS: undefined }),
    row({ ...opening, contender: 'ferropool' }, 1000, opened),
    // This one was given up.
    row({ ...opening, contender: 'mongodb' }, 1000, { ...opened, operations: 700, connections: 700, longestDelayMS: 20 }),
  ];
  const machine = { cpu: 'A <processor> of some kind & speed', cores: 2, memoryBytes: 8e9, platform: 'linux 6.1 x64', loadAverage: 0.1 };
  const versions = { ferropool: '0.1.0', commit: 'abcdef0', mongodb: '7.8.0', bson: '7.3.4', node: 'v20.20.2', mongod: '6.0.5' };
  return { date: '2026-11-21T12:00:00.000Z', plan: 'quick', machine, durationSeconds: 100, versions, rows, bars: heldAgainst({ rows }) };
}
