// `npm run test:spec [-- --json FILE] [TEXT...]`: runs the conformance tests in the directory that MONGODB_SPECIFICATIONS
// names; with a TEXT, those whose name contains one.

import path from 'node:path';
import { parseArgs } from 'node:util';
import { discover, type TestFile } from './discover.mjs';
import type { Format } from './format.mjs';
import { describeOutcome, describeSkips, describeUnsupported, Report, type TestOutcome } from './report.mjs';
import { Servers } from './servers.mjs';
import { formatOf, formats, suiteOf } from './suites.mjs';

const { values: flags, positionals: texts } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' } },
});

const directory = path.resolve(process.env['MONGODB_SPECIFICATIONS'] || '../shared/specifications');
const report = new Report();
const files = discover(directory);
if (files) {
  await runAll(files);
} else {
  console.log(`left out: there is no directory ${path.relative('.', directory)} (MONGODB_SPECIFICATIONS)`);
  // A machine that is there to test must not pass because it has tested nothing.
  if (process.env['CI'] === 'true') process.exitCode = 1;
}
if (flags.json !== undefined) report.writeJson(path.resolve(flags.json));
if (report.total.failed > 0) process.exitCode = 1;

const { passed, failed, skipped } = report.total;
if (skipped > 0) console.log(`\n${describeSkips(report.suites)}`);
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped${files ? '' : ', 1 left out'}`);

async function runAll(files: readonly TestFile[]): Promise<void> {
  const servers = new Servers();
  const unsupported: TestFile[] = [];
  const present = new Set(files.map(({ suite }) => suite));
  for (const suite of formats.map(suiteOf)) {
    if (present.has(suite)) report.suite(suite);
  }
  try {
    for (const file of files) {
      const format = formatOf(file);
      if (!format) unsupported.push(file);
      else if (texts.length === 0 || texts.some((text) => file.name.includes(text))) await runFile(file, format, servers);
    }
  } finally {
    await servers.stop();
  }
  if (unsupported.length > 0) console.log(`\n${describeUnsupported(unsupported, new Set(formats.map(suiteOf)))}`);
}

async function runFile(file: TestFile, format: Format, servers: Servers): Promise<void> {
  const started = performance.now();
  const outcomes = await format.run(file, servers).catch((error: unknown): TestOutcome[] => [
    { test: file.name, outcome: 'failed', failures: [error instanceof Error ? (error.stack ?? error.message) : String(error)] },
  ]);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  for (const outcome of outcomes) {
    report.add(file.suite, outcome);
    console.log(`${seconds.padStart(5)} s  ${describeOutcome(outcome)}`);
  }
}
