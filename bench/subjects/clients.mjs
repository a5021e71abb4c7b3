// Many clients of one replica set in a process: what they cost together.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The job: `{ uri, options, clients, idleMS }`. The first client, which has everybody's code compiled, is not among those counted. */
export function subject(open) {
  return async ({ uri, options, clients: count, idleMS }) => {
    const first = await use(open(uri, options));
    await sleep(1_000);
    const before = { ...threadsAndMemory() };

    const begin = performance.now();
    const clients = await Promise.all(Array.from({ length: count }, () => use(open(uri, options))));
    const connectMS = performance.now() - begin;
    await sleep(2_000);
    const connected = threadsAndMemory();

    const cpuBefore = process.cpuUsage();
    const idleBegin = performance.now();
    await sleep(idleMS);
    const { user, system } = process.cpuUsage(cpuBefore);
    const idleCpuPercent = (user + system) / 10 / (performance.now() - idleBegin);

    const closing = performance.now();
    await Promise.all([first, ...clients].map((client) => client.close()));
    return {
      connectMS,
      closeMS: performance.now() - closing,
      threadsBefore: before.threads,
      threads: connected.threads,
      bytesPerClient: (connected.resident - before.resident) / count,
      idleCpuPercent,
    };
  };
}

/** Connects, and asks the primary and a secondary something. */
async function use(client) {
  await client.connect();
  await Promise.all(['primary', 'secondary'].map((mode) => client.ping(mode)));
  return client;
}

function threadsAndMemory() {
  globalThis.gc?.();
  const status = readFileSync('/proc/self/status', 'utf8');
  const field = (name) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)[1]);
  return { threads: field('Threads'), resident: field('VmRSS') * 1024 };
}
