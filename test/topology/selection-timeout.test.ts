import { setImmediate } from 'node:timers/promises';

import { MongoPoolClosedError, MongoOperationTimeoutError, MongoServerSelectionError, type MongoClient, type MongoClientOptions } from 'ferropool';
import { expect, it, vi } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { addressOf, describeWithMongod, secondariesOf, useReplicaSet, type Member } from '../support/mongod.js';

// Two members of three are gone: the third one stays a secondary, and nobody can be elected.
describeWithMongod('a replica set without a primary', () => {
  const replicaSet = useReplicaSet();
  let left: Member | undefined;

  const withoutPrimary = async (): Promise<{ secondary: string; gone: string[] }> => {
    if (!left) {
      const [secondary, other] = (await secondariesOf(replicaSet.current)) as [Member, Member];
      const primary = await replicaSet.current.primary();
      await Promise.all([other.kill(), primary.kill()]);
      left = secondary;
    }
    const gone = replicaSet.current.members.filter((member) => member !== left).map(addressOf);
    await vi.waitFor(async () => expect(await left?.command('admin', { hello: 1 })).toMatchObject({ secondary: true }), 10_000);
    return { secondary: addressOf(left), gone };
  };

  onBothLanes((lane) => {
    const open = (options: MongoClientOptions = {}): MongoClient =>
      openClient(replicaSet.current.uri, { lane, serverSelectionTimeoutMS: 20_000, minHeartbeatFrequencyMS: 50, ...options });

    it('a time-out shows every server, its type and its error', async () => {
      const { secondary, gone } = await withoutPrimary();
      const client = open({ serverSelectionTimeoutMS: 500 });
      const error = await client.db('test').command({ ping: 1 }).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(MongoServerSelectionError);
      expect(error).toMatchObject({ code: 'FERROPOOL_SERVER_SELECTION', cause: { name: 'MongoNetworkError' } });
      const { topology, waitedMS } = (error as MongoServerSelectionError).details as { topology: string; waitedMS: number };
      expect(waitedMS).toBeGreaterThanOrEqual(500);
      expect(topology).toMatch(/^ReplicaSetNoPrimary "rs0" \[/);
      expect(topology).toMatch(new RegExp(`${secondary}: RSSecondary, round-trip time [\\d.]+ ms, checked \\d+ ms ago[;\\]]`));
      for (const address of gone) expect(topology).toMatch(new RegExp(`${address}: Unknown.*?, error: [^;]*refused`));
    });

    it.each(['secondary', 'secondaryPreferred', 'primaryPreferred', 'nearest'] as const)(
      'connect(), warm(), commands and check-outs succeed with %s',
      async (readPreference) => {
        const { secondary } = await withoutPrimary();
        const client = open({ readPreference });
        await client.connect();
        await client.warm({ min: 1 });
        expect(await client.db('admin').command({ hello: 1 }, { readPreference })).toMatchObject({ me: secondary });
        const connection = await client.checkOut({ readPreference });
        expect(connection.address).toBe(secondary);
        connection.checkIn();
      },
    );

    it('an operation that is aborted while it selects leaves at once', async () => {
      await withoutPrimary();
      const client = open();
      await client.db('admin').command({ ping: 1 }, { readPreference: 'secondary' });
      const user = new AbortController();
      const reason = new Error('the user has left');
      const { signal } = user;
      const waiting = [client.db('test').command({ ping: 1 }, { signal }), client.checkOut({ signal }), client.warm({ signal, min: 1 })];
      const outcomes = Promise.allSettled(waiting);
      await setImmediate();
      user.abort(reason);
      expect(await outcomes).toEqual(waiting.map(() => ({ status: 'rejected', reason })));
      await expect(client.close()).resolves.toEqual({ drained: 0, interrupted: 0, rejected: 0 });
    });

    it('close() rejects what selects', async () => {
      await withoutPrimary();
      const client = open();
      await client.db('admin').command({ ping: 1 }, { readPreference: 'secondary' });
      const waiting = [client.db('test').command({ ping: 1 }), client.checkOut(), client.connect()];
      const outcomes = Promise.allSettled(waiting);
      await setImmediate();
      await expect(client.close()).resolves.toEqual({ drained: 0, interrupted: 0, rejected: 3 });
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(MongoPoolClosedError) as Error });
      }
      for (const pool of client.pools()) expect(pool).toMatchObject({ state: 'closed', totalConnectionCount: 0 });
    });

    it('timeoutMS bounds the selection of an operation', async () => {
      await withoutPrimary();
      const client = open();
      const error = await client.db('test').command({ ping: 1 }, { timeoutMS: 200 }).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(MongoOperationTimeoutError);
      expect((error as Error).cause).toBeInstanceOf(MongoServerSelectionError);
    });
  });
});
