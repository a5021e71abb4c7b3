// The measurement inside an opener's process.

import { setTimeout as sleep } from 'node:timers/promises';

import { busyLoop, threadCpuMS } from './busy-loop.mjs';
import { quantile } from './closed-loop.mjs';

/**
 * Has a new client establish `connections`: by as many check-outs at once, which keep what they get (`by` is `check-outs`), or by
 * its own population, up to `minPoolSize` (`by` is `minPoolSize`). What is not there after `limitMS` is not waited for.
 */
export async function opening(open, { by, connections, maxConnecting, limitMS, busy }) {
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
  const all = async () => {
    await client.connect();
    await (established ?? Promise.all(Array.from({ length: connections }, checkOut)));
  };
  const limit = new AbortController();
  await Promise.race([all(), sleep(limitMS, undefined, { signal: limit.signal }).catch(() => {})]);
  limit.abort();
  over = true;

  const elapsedMS = performance.now() - begin;
  if (readyMS.length === 0) throw new Error(`not one connection in ${limitMS} ms`);
  const thread = threadCpuMS();
  const { user, system } = process.cpuUsage(cpuBefore);
  const { longestDelayMS = 0, blocksCpuMS = 0 } = loop?.stop() ?? {};
  return {
    result: {
      operations: readyMS.length,
      // A rate over what it took, or over all of the time that it was given.
      elapsedMS,
      cpuMS: (user + system) / 1000 - blocksCpuMS,
      threadCpuMS: thread === undefined ? undefined : thread - threadBefore - blocksCpuMS,
      p50MS: quantile(readyMS, 0.5),
      p99MS: quantile(readyMS, 0.99),
      longestDelayMS,
    },
    close: async () => {
      for (const checkIn of checkIns) checkIn();
      await client.close();
    },
  };
}
