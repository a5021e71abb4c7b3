import { describe, expect, it } from 'vitest';

import { bars, barsTable, describe as inWords, heldAgainst, unexpected } from '../../bench/bars.mjs';
import { full, quick } from '../../bench/plan.mjs';
import { deploymentOf, nameOf } from '../../bench/names.mjs';
import { findOne, row } from './run';

const at = (contender: string, rate: number, fields: object = {}, cell: object = {}) => row({ ...findOne, ...cell, contender }, rate, fields);

/** The bar of this title, held against these rows. */
function held(title: string, rows: ReturnType<typeof row>[]) {
  const which = bars.filter((bar) => bar.title === title);
  expect(which).toHaveLength(1);
  return heldAgainst({ rows }, which)[0];
}

describe('a rate', () => {
  const title = 'find one, 64 concurrent, stub: ops/s against mongodb';

  it('is met when it is reached, and not by less', () => {
    expect(held(title, [at('ferropool', 120), at('mongodb', 10)])).toEqual({ title, atLeast: 12, ratio: 12, met: true });
    expect(held(title, [at('ferropool', 119), at('mongodb', 10)])).toMatchObject({ ratio: 11.9, met: false });
  });

  it('is of the same cell alone', () => {
    const elsewhere = [at('mongodb', 1, {}, { server: 'mongod' }), at('mongodb', 1, {}, { concurrency: 1 }), at('mongodb', 1, {}, { maxPoolSize: 100 })];
    expect(held(title, [at('ferropool', 100), ...elsewhere])).toMatchObject({ ratio: null, met: null });
  });
});

it('processor time is met from below', () => {
  const title = 'find one, 64 concurrent, stub: CPU for each against mongodb';
  const rows = (own: number) => [at('ferropool', 1000, { cpuMS: own }), at('mongodb', 1000, { cpuMS: 1300 })];
  expect(held(title, rows(100))).toMatchObject({ met: true });
  expect(held(title, rows(101))).toMatchObject({ met: false });
});

describe('better than every contender but core', () => {
  const cell = { workload: 'mixed' };
  const title = 'mixed 80/20, stub: ops/s against the best but core';

  it('is against the best of them', () => {
    const rows = [at('ferropool', 50, {}, cell), at('mongodb', 10, {}, cell), at('minimal-js', 40, {}, cell), at('core', 90, {}, cell)];
    expect(held(title, rows)).toMatchObject({ ratio: 1.25, met: true });
  });

  it('is not met by as much', () => {
    const rows = [at('ferropool', 40, {}, cell), at('mongodb', 10, {}, cell), at('minimal-js', 40, {}, cell)];
    expect(held(title, rows)).toMatchObject({ ratio: 1, met: false });
  });

  it('is of a latency, where the load is an open loop', () => {
    const cell = { workload: 'find-one-at-8000', concurrency: null };
    const rows = [at('ferropool', 8000, { p99MS: 3 }, cell), at('mongodb', 8000, { p99MS: 20 }, cell), at('minimal-js', 8000, { p99MS: 2 }, cell)];
    expect(held('open loop at 8,000/s, stub: p99 against the best but core', rows)).toMatchObject({ ratio: 1.5, met: false });
  });
});

it('tryCheckOut is held against the official check-out', () => {
  const pairs = { concurrency: 1 };
  const rows = [at('ferropool', 24, {}, { ...pairs, workload: 'try-check-out' }), at('mongodb', 2, {}, { ...pairs, workload: 'check-out' })];
  const title = "tryCheckOut and check-in: time of a pair against the official pool's internals";
  expect(held(title, rows)).toMatchObject({ ratio: expect.closeTo(1 / 12, 6), met: true });
});

it('a run without anything has nothing met and nothing missed', () => {
  expect(new Set(heldAgainst({ rows: [] }).map(({ met }) => met))).toEqual(new Set([null]));
});

describe('the bars of a run', () => {
  const measuredBy = (plan: typeof quick | typeof full): string[] => {
    const cells = plan.groups.flatMap((group) =>
      group.cells.flatMap((cell) =>
        group.contenders.map((contender) => ({
          workload: nameOf(group, cell),
          server: group.server,
          concurrency: cell.concurrency,
          maxPoolSize: group.maxPoolSize,
          contender,
        })),
      ),
    );
    const rows = cells.map((key) => row(key, 100, { connections: 100, bytesPerConnection: 100 }));
    expect(new Set(cells.map((key) => JSON.stringify(key))).size).toBe(cells.length);
    const held = heldAgainst({ rows, addonBytes: 3e6, driverBench: { SingleBench: 3, MultiBench: 4 } });
    return held.filter(({ met }) => met !== null).map(({ title }) => title);
  };

  it('are all measured by a full one', () => {
    expect(measuredBy(full)).toEqual(bars.map(({ title }) => title));
  });

  it('are mostly measured by a quick one', () => {
    const quickly = measuredBy(quick);
    expect(quickly.length).toBeGreaterThan(bars.length * 0.65);
    expect(quickly).toEqual(expect.arrayContaining(bars.slice(0, 9).filter(({ title }) => !title.includes('mixed')).map(({ title }) => title)));
  });
});

it('the addon has a size, not a ratio', () => {
  const which = bars.filter((bar) => 'unit' in bar);
  const [bar] = heldAgainst({ rows: [], addonBytes: 4_100_000 }, which);
  expect(bar).toMatchObject({ ratio: 4.1, met: false });
  expect(inWords(bar)).toMatchObject({ ratio: '4.1 MB', limit: 'at most 4 MB' });
});

it('deployments are told apart', () => {
  expect(deploymentOf({ server: 'mongod', tls: true, auth: true })).toBe('mongod-tls-auth');
  expect(deploymentOf({ server: 'stub', delayed: true })).toBe('stub-delayed');
});

it('small ratios are said as fractions', () => {
  expect(inWords({ title: 'a', atMost: 1 / 11, ratio: 1 / 12.56, met: true })).toEqual({
    title: 'a',
    ratio: '1/12.6',
    limit: 'at most 1/11',
    verdict: 'met',
  });
  expect(inWords({ title: 'b', atLeast: 2.5, ratio: 2.4, met: false })).toMatchObject({ ratio: '2.4 ×', limit: 'at least 2.5 ×', verdict: 'not met' });
});

it('the table ends with what is not met', () => {
  const lines = barsTable([
    { title: 'one', atLeast: 2, ratio: 1, met: false },
    { title: 'two', atLeast: 2, ratio: null, met: null },
    { title: 'three', atLeast: 2, ratio: 3, met: true },
  ]).split('\n');
  expect(lines.map((line: string) => line.split(' ')[0])).toEqual(['three', 'two', 'one']);
});

it('a bar that is missed is unexpected unless it is known to be', () => {
  const bar = (title: string, value: number, isKnown?: boolean) => ({ title, atLeast: 2, ...(isKnown && { isKnown }), of: () => value });
  const which = [bar('met', 2), bar('missed', 1), bar('known', 1, true), { ...bar('not measured', 0), of: () => undefined }];
  const held = heldAgainst({ rows: [] }, which);
  expect(unexpected(held).map(({ title }: { title: string }) => title)).toEqual(['missed']);
  expect(held.map((bar) => inWords(bar).verdict)).toEqual(['met', 'not met', 'not met, as is known', 'not measured']);
});
