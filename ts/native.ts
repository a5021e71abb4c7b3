import path from 'node:path';
import type * as Addon from './addon';

// node-gyp-build has no typings and is one function: the prebuilt binary, or the one in build/.
const load = require('node-gyp-build') as (directory: string) => typeof Addon;

// A copy: the addon's own object is a hash table to V8, which looks a function up at each call.
export const native = { ...load(path.join(__dirname, '..')) };
