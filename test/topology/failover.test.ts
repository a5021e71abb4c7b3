// A replica set loses its primary, in order and by SIGKILL, under fifty writes a second. Nothing is retried here, so what is
// under way may fail, in a way that a retry could mend; what comes after it waits for the next primary.

import type { MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient, type Lane } from '../support/lanes.js';
import { addressOf, describeWithMongod, useReplicaSet, type Member } from '../support/mongod.js';
import { expectLegalSequences, peaks } from '../support/sequences.js';
import { isRetryable, SteadyLoad, throwWriteConcernError } from '../support/steady-load.js';

const maxPoolSize = 10;
const maxConnecting = 2;

describeWithMongod('under load, a replica set', () => {
  const replicaSet = useReplicaSet();

  onBothLanes((lane) => {
    const open = (): MongoClient =>
      openClient(replicaSet.current.uri, { lane, maxPoolSize, maxConnecting, heartbeatFrequencyMS: 500, minHeartbeatFrequencyMS: 100 });

    it('whose primary steps down', async () => {
      const client = open();
      const log = new EventLog(client);
      const { database, load } = writes(client, lane);
      await load.moreSuccesses(25);
      const old = await replicaSet.current.primary();
      await old.command('admin', { replSetStepDown: 10, secondaryCatchUpPeriodSecs: 5 });
      const begun = load.started;
      await load.moreSuccesses(100);
      await load.stop();

      const primary = await replicaSet.current.primary();
      expect(addressOf(primary)).not.toBe(addressOf(old));
      expect(await client.db('admin').command({ hello: 1 })).toMatchObject({ me: addressOf(primary) });
      expectBounded(client, log, load, begun);
      // A server that is no longer primary has not failed: its connections go on.
      expect(log.of('connectionPoolCleared')).toEqual([]);
      await expectWritten(primary, database, load);
      await client.close();
      expectLegalSequences(log);
      await replicaSet.current.ready();
    }, 60_000);

    it('whose primary is killed, and comes back', async () => {
      const client = open();
      const log = new EventLog(client);
      const { database, load } = writes(client, lane);
      await load.moreSuccesses(25);
      const old = await replicaSet.current.primary();
      await old.kill();
      const begun = load.started;
      await load.moreSuccesses(100);
      const primary = await replicaSet.current.primary();
      expect(await client.db('admin').command({ hello: 1 })).toMatchObject({ me: addressOf(primary) });
      const cleared = log.of('connectionPoolCleared').map(({ address }) => address);
      expect(new Set(cleared)).toEqual(new Set([addressOf(old)]));

      await old.restart();
      await replicaSet.current.ready();
      await log.until(() => client.pools().every(({ state }) => state === 'ready'));
      await load.moreSuccesses(25);
      await load.stop();
      expectBounded(client, log, load, begun);
      await expectWritten(await replicaSet.current.primary(), database, load);
      await client.close();
      expectLegalSequences(log);
    }, 60_000);
  });
});

/** Inserts of one document each, that a majority has. */
function writes(client: MongoClient, lane: Lane): { database: string; load: SteadyLoad } {
  const database = `failover_${lane.replace('-', '_')}_${Date.now()}`;
  const load = new SteadyLoad(async (_id) => {
    const insert = { insert: 'c', documents: [{ _id }], writeConcern: { w: 'majority' } };
    throwWriteConcernError(await client.db(database).command(insert));
  });
  return { database, load };
}

/**
 * What failed was under way when the primary had gone, after `begun` operations, or began before two heartbeats had
 * passed; what was opened is within the limits.
 */
function expectBounded(client: MongoClient, log: EventLog, load: SteadyLoad, begun: number): void {
  for (const { error } of load.failures) expect(isRetryable(error), String(error)).toBe(true);
  expect(load.failures.filter(({ number }) => number >= begun + 50)).toEqual([]);
  for (const peak of peaks(log)) {
    expect(peak.pending).toBeLessThanOrEqual(maxConnecting);
    expect(peak.total).toBeLessThanOrEqual(maxPoolSize);
  }
  const opened = client.pools().reduce((sum, { connectionsCreated }) => sum + connectionsCreated, 0);
  expect(opened).toBeLessThanOrEqual(3 * maxPoolSize);
}

/** What was acknowledged is there. */
async function expectWritten(primary: Member, database: string, load: SteadyLoad): Promise<void> {
  const find = { find: 'c', projection: { _id: 1 }, batchSize: 100_000 };
  const { cursor } = (await primary.command(database, find)) as { cursor: { firstBatch: { _id: number }[] } };
  const written = new Set(cursor.firstBatch.map(({ _id }) => _id));
  expect(load.succeeded.filter((_id) => !written.has(_id))).toEqual([]);
}
