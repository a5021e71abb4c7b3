#!/usr/bin/env node
// `npm run test:spec`: compiles the conformance runner and passes on its arguments (`-- --json FILE`).

import { existsSync } from 'node:fs';
import path from 'node:path';

import { build } from './build.mjs';
import { bin, cache, must, run } from './process.mjs';

// `npm test` has built everything by then.
if (process.env.FERROPOOL_BUILT !== '1') await build();
await must(process.execPath, [bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.spec.json']);
const entry = ['main.mjs', 'main.js', 'index.mjs', 'index.js']
  .map((name) => path.join(cache, 'test', 'spec', name))
  .find((file) => existsSync(file));
if (!entry) throw new Error('test/spec has no main.mts or main.ts');
const { code } = await run(process.execPath, ['--enable-source-maps', entry, ...process.argv.slice(2)]);
process.exitCode = code === 0 ? 0 : 1;
