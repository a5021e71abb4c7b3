// The measurements inside an opener's process.

import { setTimeout as sleep } from 'node:timers/promises';

import { busyLoop, threadCpuMS } from './busy-loop.mjs';
import { quantile } from './statistics.mjs';

/**
 * Has a new client establish `connections`: by as many check-outs at once, which keep what they get (`by` is `check-outs`), or by
 * its own population, up to `minPoolSize` (`by` is `minPoolSize`). What is not there after `limitMS` is not waited for. With `memory`,
 * what each has taken is measured instead of time.
 */
export async function opening(open, { by, connections, maxConnecting, limitMS, busy, memory }) {
  const minPoolSize = by === 'minPoolSize' ? connections : 0;
  const loop = busy ? busyLoop() : undefined;
  const [cpuBefore, threadBefore, begin] = [process.cpuUsage(), threadCpuMS(), performance.now()];

  const client = open({ minPoolSize, maxPoolSize: connections, maxConnecting });
  const readyMS = [];
  const checkIns = [];
  const established =
    by === 'minPoolSize'
      ? new Promise((resolve) => {
          client.onReady(() => readyMS.push(performance.now() - begin) === connections && resolve());
        })
      : undefined;
  let over = false;
  const checkOut = async () => {
    const checkIn = await client.checkOut();
    if (over) return checkIn();
    checkIns.push(checkIn);
    readyMS.push(performance.now() - begin);
  };
  let bytesWithOne;
  const all = async () => {
    await client.connect();
    if (memory) bytesWithOne = await residentWithOne(client);
    await (established ?? Promise.all(Array.from({ length: connections }, checkOut)));
  };
  await within(all(), limitMS);
  over = true;

  const elapsedMS = performance.now() - begin;
  if (readyMS.length === 0) throw new Error(`not one connection in ${limitMS} ms`);
  const bytesPerConnection = memory ? await residentWithAll(checkIns, bytesWithOne) : undefined;
  const thread = threadCpuMS();
  const { user, system } = process.cpuUsage(cpuBefore);
  const { longestDelayMS, blocksCpuMS = 0 } = loop?.stop() ?? {};
  return {
    result: {
      operations: readyMS.length,
      connections: readyMS.length,
      // A rate over what it took, or over all of the time that it was given.
      elapsedMS,
      cpuMS: (user + system) / 1000 - blocksCpuMS,
      threadCpuMS: thread === undefined ? undefined : thread - threadBefore - blocksCpuMS,
      p50MS: quantile(readyMS, 0.5),
      p99MS: quantile(readyMS, 0.99),
      longestDelayMS,
      bytesPerConnection,
    },
    close: async () => {
      for (const checkIn of checkIns) checkIn();
      await client.close();
    },
  };
}

/** Requests at once of a client that has not been used, so that it neither knows its server nor has a connection. */
export async function burst(open, { requests, connections, limitMS }) {
  const [cpuBefore, threadBefore, begin] = [process.cpuUsage(), threadCpuMS(), performance.now()];
  const client = open({ maxPoolSize: connections });
  let opened = 0;
  client.on('connectionCreated', () => (opened += 1));
  const servedMS = [];
  const request = async () => {
    await client.ping();
    servedMS.push(performance.now() - begin);
  };
  await within(Promise.all(Array.from({ length: requests }, request)), limitMS);
  const elapsedMS = performance.now() - begin;
  const thread = threadCpuMS();
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    result: {
      operations: servedMS.length,
      connections: opened,
      elapsedMS,
      cpuMS: (user + system) / 1000,
      threadCpuMS: thread === undefined ? undefined : thread - threadBefore,
      p50MS: quantile(servedMS, 0.5),
      p99MS: quantile(servedMS, 0.99),
    },
    close: () => client.close(),
  };
}

async function within(work, limitMS) {
  const limit = new AbortController();
  await Promise.race([work, sleep(limitMS, undefined, { signal: limit.signal }).catch(() => {})]);
  limit.abort();
}

/** The client itself is not its connections' memory. */
async function residentWithOne(client) {
  await client.ping();
  return residentAtRest();
}

/** They are all available then, as most are at most times. What each has taken, beside the first. */
async function residentWithAll(checkIns, bytesWithOne) {
  const connections = checkIns.length;
  for (const checkIn of checkIns.splice(0)) checkIn();
  return ((await residentAtRest()) - bytesWithOne) / (connections - 1);
}

/** Pages are given back some time after a collection, so the least that is seen counts. */
async function residentAtRest() {
  const noise = 64 << 10;
  let least = Infinity;
  for (let since = 0; since < 5; since += 1) {
    globalThis.gc();
    await sleep(20);
    const bytes = process.memoryUsage.rss();
    if (bytes < least - noise) since = -1;
    least = Math.min(least, bytes);
  }
  return least;
}
