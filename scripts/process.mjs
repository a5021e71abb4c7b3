// Running other programs, and knowing where the repository is.

import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const cache = path.join(root, '.cache');

/** A program ended in another way than with exit code 0. */
export class CommandFailed extends Error {
  constructor(command, args, code, output) {
    super(`\`${[command, ...args].join(' ')}\` failed (${code})`);
    this.name = 'CommandFailed';
    this.code = code;
    this.output = output;
  }
}

/**
 * Runs a program in the repository's root.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {object} [options]
 * @param {NodeJS.ProcessEnv} [options.env] added to this process's environment
 * @param {boolean} [options.capture] keep what it prints
 * @param {boolean} [options.quiet] do not show what it prints, which implies keeping it
 * @param {number} [options.timeoutMS]
 * @returns {Promise<{ code: number | string, output: string }>} a failure is an answer here; see `must`
 */
export function run(command, args, { env, capture = false, quiet = false, timeoutMS, cwd = root } = {}) {
  const piped = capture || quiet;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', piped ? 'pipe' : 'inherit', piped ? 'pipe' : 'inherit'],
      timeout: timeoutMS,
    });
    const chunks = [];
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from?.on('data', (chunk) => {
        chunks.push(chunk);
        if (!quiet) to.write(chunk);
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? signal, output: Buffer.concat(chunks).toString() }));
  });
}

/** `run`, for a program whose failure leaves nothing to go on with. */
export async function must(command, args, options) {
  const result = await run(command, args, options);
  if (result.code !== 0) {
    if (options?.quiet) process.stderr.write(result.output);
    throw new CommandFailed(command, args, result.code, result.output);
  }
  return result;
}

/** npm's own command line: through the npm that runs us, so that Windows needs no shell to find `npm.cmd`. */
export function npm(args, options) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('npm-cli.js')
    ? must(process.execPath, [cli, ...args], options)
    : must('npm', args, { ...options });
}

/** The entry point of a program that a development dependency installed, to be run with Node. */
export function bin(...segments) {
  return path.join(root, 'node_modules', ...segments);
}

/** Whether a module is the program that was started, not one that another file imports. */
export function isMain(url) {
  return process.argv[1] !== undefined && fileURLToPath(url) === realpathSync(process.argv[1]);
}
