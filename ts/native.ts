import path from 'node:path';
import type * as Addon from './addon';

// node-gyp-build has no typings and is one function: the prebuilt binary, or the one in build/.
const load = require('node-gyp-build') as (directory: string) => typeof Addon;

export const native = load(path.join(__dirname, '..'));
