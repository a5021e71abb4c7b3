// What the tests said: for people on standard output, for programs in the file that `--json` names.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestFile } from './discover.mjs';

/** One test and what became of it. A file of a data-driven format is one test. */
export type TestOutcome = { readonly test: string } & Outcome;

type Outcome =
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'failed'; readonly failures: readonly string[] }
  | { readonly outcome: 'skipped'; readonly reason: string };

/** A suite in the JSON file. */
export interface SuiteCounts {
  passed: number;
  failed: number;
  skipped: number;
  skips: { test: string; reason: string }[];
  failures: { test: string; failures: readonly string[] }[];
}

export class Report {
  readonly suites: Record<string, SuiteCounts> = {};

  /** A suite that has a runner is in the report, even if it has no file. */
  suite(name: string): SuiteCounts {
    return (this.suites[name] ??= { passed: 0, failed: 0, skipped: 0, skips: [], failures: [] });
  }

  add(suite: string, result: TestOutcome): void {
    const counts = this.suite(suite);
    counts[result.outcome] += 1;
    const { test } = result;
    if (result.outcome === 'skipped') counts.skips.push({ test, reason: result.reason });
    if (result.outcome === 'failed') counts.failures.push({ test, failures: result.failures });
  }

  get total(): Omit<SuiteCounts, 'skips' | 'failures'> {
    const total = { passed: 0, failed: 0, skipped: 0 };
    for (const counts of Object.values(this.suites)) {
      for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += counts[key];
    }
    return total;
  }

  writeJson(file: string): void {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ suites: this.suites }, undefined, 2)}\n`);
  }
}

/** The line of a test, with what explains it below. */
export function describeOutcome(result: TestOutcome): string {
  const line = `${result.outcome.padEnd(7)}  ${result.test}`;
  if (result.outcome === 'skipped') return `${line}: ${result.reason}`;
  if (result.outcome === 'passed') return line;
  return [line, ...result.failures.map(indent)].join('\n');
}

/** How often each reason was given, the most frequent first: what is missing must be seen. */
export function describeSkips(suites: Readonly<Record<string, SuiteCounts>>): string {
  const counts = new Map<string, number>();
  for (const { reason } of Object.values(suites).flatMap(({ skips }) => skips)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const lines = [...counts].sort(([, a], [, b]) => b - a).map(([reason, count]) => `${String(count).padStart(5)}  ${reason}`);
  return ['skipped:', ...lines].join('\n');
}

/** The folders whose files nobody can run yet, with how many files those are. A file must not vanish silently. */
export function describeUnsupported(files: readonly TestFile[], suitesWithRunner: ReadonlySet<string>): string {
  const counts = new Map<string, number>();
  for (const { name, suite } of files) {
    // Where a part of a suite runs, the rest of it is named by its folder.
    const folder = suitesWithRunner.has(suite) ? path.posix.dirname(name) : suite;
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  const list = [...counts].map(([folder, count]) => `${folder} (${count})`);
  return `no runner for this suite in this version: ${list.join(', ')}`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}
