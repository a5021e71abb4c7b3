// `npm start` and `npm test` are typed in a fresh clone. Until this has run, scripts import Node's modules alone.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { npm, root } from './process.mjs';

/** Installs what the lock file says, unless exactly that is installed. */
export async function ensureInstalled() {
  const modules = path.join(root, 'node_modules');
  const stamp = path.join(modules, '.installed-lock');
  // Contents, not times: a checkout makes every file new, and an editor may keep an old date.
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;

  // No install scripts: ours would build the addon before anything has been checked, and none of the others is needed.
  console.error('installing what package-lock.json names');
  // Quiet: whoever runs this may print something of its own that a program reads.
  await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { quiet: true });
  writeFileSync(stamp, wanted);
}
