// A client whose event loop is blocked for seconds at a time: what its monitor knows afterwards.

import { setTimeout as sleep } from 'node:timers/promises';

/** What is heard so soon after a block happened inside of it. */
const turnMS = 50;

/**
 * Jobs: `{ open: { uri, options } }`, then `{ phase: 'free' | 'blocked', milliseconds }` as often as wanted, each answered with the
 * heartbeats of that time, then `{ close: true }`.
 */
export function subject(open) {
  let client;
  const heard = { durations: [], failures: 0, cleared: 0 };
  return async (job) => {
    if (job.open) {
      client = open(job.open.uri, job.open.options);
      client.on('serverHeartbeatSucceeded', ({ awaited, duration }) => !awaited && heard.durations.push(duration));
      client.on('serverHeartbeatFailed', () => (heard.failures += 1));
      client.on('connectionPoolCleared', () => (heard.cleared += 1));
      await client.connect();
      await client.ping();
      return {};
    }
    if (job.close) {
      await client.close();
      return {};
    }
    Object.assign(heard, { durations: [], failures: 0, cleared: 0 });
    if (job.phase === 'free') {
      await sleep(job.milliseconds);
      return { ...heard };
    }
    for (const begin = performance.now(); performance.now() - begin < job.milliseconds; );
    const end = performance.now();
    const failed = await client.ping().then(() => 0, () => 1);
    const pingMS = performance.now() - end;
    await sleep(turnMS);
    return { ...heard, failed, pingMS };
  };
}
