// A program in a process of its own: for how processes end, and for what nobody caught.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { root } from '../../scripts/process.mjs';

export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs the text of an ES module that imports what the package exports, with `env` in its environment. One that does not
 * end by itself is killed after `limitMS`, and shows it by its signal.
 */
export async function runProgram(text: string, { limitMS = 15_000, env = {} }: { limitMS?: number; env?: Record<string, string> } = {}): Promise<Ended> {
  const program = `import { ConnectionPool, MongoClient } from 'ferropool';\n${text}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMS,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  return { code, signal, stdout, stderr };
}

async function textOf(stream: NonNullable<ChildProcess['stdout']>): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk as string;
  return text;
}
