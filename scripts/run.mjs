#!/usr/bin/env node
// `npm start` and `npm run bench`: `node scripts/run.mjs PROGRAM [ARGUMENTS]` prepares everything from a fresh clone on,
// then runs PROGRAM with FERROPOOL_STUB naming the stub server's release build.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from './build.mjs';
import { root } from './process.mjs';
import { buildStub } from './stub.mjs';

const [program, ...args] = process.argv.slice(2);

// A program may have an `arguments.mjs` beside it that answers some arguments at once, help and wrong ones: nobody waits
// minutes for a build to be told that.
const beside = path.join(root, path.dirname(program), 'arguments.mjs');
const { answer } = existsSync(beside) ? await import(pathToFileURL(beside).href) : {};
const instead = answer?.(args);
if (instead) {
  (instead.code === 0 ? console.log : console.error)(instead.text);
  process.exit(instead.code);
}

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
