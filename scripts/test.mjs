#!/usr/bin/env node
// `npm test`: from a fresh clone to one line, `N passed, N failed, N skipped`. What fails quickly comes first.
//
//   npm test -- --only lint|rust|ts|spec    one part, with what it needs
//   npm test -- --skip-install              trust what is in node_modules

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { buildNative } from './build-native.mjs';
import { buildTypeScript } from './build-ts.mjs';
import {
  add,
  atLeastOneFailure,
  cargoCounts,
  cargoFailures,
  none,
  specCounts,
  specFailures,
  vitestCounts,
  vitestFailures,
} from './counts.mjs';
import { deny } from './deny.mjs';
import { ensureInstalled } from './install.mjs';
import { compareInstructions, describe, whyNotCounted } from './instructions.mjs';
import { lints } from './lint.mjs';
import { findMongod, MongodUnavailable } from './mongod/binary.mjs';
import { bin, cache, npm, root, run } from './process.mjs';
import { buildStub } from './stub.mjs';

const { values: flags } = parseArgs({
  options: { only: { type: 'string' }, 'skip-install': { type: 'boolean', default: false } },
});
const parts = ['lint', 'rust', 'ts', 'spec'];
if (flags.only !== undefined && !parts.includes(flags.only)) {
  console.error(`--only is one of ${parts.join(', ')}`);
  process.exit(64);
}

const onePassed = { ...none, passed: 1 };
const oneFailed = { ...none, failed: 1 };
const reports = path.join(cache, 'reports');
const rows = [];

/** Runs a stage if it is asked for. What it throws is its one failure, and the next stage goes on. */
async function stage(part, name, work) {
  if (flags.only !== undefined && flags.only !== part && part !== 'all') return undefined;
  console.log(`\n── ${name}`);
  const started = performance.now();
  let outcome;
  try {
    outcome = await work();
  } catch (error) {
    console.error(error);
    outcome = { counts: oneFailed, note: error.message.split('\n')[0] };
  }
  rows.push({ name, note: '', failures: [], ...outcome, seconds: (performance.now() - started) / 1000 });
  return outcome;
}

function verdict(code) {
  return { counts: code === 0 ? onePassed : oneFailed };
}

async function lint({ command, args }) {
  return verdict((await run(command, args)).code);
}

async function checkDependencies() {
  const { passed, advisories } = await deny();
  const advisoryCounts = { passed: onePassed, failed: oneFailed, unreachable: { ...none, skipped: 1 } }[advisories];
  return {
    counts: add(passed ? onePassed : oneFailed, advisoryCounts),
    note: advisories === 'unreachable' ? 'left out: advisories, their database is not reachable from here' : '',
  };
}

/** Later stages start it; where there is none, they skip by name what needs it, and count it. */
function provideMongod() {
  try {
    process.env.MONGOD = findMongod();
    return { counts: none, note: path.relative(root, process.env.MONGOD) };
  } catch (error) {
    if (!(error instanceof MongodUnavailable)) throw error;
    process.env.FERROPOOL_NO_MONGOD = error.message;
    return { counts: none, note: `tests on a real server are skipped: ${error.message}` };
  }
}

async function rustTests(args = ['--workspace', '--no-fail-fast']) {
  const { code, output } = await run('cargo', ['test', ...args], { capture: true });
  return { counts: atLeastOneFailure(cargoCounts(output), code), failures: cargoFailures(output) };
}

/** Readiness as on the platforms that have no epoll. */
function portableTests() {
  return rustTests(['--package', 'ferropool-lane', '--features', 'portable']);
}

/** Each part is a test. */
async function countInstructions() {
  const reason = await whyNotCounted();
  if (reason) return { counts: { ...none, skipped: 1 }, note: `left out: ${reason}` };
  const { parts, note } = await compareInstructions();
  for (const part of parts) console.log(describe(part));
  const counts = parts.map(({ dearer }) => (dearer ? oneFailed : onePassed)).reduce(add, none);
  return { counts, note, failures: parts.filter(({ dearer }) => dearer).map(describe) };
}

