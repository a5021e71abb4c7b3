// A contender's process, as the parent sees it: a line in, a line out.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const program = path.join(import.meta.dirname, 'contender.mjs');

/** Starts a contender; it is connected when this resolves. */
export async function startContender(name, { uri, maxPoolSize, core }) {
  const [command, args] =
    name === 'core' ? [core, [uri, maxPoolSize]] : [process.execPath, [program, name, uri, maxPoolSize]];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    // One that hangs ends, and is told of, instead of keeping everything waiting.
    const patience = setTimeout(() => child.kill('SIGKILL'), 30_000);
    const { done, value } = await lines.next().finally(() => clearTimeout(patience));
    if (done) throw new Error(`the contender ${name} ended before it answered`);
    return JSON.parse(value);
  };
  await answer();
  return {
    name,
    pid: child.pid,
    run: (job) => {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      return answer();
    },
    stop: async () => {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
