// The stub server, and its proxy in front of a real one, as a program beside a test, a demonstration or a bench.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { must } from './process.mjs';

/** Builds it and returns its path. The debug build serves tests, the release build is fast enough for benches. */
export async function buildStub({ release = false } = {}) {
  const manifest = ['--package', 'ferropool-stub', '--bin', 'ferropool-stub'];
  await must('cargo', ['build', '--quiet', ...manifest, ...(release ? ['--release'] : [])]);
  const { output } = await must('cargo', ['metadata', '--no-deps', '--format-version', '1'], { quiet: true });
  const name = process.platform === 'win32' ? 'ferropool-stub.exe' : 'ferropool-stub';
  return path.join(JSON.parse(output).target_directory, release ? 'release' : 'debug', name);
}

/**
 * Starts it; it ends when its standard input does, so it never outlives this process.
 *
 * @param {string[]} [args]
 * @param {{ program?: string }} [options] FERROPOOL_STUB, or a debug build, by default
 */
export async function startStub(args = [], { program = process.env.FERROPOOL_STUB } = {}) {
  // A group of its own: Ctrl-C in a terminal must not reach it before the program that uses it has finished.
  const options = { stdio: ['pipe', 'pipe', 'inherit'], detached: true };
  const child = spawn(program ?? (await buildStub()), args, options);
  await once(child, 'spawn');
  const exited = once(child, 'exit');
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    exited.then(([code]) => Promise.reject(new Error(`the stub ended with ${code} before it listened`))),
  ]);
  const { port } = JSON.parse(line);
  return {
    port,
    pid: child.pid,
    uri: `mongodb://127.0.0.1:${port}/?directConnection=true`,
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

/**
 * Starts a proxy in front of a real server, which makes it look like another kind of deployment.
 *
 * @param {{ to: string, as?: 'mongos' | 'load-balancer', services?: number }} options `to`: the server's IP address and port;
 *   `services`: how many stand behind a load balancer, by default one
 */
export async function startProxy({ to, as = 'mongos', services = 1 }) {
  const balancing = as === 'load-balancer';
  const proxy = await startStub([`--proxy=${to}`, `--as=${as}`, ...(balancing ? [`--service-ids=${services}`] : [])]);
  const address = `127.0.0.1:${proxy.port}`;
  return { ...proxy, address, uri: `mongodb://${address}/${balancing ? '?loadBalanced=true' : ''}` };
}
