// JavaScript is busy for longer than connectTimeoutMS, again and again. The servers are watched all the same, and seem no further away.

import type { MongoClient } from 'ferropool';
import { describe, expect, test } from 'vitest';

import { EventLog, topologyEventNames } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const blockMS = 1_500;
const blocks = 5;
/** What a round trip takes at the least. */
const helloDelayMS = 100;
const modes = ['poll', 'stream'] as const;

describe(`the event loop blocked for ${blockMS} ms at a time, ${blocks} times`, () => {
  const stub = useStub();

  onBothLanes((lane) => {
    test('heartbeats go on inside the blocks, no pool is cleared, and round-trip times stay what they are', async () => {
      await stub.current.control({ helloDelayMS });
      const clients = modes.map((serverMonitoringMode) =>
        openClient(stub.current.uri, { lane, serverMonitoringMode, heartbeatFrequencyMS: 500, connectTimeoutMS: 1_000 }),
      );
      const logs = clients.map((client) => new EventLog(client, [...topologyEventNames, 'connectionPoolCleared']));
      await Promise.all(clients.map(ping));

      for (let block = 0; block < blocks; block += 1) {
        const { helloSeen } = await stub.current.status();
        for (const end = Date.now() + blockMS; Date.now() < end; );
        // One for each client, of the two that there is time for: a busy machine delays them, a blocked loop would prevent them.
        expect((await stub.current.status()).helloSeen).toBeGreaterThanOrEqual(helloSeen + clients.length);
        await Promise.all(clients.map(ping));
      }

      for (const log of logs) {
        expect(log.of('serverHeartbeatFailed')).toEqual([]);
        expect(log.of('connectionPoolCleared')).toEqual([]);
        log.clear();
      }
      // A server that is described otherwise shows what is known of its round-trip times.
      await stub.current.control({ helloOverrides: { maxWireVersion: 20 } });
      for (const log of logs) {
        const { newDescription } = await log.nth('serverDescriptionChanged');
        expect(newDescription.roundTripTime).toBeGreaterThanOrEqual(helloDelayMS);
        expect(newDescription.roundTripTime).toBeLessThan(2 * helloDelayMS);
      }
    });
  });
});

async function ping(client: MongoClient): Promise<void> {
  expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
}
