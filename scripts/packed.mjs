// The package as a user gets it: a tarball, installed in an empty directory without install scripts, loaded, used.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { must, npm, root } from './process.mjs';

const use = (uri) => `
const client = new MongoClient(${JSON.stringify(uri)});
const reply = await client.db('t').command({ ping: 1 });
if (reply.ok !== 1) throw new Error(JSON.stringify(reply));
await client.close();
console.log('used');
`;

/** How a user may load the package, as programs. */
const programs = {
  'esm.mjs': (uri) => `import { MongoClient } from 'ferropool';\n${use(uri)}`,
  'commonjs.cjs': (uri) => `const { MongoClient } = require('ferropool');\n(async () => {${use(uri)}})();\n`,
  // Whoever loads it, there is one instance: a class from one is the class from the other.
  'both.mjs': () => `
import * as esm from 'ferropool';
import { createRequire } from 'node:module';
const commonjs = createRequire(import.meta.url)('ferropool');
const names = Object.keys(commonjs).sort();
const seen = Object.keys(esm).filter((name) => name !== 'default' && name !== 'module.exports').sort();
if (names.join() !== seen.join()) throw new Error('ESM has ' + seen + ', CommonJS has ' + names);
for (const name of names) if (esm[name] !== commonjs[name]) throw new Error(name + ' exists twice');
console.log('used');
`,
};

/** Makes a tarball of the repository's files, with this platform's build in the place of a prebuilt binary. */
export async function packWithPrebuild() {
  const staging = mkdtempSync(path.join(os.tmpdir(), 'ferropool-pack-'));
  const { files } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  // The whole of each top folder: what the patterns in `files` take from it is npm's decision, not ours.
  const tops = new Set(files.filter((file) => !file.startsWith('!')).map((file) => file.split('/')[0]));
  for (const top of [...tops, 'package.json', 'README.md', 'LICENSE']) {
    if (top !== 'prebuilds' && existsSync(path.join(root, top))) {
      cpSync(path.join(root, top), path.join(staging, top), { recursive: true });
    }
  }
  const prebuilds = path.join(staging, 'prebuilds', `${process.platform}-${process.arch}`);
  mkdirSync(prebuilds, { recursive: true });
  cpSync(path.join(root, 'build', 'Release', 'ferropool.node'), path.join(prebuilds, 'ferropool.node'));
  await npm(['pack', '--ignore-scripts', '--loglevel=error'], { cwd: staging, quiet: true });
  return path.join(staging, readdirSync(staging).find((name) => name.endsWith('.tgz')));
}

/** Installs a tarball in a new directory, its dependencies with it. */
export async function installPacked(tarball) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'ferropool-user-'));
  writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ name: 'user', private: true }));
  await npm(['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', tarball], {
    cwd: directory,
    quiet: true,
  });
  return directory;
}

/** Runs each program in a directory that has the package. Rejects with what the first one that fails said. */
export async function usePacked(directory, uri) {
  for (const [name, source] of Object.entries(programs)) {
    writeFileSync(path.join(directory, name), source(uri));
    const { output } = await must(process.execPath, [name], { cwd: directory, quiet: true, timeoutMS: 30_000 });
    if (!output.includes('used')) throw new Error(`${name} ended without having used the package: ${output}`);
  }
  return Object.keys(programs);
}

/** Removes what the functions above made. */
export function discard(directory) {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}
