// cargo-deny: licences, bans and sources always; advisories where their database can be reached.

import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';

import { cache, must, run } from './process.mjs';

const version = '0.20.2';

/** The path of cargo-deny: the one on the PATH, or ours, built once (about a minute on two cores). */
export async function ensureCargoDeny() {
  const onPath = await run('cargo-deny', ['--version'], { quiet: true }).catch(() => undefined);
  if (onPath?.code === 0 && onPath.output.includes(version)) return 'cargo-deny';

  const home = path.join(cache, `cargo-deny-${version}`);
  const program = path.join(home, 'bin', process.platform === 'win32' ? 'cargo-deny.exe' : 'cargo-deny');
  if (!existsSync(program)) {
    console.error(`building cargo-deny ${version} (once, about a minute)`);
    const target = path.join(home, 'target');
    // Unoptimised and without its own git client: it runs for half a second, and compiles four times as fast.
    await must(
      'cargo',
      ['install', 'cargo-deny', '--version', version, '--locked', '--debug', '--no-default-features', '--root', home, '--target-dir', target],
      { quiet: true, env: { CARGO_PROFILE_DEV_DEBUG: '0' } },
    );
    rmSync(target, { recursive: true, force: true });
  }
  return program;
}

/**
 * @returns {Promise<{ passed: boolean, advisories: 'passed' | 'failed' | 'unreachable' }>}
 */
export async function deny() {
  const program = await ensureCargoDeny();
  const rules = await run(program, ['--log-level', 'error', 'check', 'licenses', 'bans', 'sources']);
  const advisories = await run(program, ['--log-level', 'error', 'check', 'advisories'], {
    quiet: true,
    timeoutMS: 120_000,
  });
  const unreachable = /failed to (fetch|acquire|clone|load) advisory database|failed to fetch/i.test(advisories.output);
  if (advisories.code !== 0 && !unreachable) process.stderr.write(advisories.output);
  return {
    passed: rules.code === 0,
    advisories: unreachable ? 'unreachable' : advisories.code === 0 ? 'passed' : 'failed',
  };
}
