// How many tests passed, failed and were skipped, read from what each runner says of itself.

import { readFileSync } from 'node:fs';

export const none = Object.freeze({ passed: 0, failed: 0, skipped: 0 });

export function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** `test result: ok. 12 passed; 0 failed; 1 ignored; …`, once for each test binary of `cargo test`. */
export function cargoCounts(output) {
  const lines = output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/gm);
  return [...lines]
    .map(([, passed, failed, skipped]) => ({ passed: +passed, failed: +failed, skipped: +skipped }))
    .reduce(add, none);
}

/** vitest's JSON report. */
export function vitestCounts(file) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** The conformance runner's `--json` file. */
export function specCounts(file) {
  const { suites } = JSON.parse(readFileSync(file, 'utf8'));
  return Object.values(suites).reduce(add, none);
}

/** A runner that ended badly without a failed test (it did not compile, it crashed) has failed all the same. */
export function atLeastOneFailure(counts, code) {
  return code === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}
