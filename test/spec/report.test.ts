import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeOutcome, describeSkips, describeUnsupported, Report } from './report.mjs';

describe('the report', () => {
  it('counts by suite, and writes skips and failures with their reasons', () => {
    const report = new Report();
    report.suite('no-file');
    report.add('pools', { test: 'a', outcome: 'passed' });
    report.add('pools', { test: 'b', outcome: 'failed', failures: ['why'] });
    report.add('pools', { test: 'c', outcome: 'skipped', reason: 'no server' });
    const directory = mkdtempSync(path.join(os.tmpdir(), 'ferropool-spec-'));
    try {
      const file = path.join(directory, 'new', 'spec.json');
      report.writeJson(file);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
        suites: {
          'no-file': { passed: 0, failed: 0, skipped: 0, skips: [], failures: [] },
          pools: {
            passed: 1,
            failed: 1,
            skipped: 1,
            skips: [{ test: 'c', reason: 'no server' }],
            failures: [{ test: 'b', failures: ['why'] }],
          },
        },
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
    expect(report.total).toEqual({ passed: 1, failed: 1, skipped: 1 });
  });

  it('shows every failure of a test below it', () => {
    const failures = ['on one lane: x\nmore', 'on the other: y'];
    expect(describeOutcome({ test: 't', outcome: 'failed', failures })).toBe(
      'failed   t\n    on one lane: x\n    more\n    on the other: y',
    );
  });

  it('counts the reasons of what is skipped, over all suites', () => {
    const report = new Report();
    for (const [suite, reason] of [['a', 'one'], ['a', 'other'], ['b', 'other']] as const) report.add(suite, { test: 't', outcome: 'skipped', reason });
    expect(describeSkips(report.suites)).toBe('skipped:\n    2  other\n    1  one');
  });

  it('names what nobody can run, by suite, or by folder where a part of the suite runs', () => {
    const file = (name: string) => ({ suite: name.split('/')[0] as string, name, path: '' });
    const files = ['auth/tests/x/1.json', 'auth/tests/2.json', 'pools/tests/logging/3.json'].map(file);
    expect(describeUnsupported(files, new Set(['pools']))).toBe(
      'no runner for this suite in this version: auth (2), pools/tests/logging (1)',
    );
  });
});
