// Builds an addon of C++, once for each version of its sources, away from build/Release, which may hold ferropool's alone.

import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { bin, cache, must, root } from './process.mjs';

/** The addon that looks at the event loop for tests. */
export function buildProbe() {
  return buildAddon('probe', path.join(root, 'test', 'packaging', 'probe'));
}

/**
 * Builds what a `binding.gyp` describes. It needs what node-gyp needs: a compiler, make, Python, and Node's headers, which are
 * fetched where they are not on the machine.
 *
 * @param {string} name the target's
 * @param {string} sources the directory with the `binding.gyp`
 * @returns {Promise<string>} the path of the addon
 */
export async function buildAddon(name, sources) {
  const hash = createHash('sha256');
  const files = readdirSync(sources).filter((file) => /\.(gyp|cc)$/.test(file));
  for (const file of files.toSorted()) hash.update(readFileSync(path.join(sources, file)));
  const directory = path.join(cache, name, hash.digest('hex').slice(0, 16));
  const addon = path.join(directory, 'build', 'Release', `${name}.node`);
  if (existsSync(addon)) return addon;

  mkdirSync(directory, { recursive: true });
  for (const file of files) cpSync(path.join(sources, file), path.join(directory, file));
  const headers = nodeHeaders();
  await must(
    process.execPath,
    [bin('node-gyp', 'bin', 'node-gyp.js'), 'rebuild', '--loglevel=error', ...(headers ? [`--nodedir=${headers}`] : [])],
    { cwd: directory, quiet: true },
  );
  return addon;
}

/** Headers that are on the machine spare a download. Node-API is stable, so those of another Node.js serve as well. */
function nodeHeaders() {
  return [process.env.npm_config_nodedir, path.dirname(path.dirname(process.execPath)), '/usr', '/usr/local'].find(
    (prefix) => prefix !== undefined && existsSync(path.join(prefix, 'include', 'node', 'node_api.h')),
  );
}
