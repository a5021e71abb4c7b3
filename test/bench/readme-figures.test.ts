import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { expect, it } from 'vitest';

import { heldAgainst } from '../../bench/bars.mjs';
import { page } from '../../bench/page.mjs';
import { root } from '../../scripts/process.mjs';
import { figures, withFigures } from '../../scripts/readme-figures.mjs';
import { run } from './run';

/** As it is committed, or about to be: a run of one's own writes these files too, and is nobody's claim. */
function textOf(file: string): string {
  try {
    return execFileSync('git', ['show', `:${file}`], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 });
  } catch {
    return readFileSync(path.join(root, file), 'utf8');
  }
}

const results = JSON.parse(textOf('bench/results/latest.json'));

it("README.md has the last run's figures", () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  expect(readme).toBe(withFigures(readme, results));
});

it("the page is the last run's", () => {
  expect(textOf('bench/results/latest.html')).toBe(page(results));
});

it("the run's verdicts are those of its rows", () => {
  // A later version may have other bars: those that the run knew are as they were.
  const held = new Map(heldAgainst(results).map((bar) => [bar.title, bar]));
  for (const bar of results.bars.filter(({ title }: { title: string }) => held.has(title))) {
    // Which of them are known not to be met, a version says, and not the run.
    expect({ ...held.get(bar.title), isKnown: undefined }).toEqual({ ...bar, isKnown: undefined });
  }
});

it('figures are ratios of the run, with its date and machine', () => {
  const text = figures(run());
  expect(text).toContain('on 2026-11-21: A <processor> of some kind & speed, 2 cores, Node.js 20.20.2, mongod 6.0.5');
  expect(text).toContain('| find one, 64 concurrent, on the stub | 11 × (100 k/s) | 1/11 (5 µs) |');
  expect(text).toContain('| 1,000 connections, on mongod | 1/1.4 (900 ms) | 1/1.0 (4.0 KB) |');
  // What was not measured has no line.
  expect(text).not.toContain('insertMany');
});

it('a README without a place for them is refused', () => {
  expect(() => withFigures('# ferropool', run())).toThrow('no place for figures');
});
