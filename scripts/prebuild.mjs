#!/usr/bin/env node
// `npm run prebuild`: this platform's binary in prebuilds/, from where node-gyp-build loads it for an installed user.
// FERROPOOL_TARGET, a target triple, reaches scripts/build-native.mjs through binding.gyp.

import { ensureInstalled } from './install.mjs';
import { bin, must } from './process.mjs';

await ensureInstalled();
const args = ['--napi', '--strip', '--name', 'ferropool'];
// One folder serves both C libraries, so the file's name has to tell them apart.
if (process.platform === 'linux') args.push('--tag-libc');
await must(process.execPath, [bin('prebuildify', 'bin.js'), ...args]);
