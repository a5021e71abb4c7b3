// How many connections a deployment sees, by the servers' own count: what the manuals have an operator multiply.

import { setTimeout as sleep } from 'node:timers/promises';

import type { LaneKind, MongoClient, ReadPreferenceMode } from 'ferropool';
import { expect, it, vi } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useReplicaSet, type Member } from '../support/mongod.js';

const concurrency = 400;
const slowMS = 100;
/** As long as it takes to see that nothing more is opened; in CI a minute, on the lane that most have. */
const loadOn = (lane: LaneKind): number => (process.env['CI'] === 'true' && lane === 'event-loop' ? 60_000 : 1_500);

describeWithMongod('connections of a client to a replica set of three', () => {
  const replicaSet = useReplicaSet();

  onBothLanes((lane) => {
    const appName = `arithmetic-${lane}`;
    const loadMS = loadOn(lane);
    const open = (minPoolSize: number): MongoClient =>
      openClient(replicaSet.current.uri, {
        lane,
        appName,
        maxPoolSize: 100,
        minPoolSize,
        maxConnecting: 20,
        maxIdleTimeMS: 1_000,
        localThresholdMS: 10_000,
        heartbeatFrequencyMS: 500,
      });
    /** At the primary first. */
    const counts = async (): Promise<number[]> => {
      const primary = await replicaSet.current.primary();
      const others = replicaSet.current.members.filter((member) => member !== primary);
      return Promise.all([primary, ...others].map((member) => connectionsOf(member, appName)));
    };
    const until = (expected: number[]): Promise<void> =>
      vi.waitFor(async () => expect(await counts()).toEqual(expected), { timeout: 10_000, interval: 100 });

    it.each([
      { readPreference: 'primary', minPoolSize: 0, atRest: [2, 2, 2], underLoad: [102, 2, 2], most: 106 },
      { readPreference: 'nearest', minPoolSize: 5, atRest: [7, 7, 7], underLoad: [102, 102, 102], most: 306 },
    ] as const)(
      'reads by $readPreference: $most at most, two of them each monitor\'s, and after maxIdleTimeMS a minPoolSize of $minPoolSize',
      async ({ readPreference, minPoolSize, atRest, underLoad, most }) => {
        await slowPings(appName);
        const client = open(minPoolSize);
        await client.warm();
        await until([...atRest]);

        const load = loadOf(client, readPreference);
        await until([...underLoad]);
        const seen: number[] = [];
        for (const end = Date.now() + loadMS; Date.now() < end; await sleep(50)) seen.push(sum(await counts()));
        expect(Math.max(...seen)).toBe(most);
        await load.stop();

        await until([...atRest]);
      },
      30_000 + loadMS,
    );
  });

  /** So that operations need connections, and not processor time. */
  async function slowPings(appName: string): Promise<void> {
    const data = { failCommands: ['ping'], blockConnection: true, blockTimeMS: slowMS, appName };
    for (const member of replicaSet.current.members) {
      await member.command('admin', { configureFailPoint: 'failCommand', mode: 'alwaysOn', data });
    }
  }
});

/** Four hundred operations at a time. */
function loadOf(client: MongoClient, readPreference: ReadPreferenceMode): { stop: () => Promise<void> } {
  const over = new AbortController();
  const worker = async (): Promise<void> => {
    while (!over.signal.aborted) await client.db('admin').command({ ping: 1 }, { readPreference });
  };
  const workers = Promise.all(Array.from({ length: concurrency }, worker));
  // One that fails is told of by stop().
  workers.catch(() => {});
  return {
    stop: async () => {
      over.abort();
      await workers;
    },
  };
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Every connection that named the application in its handshake, idle or not. */
async function connectionsOf(member: Member, appName: string): Promise<number> {
  const { cursor } = (await member.command('admin', {
    aggregate: 1,
    pipeline: [{ $currentOp: { allUsers: true, idleConnections: true } }, { $match: { appName } }, { $count: 'connections' }],
    cursor: {},
    $readPreference: { mode: 'secondaryPreferred' },
  })) as { cursor: { firstBatch: { connections: number }[] } };
  return cursor.firstBatch[0]?.connections ?? 0;
}
