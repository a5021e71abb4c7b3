// A client that is used now and then: a burst, then one operation at a time.

import { setTimeout as sleep } from 'node:timers/promises';

/** The job: `{ uri, options, everyMS, operations }`, answered when the operations are done. */
export function subject(open) {
  return async ({ uri, options, burst, everyMS, operations }) => {
    const client = open(uri, options);
    await client.connect();
    await Promise.all(Array.from({ length: burst }, () => client.ping()));
    let failed = 0;
    const latencies = [];
    for (let left = operations; left > 0; left -= 1) {
      await sleep(everyMS);
      const begin = performance.now();
      await client.ping().catch(() => (failed += 1));
      latencies.push(performance.now() - begin);
    }
    await client.close();
    return { failed, latencies };
  };
}
