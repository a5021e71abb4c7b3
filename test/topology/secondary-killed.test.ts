// A replica set that loses a secondary has nothing to be sorry for but the reads that were under way there.

import type { MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog, isPoolEvent } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { addressOf, describeWithMongod, secondariesOf, useReplicaSet, type Member } from '../support/mongod.js';
import { expectLegalSequences, peaks } from '../support/sequences.js';
import { isRetryable, SteadyLoad } from '../support/steady-load.js';

const maxPoolSize = 10;

describeWithMongod('a secondary that is killed, and comes back', () => {
  const replicaSet = useReplicaSet();

  onBothLanes((lane) => {
    it('fails no write, and only the reads that were under way', async () => {
      const client: MongoClient = openClient(replicaSet.current.uri, {
        lane,
        maxPoolSize,
        localThresholdMS: 10_000,
        heartbeatFrequencyMS: 500,
        minHeartbeatFrequencyMS: 100,
      });
      const log = new EventLog(client);
      const database = client.db(`secondary_${lane.replace('-', '_')}`);
      const writes = new SteadyLoad((_id) => database.command({ insert: 'c', documents: [{ _id }] }));
      const reads = new SteadyLoad(() => database.command({ find: 'c', limit: 1 }, { readPreference: 'secondary' }));
      await Promise.all([writes.moreSuccesses(25), reads.moreSuccesses(25)]);
      const [killed, left] = (await secondariesOf(replicaSet.current)) as [Member, Member];
      await killed.kill();
      const begun = reads.started;
      await Promise.all([writes.moreSuccesses(50), reads.moreSuccesses(50)]);
      await log.nth('connectionPoolCleared');
      // All reads are the other one's.
      const from = log.events.length;
      await reads.moreSuccesses(25);
      const served = log.events.slice(from).filter(isPoolEvent).filter(({ name }) => name === 'connectionCheckedOut');
      expect(served.map(({ address }) => address)).not.toContain(addressOf(killed));
      expect(served.map(({ address }) => address)).toContain(addressOf(left));

      await killed.restart();
      await replicaSet.current.ready();
      await log.until(() => log.events.slice(from).filter(isPoolEvent).some(({ name, address }) => name === 'connectionPoolReady' && address === addressOf(killed)));
      const again = log.events.length;
      await log.until(() => log.events.slice(again).filter(isPoolEvent).some(({ name, address }) => name === 'connectionCheckedIn' && address === addressOf(killed)));
      await Promise.all([writes.stop(), reads.stop()]);

      expect(writes.failures).toEqual([]);
      for (const { error } of reads.failures) expect(isRetryable(error), String(error)).toBe(true);
      // Those that began before two heartbeats had passed.
      expect(reads.failures.every(({ number }) => number < begun + 50)).toBe(true);
      expect(log.of('connectionPoolCleared').map(({ address }) => address)).toEqual([addressOf(killed)]);
      for (const peak of peaks(log)) expect(peak.total).toBeLessThanOrEqual(maxPoolSize);
      await client.close();
      expectLegalSequences(log);
    }, 60_000);
  });
});
