import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { discard, installPacked, packWithPrebuild, usePacked } from '../../scripts/packed.mjs';
import { npm, root } from '../../scripts/process.mjs';
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

// What npm runs at installation on a platform that has no prebuilt binary. What is proven is that the published files are
// enough, without the development dependencies; crates that have been compiled for this repository's own addon are the same ones.
it('builds from the packed sources where there is no prebuilt binary', { timeout: 600_000 }, async () => {
  const installed = path.join(user, 'node_modules', 'ferropool');
  rmSync(path.join(installed, 'prebuilds'), { recursive: true });

  await npm(['rebuild', 'ferropool', '--loglevel=error'], {
    cwd: user,
    quiet: true,
    env: {
      // `npm test` passes on this project's own configuration, which a user does not have.
      npm_config_ignore_scripts: 'false',
      CARGO_TARGET_DIR: process.env.CARGO_TARGET_DIR ?? path.join(root, 'target'),
    },
  });

  expect(existsSync(path.join(installed, 'build', 'Release', 'ferropool.node'))).toBe(true);
  await usePacked(user, stub.uri);
});
