import { describe, expect, it } from 'vitest';

import { median, quantile, spread } from '../../bench/statistics.mjs';
import { findOne, row } from './run';
import { toRow } from '../../bench/results.mjs';

const key = { ...findOne, contender: 'ferropool' };

describe('quantiles', () => {
  it.each([
    [0, 1],
    [0.5, 51],
    [0.99, 100],
    [1, 100],
  ])('%d of 1 to 100 is %d', (share, value) => {
    expect(quantile(Array.from({ length: 100 }, (_, index) => index + 1), share)).toBe(value);
  });
});

it('a median is the middle one, or between the two', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 6])).toBe(5.5);
  // Numbers, not text.
  expect(median([10, 9, 100])).toBe(10);
});

it('a spread is rounded', () => {
  expect(spread([1.26, 3, 2.04])).toEqual({ median: 2, min: 1.3, max: 3 });
});

it('a row has medians over rounds, and the share that the server had of one core', () => {
  const sample = { cpuMS: 100, wallMS: 1000, serverCpuMS: 400, p99MS: 9 };
  const samples = [
    { ...sample, operations: 1000, elapsedMS: 1000, p50MS: 1 },
    { ...sample, operations: 2000, elapsedMS: 1000, p50MS: 3 },
    { ...sample, operations: 500, elapsedMS: 1000, p50MS: 2, serverCpuMS: 700 },
  ];
  expect(toRow(key, samples)).toEqual({
    ...key,
    opsPerSecond: { median: 1000, min: 500, max: 2000 },
    p50MS: 2,
    p99MS: 9,
    cpuMicrosPerOperation: 100,
    serverCpuPercent: 50,
  });
});

it('what is not known is null', () => {
  expect(row(key, 10, { cpuMS: undefined, serverCpuMS: undefined })).toMatchObject({ cpuMicrosPerOperation: null, serverCpuPercent: null });
});

describe('connections that are opened', () => {
  const opening = { workload: 'open-100', server: 'stub', concurrency: 100, maxPoolSize: 100, contender: 'mongodb' };
  const sample = { operations: 100, connections: 100, elapsedMS: 250, threadCpuMS: 20, bytesPerConnection: 2048.4 };

  it('have the time until all were there, and the memory of each', () => {
    expect(row(opening, 0, sample)).toMatchObject({
      opsPerSecond: { median: 400 },
      connections: 100,
      readyMS: { median: 250 },
      bytesPerConnection: 2048,
      threadCpuMicrosPerOperation: 200,
      longestDelayMS: null,
    });
  });

  it('have no such time where one round was given up', () => {
    expect(row(opening, 0, { ...sample, operations: 99, connections: 99 })).toMatchObject({ readyMS: null, opsPerSecond: { median: 396 } });
  });
});
