// The measurement at a fixed rate: operations begin when they are due, whether others have ended or not.

import { quantile } from './statistics.mjs';

const machineClock = { now: () => performance.now(), turn: () => new Promise((resolve) => setImmediate(resolve)) };

/**
 * Begins `rate` operations a second. Each latency is from when its operation was due, not from when it began: what a stalled process
 * begins late has waited as well (no coordinated omission). Processor time is not told: looking at the clock takes all there is.
 *
 * @param {() => Promise<unknown>} operation
 * @param {number} rate operations a second
 * @param {number} milliseconds how long they are begun; all are waited for
 * @param {number} settleMS before that, how long they are begun and not counted
 */
export async function openLoop(operation, rate, milliseconds, settleMS = 0, { now, turn } = machineClock) {
  const uncounted = Math.floor((rate * settleMS) / 1000);
  const latencies = new Float64Array(uncounted + Math.floor((rate * milliseconds) / 1000));
  const begin = now();
  const due = (number) => begin + (number * 1000) / rate;
  const run = async (number) => {
    await operation();
    latencies[number] = now() - due(number);
  };
  const running = [];
  // A timer's millisecond is eight operations, which would begin together.
  for (; running.length < latencies.length; await turn()) {
    while (running.length < latencies.length && due(running.length) <= now()) running.push(run(running.length));
  }
  await Promise.all(running);
  const elapsedMS = now() - due(uncounted);
  const counted = latencies.subarray(uncounted).sort();
  return { operations: counted.length, elapsedMS, p50MS: quantile(counted, 0.5), p99MS: quantile(counted, 0.99) };
}
