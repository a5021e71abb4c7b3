// An event loop that is busy 80 % of the time, as that of a process with work of its own; and how late it is in the rest.

import { readFileSync } from 'node:fs';

const blockMS = 80;
const freeMS = 20;
const probeMS = 1;

/**
 * Begins blocking the event loop. What `stop` gives leaves the blocks out: the longest
 * delay of a timer that was due between two of them, and their processor time, which is to be subtracted.
 */
export function busyLoop() {
  let timer;
  let longestDelayMS = 0;
  let blocksCpuMS = 0;
  const block = () => {
    const begin = performance.now();
    const cpu = threadCpuMS();
    while (performance.now() - begin < blockMS);
    const end = performance.now();
    blocksCpuMS += cpu === undefined ? end - begin : threadCpuMS() - cpu;
    probe(end + freeMS);
  };
  const probe = (until) => {
    const due = performance.now() + probeMS;
    timer = setTimeout(() => {
      const now = performance.now();
      longestDelayMS = Math.max(longestDelayMS, now - due);
      if (now >= until) block();
      else probe(until);
    }, probeMS);
  };
  block();
  // The blocks that were before the caller's clock began are not the caller's.
  blocksCpuMS = 0;
  return {
    stop: () => {
      clearTimeout(timer);
      return { longestDelayMS, blocksCpuMS };
    },
  };
}

/** The processor time of JavaScript's thread, in milliseconds; `undefined` where neither Node.js nor `/proc` says. */
export function threadCpuMS() {
  if (process.threadCpuUsage) {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  }
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ', 1)[0]) / 1e6;
  } catch {
    return undefined;
  }
}
