#!/usr/bin/env node
// `npm start` and `npm run bench`: `node scripts/run.mjs PROGRAM [ARGUMENTS]` prepares everything from a fresh clone on,
// then runs PROGRAM with FERROPOOL_STUB naming the stub server's release build.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { build } from './build.mjs';
import { root } from './process.mjs';
import { buildStub } from './stub.mjs';

const [program, ...args] = process.argv.slice(2);
await build();
const stub = await buildStub({ release: true });

const child = spawn(process.execPath, [program, ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, FERROPOOL_STUB: stub },
});
// Ctrl-C reaches the program as well, which prints its summary first.
process.on('SIGINT', () => {});
const [code, signal] = await once(child, 'exit');
process.exitCode = signal ? 1 : code;
