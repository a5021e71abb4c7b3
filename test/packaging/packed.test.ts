import path from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { discard, installPacked, packWithPrebuild, usePacked } from '../../scripts/packed.mjs';
import { startStub } from '../../scripts/stub.mjs';

let tarball: string;
let user: string;
let stub: Awaited<ReturnType<typeof startStub>>;

beforeAll(async () => {
  stub = await startStub();
  tarball = await packWithPrebuild();
  user = await installPacked(tarball);
});

afterAll(async () => {
  await stub.stop();
  discard(path.dirname(tarball));
  discard(user);
});

it('loads from ESM and CommonJS, as one instance, and runs a command, installed without install scripts', async () => {
  expect(await usePacked(user, stub.uri)).toEqual(['esm.mjs', 'commonjs.cjs', 'both.mjs']);
});
