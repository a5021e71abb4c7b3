// A contender's process, as the parent sees it: a line in, a line out.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const program = (name) => path.join(import.meta.dirname, name);

/** Starts a contender; it is connected when this resolves. With `events`, it listens to all that there are. */
export function startContender(name, { uri, maxPoolSize, core, events = false }) {
  if (name === 'core') return start(name, core, [uri, maxPoolSize]);
  return start(name, process.execPath, [program('contender.mjs'), name, uri, maxPoolSize, ...(events ? ['events'] : [])]);
}

/** Starts one that opens connections when it is told to. */
export function startOpener(name, { uri }) {
  return start(name, process.execPath, ['--expose-gc', program('opener.mjs'), name, uri]);
}

/** Starts one that plays its part in a scenario of `subjects/`. */
export function startSubject(scenario, name, nodeArgs = []) {
  return start(name, process.execPath, [...nodeArgs, program('subject.mjs'), scenario, name]);
}

async function start(name, command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (patienceMS = 30_000) => {
    // One that hangs ends, and is told of, instead of keeping everything waiting.
    const patience = setTimeout(() => child.kill('SIGKILL'), patienceMS);
    const { done, value } = await lines.next().finally(() => clearTimeout(patience));
    if (done) throw new Error(`the contender ${name} ended before it answered`);
    return JSON.parse(value);
  };
  await answer();
  return {
    name,
    pid: child.pid,
    run: (job, patienceMS) => {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      return answer(patienceMS);
    },
    stop: async () => {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
