#!/usr/bin/env node
// `npm run test:spec`: compiles the conformance runner, test/spec, and passes on its arguments (`-- --json FILE`).

import { rmSync } from 'node:fs';
import path from 'node:path';

import { build } from './build.mjs';
import { bin, cache, must, run } from './process.mjs';

// `npm test` has built everything by then.
if (process.env.FERROPOOL_BUILT !== '1') await build();
const compiled = path.join(cache, 'test', 'spec');
// A module whose source is gone must not be found by those that still import it.
rmSync(compiled, { recursive: true, force: true });
await must(process.execPath, [bin('typescript', 'bin', 'tsc'), '-p', 'tsconfig.spec.json']);
const { code } = await run(process.execPath, ['--enable-source-maps', path.join(compiled, 'main.mjs'), ...process.argv.slice(2)]);
process.exitCode = code === 0 ? 0 : 1;
