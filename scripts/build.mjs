#!/usr/bin/env node
// `npm run build`: the addon in build/Release and the package in dist/. `-- --debug` builds the addon quickly instead.

import { rmSync } from 'node:fs';
import path from 'node:path';

import { buildNative } from './build-native.mjs';
import { buildTypeScript } from './build-ts.mjs';
import { ensureInstalled } from './install.mjs';
import { isMain, root } from './process.mjs';

/** Everything that `import 'ferropool'` from the repository needs, from a fresh clone on. */
export async function build({ debug = false } = {}) {
  await ensureInstalled();
  // node-gyp-build prefers Release, so the other one of the two must not stay behind.
  rmSync(path.join(root, 'build', debug ? 'Release' : 'Debug', 'ferropool.node'), { force: true });
  await buildNative({ debug });
  await buildTypeScript();
}

if (isMain(import.meta.url)) await build({ debug: process.argv.includes('--debug') });
