import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MongoClient } from 'ferropool';

import { startStub } from '../../scripts/stub.mjs';

let stub: Awaited<ReturnType<typeof startStub>>;
let controller: MongoClient;
const control = (fields: object) => controller.db('admin').command({ stubControl: 1, ...fields });
const checksSeen = async () => ((await controller.db('admin').command({ stubStatus: 1 })) as { accepted: number }).accepted;

beforeAll(async () => {
  stub = await startStub();
  controller = new MongoClient(stub.uri, { appName: 'stub-control', maxPoolSize: 1 });
});

afterAll(async () => {
  await controller.close();
  await stub.stop();
});

// "Server Selection": whoever waits asks for a check, and again after each check that found no server. The heartbeat alone
// would look again in ten minutes.
describe.each(['event-loop', 'tokio'] as const)('on lane %s', (lane) => {
  it('an operation that waits gets a server that comes back after several failed checks', async () => {
    const options = { lane, heartbeatFrequencyMS: 600_000, minHeartbeatFrequencyMS: 10, serverSelectionTimeoutMS: 5000 };
    const client = new MongoClient(stub.uri, options);
    try {
      await control({ closeOnAccept: true });
      const before = await checksSeen();
      const ended = new AbortController();
      const reply = client.db('demo').command({ ping: 1 });
      reply.catch(() => undefined).finally(() => ended.abort());
      while (!ended.signal.aborted && (await checksSeen()) < before + 3) await new Promise((resolve) => setImmediate(resolve));
      await control({ clear: true });

      await expect(reply).resolves.toMatchObject({ ok: 1 });
    } finally {
      await control({ clear: true });
      await client.close();
    }
  });
});
