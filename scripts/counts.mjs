// How many tests passed, failed and were skipped, and which ones failed, read from what each runner says of itself.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { root } from './process.mjs';

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

/** The names of the tests that failed, by `cargo test`. What they said is in its output. */
export function cargoFailures(output) {
  return [...output.matchAll(/^test (.+) \.\.\. FAILED$/gm)].map(([, name]) => name);
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

/** What failed by vitest's JSON report: a file that could not be run has no tests, and says why itself. */
export function vitestFailures(file) {
  return JSON.parse(readFileSync(file, 'utf8')).testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0) return message ? [describe(path.relative(root, name), [message])] : [];
    return failed.map(({ fullName, failureMessages }) => describe(`${path.relative(root, name)}: ${fullName}`, failureMessages));
  });
}

/** The conformance runner's `--json` file. */
export function specCounts(file) {
  const { suites } = JSON.parse(readFileSync(file, 'utf8'));
  return Object.values(suites).reduce(add, none);
}

/** What failed by the conformance runner's `--json` file. */
export function specFailures(file) {
  const { suites } = JSON.parse(readFileSync(file, 'utf8'));
  return Object.values(suites).flatMap(({ failures }) => failures.map(({ test, failures }) => describe(test, failures)));
}

/** A runner that ended badly without a failed test (it did not compile, it crashed) has failed all the same. */
export function atLeastOneFailure(counts, code) {
  return code === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

/** A test with the first lines of why it failed; all of them are in the runner's output. */
function describe(test, messages) {
  const lines = messages.flatMap((message) => message.split('\n').slice(0, 6));
  return [test, ...lines.map((line) => `    ${line}`)].join('\n');
}
