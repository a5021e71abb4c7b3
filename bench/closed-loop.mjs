// The measurement inside a contender's process.

import { quantile } from './statistics.mjs';

/** What a run may record; beyond that, latencies are those of its beginning. */
const latencies = new Float64Array(1 << 21);

/**
 * Keeps `concurrency` operations in flight until `milliseconds` have passed. It begins to count when `settleMS` have passed and as many
 * have ended as are in flight, so that its beginning has as many half done as its end; what ends later is waited for and not
 * counted. Processor time is the whole process's, every thread. An operation that gives a number was to be measured in part: that is
 * its latency.
 */
export async function closedLoop(operation, concurrency, milliseconds, settleMS = 0) {
  const settled = performance.now() + settleMS;
  let ended = 0;
  let count = 0;
  let begin;
  let last;
  let cpuBefore;
  let cpu;
  const worker = async () => {
    for (let since = performance.now(); cpu === undefined; ) {
      const latency = await operation();
      const now = performance.now();
      if (cpu !== undefined) return;
      ended += 1;
      if (begin !== undefined) {
        if (count < latencies.length) latencies[count] = latency ?? now - since;
        count += 1;
        last = now;
        if (now - begin >= milliseconds) cpu = process.cpuUsage(cpuBefore);
      } else if (now >= settled && ended >= concurrency) {
        begin = now;
        cpuBefore = process.cpuUsage();
      }
      since = now;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const recorded = latencies.subarray(0, Math.min(count, latencies.length)).sort();
  return {
    operations: count,
    elapsedMS: last - begin,
    cpuMS: (cpu.user + cpu.system) / 1000,
    p50MS: quantile(recorded, 0.5),
    p99MS: quantile(recorded, 0.99),
  };
}

/** Pairs that cost less than a look at the clock: `batch(1000)` makes a thousand, in turn. */
export async function pairs(batch, milliseconds) {
  const each = [];
  const size = 1000;
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  let last = begin;
  while (last - begin < milliseconds) {
    const pending = batch(size);
    if (pending) await pending;
    const now = performance.now();
    each.push((now - last) / size);
    last = now;
  }
  const cpu = process.cpuUsage(cpuBefore);
  const sorted = Float64Array.from(each).sort();
  return {
    operations: each.length * size,
    elapsedMS: last - begin,
    cpuMS: (cpu.user + cpu.system) / 1000,
    p50MS: quantile(sorted, 0.5),
    p99MS: quantile(sorted, 0.99),
  };
}
