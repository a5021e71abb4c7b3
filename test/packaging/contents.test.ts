import { execFileSync } from 'node:child_process';

import { beforeAll, describe, expect, it } from 'vitest';

/** What `npm pack` would put into the tarball. */
let files: string[];

beforeAll(() => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  // npm 12 keys the report by package name, npm 11 and older list it.
  const report: unknown = JSON.parse(output);
  const [packed] = Object.values(report as Record<string, { files: { path: string }[] }>);
  files = packed?.files.map((file) => file.path) ?? [];
});

// Each pattern is a file's reason to be there.
const reasons = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|MIGRATION\.md)$/,
  /^dist\/.+\.(js|mjs|js\.map|d\.ts|d\.mts)$/,
  /^prebuilds\/[a-z0-9]+-[a-z0-9]+\/ferropool(\.glibc|\.musl)?\.node$/,
  // A build from source.
  /^(binding\.gyp|\.cargo\/config\.toml|Cargo\.(toml|lock)|scripts\/build-native\.mjs)$/,
  /^crates\/[a-z]+\/(Cargo\.toml|build\.rs|src\/.+\.rs)$/,
];

describe('the tarball', () => {
  it('has a reason for every file', () => {
    expect(files.filter((file) => !reasons.some((reason) => reason.test(file)))).toEqual([]);
  });

  it('has the entries that package.json names', () => {
    expect(files).toEqual(
      expect.arrayContaining(['dist/index.js', 'dist/index.mjs', 'dist/index.d.ts', 'dist/index.d.mts']),
    );
  });

  it('has what a build from source needs', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'binding.gyp',
        'scripts/build-native.mjs',
        '.cargo/config.toml',
        'Cargo.toml',
        'Cargo.lock',
        'crates/node/Cargo.toml',
        'crates/node/build.rs',
        'crates/node/src/lib.rs',
      ]),
    );
  });

  it('has neither tests nor the stub server', () => {
    expect(files.filter((file) => /^test\/|(^|\/)tests?(\/|\.rs$)|^crates\/stub\/|^bench\//.test(file))).toEqual([]);
  });
});
