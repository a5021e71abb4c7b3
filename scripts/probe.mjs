// Builds test/packaging/probe, once for each version of its sources: a C++ addon that looks at the event loop for tests.

import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { bin, cache, must, root } from './process.mjs';

/** @returns {Promise<string>} the path of the addon */
export async function buildProbe() {
  const sources = path.join(root, 'test', 'packaging', 'probe');
  const hash = createHash('sha256');
  for (const name of ['binding.gyp', 'probe.cc']) hash.update(readFileSync(path.join(sources, name)));
  const directory = path.join(cache, 'probe', hash.digest('hex').slice(0, 16));
  const addon = path.join(directory, 'build', 'Release', 'probe.node');
  if (existsSync(addon)) return addon;

  mkdirSync(directory, { recursive: true });
  cpSync(sources, directory, { recursive: true });
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
