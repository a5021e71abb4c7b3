#!/usr/bin/env node
// `npm run lint`: what needs no build of ours, the quick ones first. The type checks are `npm run typecheck`.

import { ensureInstalled } from './install.mjs';
import { bin, isMain, run } from './process.mjs';

/** Each is one test of `npm test`. */
export const lints = [
  { name: 'cargo fmt', command: 'cargo', args: ['fmt', '--all', '--check'] },
  {
    name: 'oxlint',
    command: process.execPath,
    args: [bin('oxlint', 'bin', 'oxlint'), '--deny-warnings', '--format=unix'],
  },
  {
    name: 'cargo clippy',
    command: 'cargo',
    args: ['clippy', '--workspace', '--all-targets', '--quiet', '--', '--deny', 'warnings'],
  },
];

if (isMain(import.meta.url)) {
  await ensureInstalled();
  for (const { name, command, args } of lints) {
    console.error(name);
    const { code } = await run(command, args);
    if (code !== 0) process.exitCode = 1;
  }
}
