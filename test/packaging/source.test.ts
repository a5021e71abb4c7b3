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

// What npm runs at installation on a platform that has no prebuilt binary, with the profile of a quick build: what is
// proven is that the published files are enough, and without the development dependencies.
it('builds from the packed sources where there is no prebuilt binary', { timeout: 600_000 }, async () => {
  const installed = path.join(user, 'node_modules', 'ferropool');
  rmSync(path.join(installed, 'prebuilds'), { recursive: true });

  await npm(['rebuild', 'ferropool', '--loglevel=error'], {
    cwd: user,
    quiet: true,
    env: {
      // `npm test` passes on this project's own configuration, which a user does not have.
      npm_config_ignore_scripts: 'false',
      CARGO_TARGET_DIR: path.join(root, 'target', 'packed'),
      CARGO_PROFILE_RELEASE_LTO: 'off',
      CARGO_PROFILE_RELEASE_OPT_LEVEL: '0',
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
    },
  });

  expect(existsSync(path.join(installed, 'build', 'Release', 'ferropool.node'))).toBe(true);
  await usePacked(user, stub.uri);
});
