#!/usr/bin/env node
// Before a tarball is packed for release: a binary for every platform, where node-gyp-build looks for it, none larger than it
// may be, and no other file.

import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

import { root } from './process.mjs';

const wanted = [
  'darwin-arm64/ferropool.node',
  'darwin-x64/ferropool.node',
  'linux-arm64/ferropool.glibc.node',
  'linux-arm64/ferropool.musl.node',
  'linux-x64/ferropool.glibc.node',
  'linux-x64/ferropool.musl.node',
  'win32-x64/ferropool.node',
];

/** Every user downloads all of them. They are not as small as they are meant to be, which is said; they must not grow. */
const goal = 4_000_000;
const limit = 5_000_000;

const found = readdirSync(path.join(root, 'prebuilds'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => `${path.basename(entry.parentPath)}/${entry.name}`);
const missing = wanted.filter((file) => !found.includes(file));
const unexpected = found.filter((file) => !wanted.includes(file));
for (const file of missing) console.error(`missing: prebuilds/${file}`);
for (const file of unexpected) console.error(`unexpected: prebuilds/${file}`);
const sizes = found.map((file) => ({ file, size: statSync(path.join(root, 'prebuilds', file)).size }));
for (const { file, size } of sizes.filter(({ size }) => size > goal)) {
  console.error(`prebuilds/${file} has ${size} bytes: the goal is ${goal}, the limit ${limit}`);
}
const large = sizes.filter(({ size }) => size > limit);
if (missing.length + unexpected.length + large.length > 0) process.exitCode = 1;
