// The contender without JavaScript is an example of the client crate.

import path from 'node:path';

import { must } from '../scripts/process.mjs';

/** Builds it and gives its path. */
export async function buildCore() {
  if (process.env.FERROPOOL_CORE) return process.env.FERROPOOL_CORE;
  await must('cargo', ['build', '--quiet', '--release', '--package', 'ferropool-client', '--example', 'core']);
  const { output } = await must('cargo', ['metadata', '--no-deps', '--format-version', '1'], { quiet: true });
  const name = process.platform === 'win32' ? 'core.exe' : 'core';
  return path.join(JSON.parse(output).target_directory, 'release', 'examples', name);
}
