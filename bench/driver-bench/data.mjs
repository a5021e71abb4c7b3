// The specification's own data sets.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { cache, root } from '../../scripts/process.mjs';

const files = { tweet: 'tweet.json', small: 'small_doc.json', large: 'large_doc.json' };
const folder = 'single_and_multi_document';

/** Unpacks them, once, and says where they are. */
export function unpackData() {
  const specifications = path.resolve(root, process.env.MONGODB_SPECIFICATIONS ?? '../shared/specifications');
  const archive = path.join(specifications, 'benchmarking', 'data', `${folder}.tgz`);
  if (!existsSync(archive)) throw new Error(`there is no ${path.relative(root, archive)} (MONGODB_SPECIFICATIONS)`);
  const directory = path.join(cache, 'driver-bench');
  const wanted = Object.values(files).map((file) => `${folder}/${file}`);
  if (!wanted.every((file) => existsSync(path.join(directory, file)))) {
    mkdirSync(directory, { recursive: true });
    execFileSync('tar', ['-xzf', archive, '-C', directory, ...wanted]);
  }
  return path.join(directory, folder);
}

/** The documents by name. */
export function readData(directory) {
  const read = (file) => JSON.parse(readFileSync(path.join(directory, file), 'utf8'));
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, read(file)]));
}