async function buildPackage() {
  await buildNative();
  await buildTypeScript();
  process.env.FERROPOOL_STUB = await buildStub();
  process.env.FERROPOOL_BUILT = '1';
  return { counts: none, built: true };
}

async function typecheck(project) {
  const { code } = await run(process.execPath, [bin('typescript', 'bin', 'tsc'), '--noEmit', '-p', project]);
  return verdict(code);
}

async function typescriptTests() {
  const report = path.join(reports, 'vitest.json');
  rmSync(report, { force: true });
  const { code } = await run(process.execPath, [
    bin('vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  if (!existsSync(report)) return { counts: atLeastOneFailure(none, code) };
  return { counts: atLeastOneFailure(vitestCounts(report), code), failures: vitestFailures(report) };
}

async function conformance() {
  const specifications = path.resolve(root, process.env.MONGODB_SPECIFICATIONS ?? '../shared/specifications');
  if (!existsSync(specifications)) {
    const note = `left out: there is no directory ${path.relative(root, specifications)} (MONGODB_SPECIFICATIONS)`;
    return { counts: process.env.CI === 'true' ? oneFailed : { ...none, skipped: 1 }, note };
  }
  process.env.MONGODB_SPECIFICATIONS = specifications;
  const report = path.join(reports, 'spec.json');
  rmSync(report, { force: true });
  const code = await npm(['run', '--silent', 'test:spec', '--', '--json', report]).then(
    () => 0,
    (error) => error.code,
  );
  if (!existsSync(report)) return { counts: atLeastOneFailure(none, code) };
  return { counts: atLeastOneFailure(specCounts(report), code), failures: specFailures(report) };
}

function printTable() {
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log(`\n${'stage'.padEnd(width)}  passed  failed  skipped  seconds`);
  for (const { name, counts, seconds, note } of rows) {
    const numbers = [counts.passed, counts.failed, counts.skipped].map((count, index) =>
      String(count).padStart([6, 6, 7][index]),
    );
    console.log(`${[name.padEnd(width), ...numbers, seconds.toFixed(1).padStart(7)].join('  ')}  ${note}`.trimEnd());
  }
}

/** What failed, once more: of a long output often only the end is kept. */
function printFailures() {
  for (const { name, failures } of rows) {
    if (failures.length > 0) console.log(`\nfailed in ${name}:\n${failures.join('\n')}`);
  }
}

mkdirSync(reports, { recursive: true });
const installed = flags['skip-install'] ? {} : await stage('all', 'install', async () => {
  await ensureInstalled();
  return { counts: none, installed: true };
});
if (flags['skip-install'] || installed.installed) {
  const [format, oxlint, clippy] = lints;
  for (const each of [format, oxlint]) await stage('lint', each.name, () => lint(each));
  await stage('lint', 'cargo deny', checkDependencies);
  await stage('lint', clippy.name, () => lint(clippy));
  if (flags.only !== 'lint') await stage('all', 'mongod', provideMongod);
  await stage('rust', 'cargo test', () => rustTests());
  await stage('rust', 'cargo test, portable readiness', portableTests);
  await stage('rust', 'instructions', countInstructions);

  const needsPackage = flags.only === undefined || flags.only === 'ts' || flags.only === 'spec';
  const packageStages = [
    ['ts', 'tsc tsconfig.json', () => typecheck('tsconfig.json')],
    ['ts', 'tsc tsconfig.test.json', () => typecheck('tsconfig.test.json')],
    ['ts', 'vitest', typescriptTests],
    ['spec', 'conformance', conformance],
  ];
  if (needsPackage) {
    const { built } = await stage('all', 'build', buildPackage);
    // The build's failure is counted; how many tests that leaves out is not known, but that it does is said.
    const leftOut = async () => ({ counts: none, note: 'left out: the build failed' });
    for (const [part, name, work] of packageStages) await stage(part, name, built ? work : leftOut);
  }
}

printFailures();
printTable();
const total = rows.map(({ counts }) => counts).reduce(add, none);
if (total.failed > 0) process.exitCode = 1;
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
