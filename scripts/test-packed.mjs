#!/usr/bin/env node
// `node scripts/test-packed.mjs DIRECTORY`: tests the tarball in DIRECTORY on this platform, against the stub.

import { readdirSync } from 'node:fs';
import path from 'node:path';

import { discard, installPacked, usePacked } from './packed.mjs';
import { startStub } from './stub.mjs';

const source = path.resolve(process.argv[2]);
const tarball = readdirSync(source).find((name) => name.endsWith('.tgz'));
if (!tarball) throw new Error(`there is no tarball in ${source}`);

const stub = await startStub();
const user = await installPacked(path.join(source, tarball));
const used = await usePacked(user, stub.uri);
discard(user);
await stub.stop();
console.log(`${used.length} passed, 0 failed`);
