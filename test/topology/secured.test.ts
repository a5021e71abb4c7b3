import { MongoServerError, MongoServerSelectionError, type MongoClient, type MongoClientOptions } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { addressOf, addressesOf, describeWithMongod, secondariesOf, useReplicaSet, type Member } from '../support/mongod.js';
import { expectLegalSequences } from '../support/sequences.js';

interface ServerSideConnection {
  effectiveUsers?: { user: string }[];
}

describeWithMongod('a replica set with authentication and TLS', () => {
  const replicaSet = useReplicaSet({ auth: true, tls: true });

  onBothLanes((lane) => {
    const open = (options: MongoClientOptions = {}, uri = replicaSet.current.uri): MongoClient =>
      openClient(uri, { lane, localThresholdMS: 10_000, ...options });

    it('is discovered from one member, and used as a whole', async () => {
      const [seed] = (await secondariesOf(replicaSet.current)) as [Member];
      const client = open({}, seed.uri.replace('directConnection=true', 'replicaSet=rs0'));
      const log = new EventLog(client);
      await client.connect();
      await log.nth('connectionPoolReady', 3);
      await client.warm({ min: 2 });
      expect(client.pools().map(({ address }) => address).toSorted()).toEqual(addressesOf(replicaSet.current));
      const primary = addressOf(await replicaSet.current.primary());
      expect(await client.db('admin').command({ hello: 1 })).toMatchObject({ me: primary });
      const { me } = await client.db('admin').command({ hello: 1 }, { readPreference: 'secondary' });
      expect(addressesOf(replicaSet.current).filter((address) => address !== primary)).toContain(me);
      await client.db('test').command({ insert: 'c', documents: [{ lane }], writeConcern: { w: 'majority' } });
      await client.close();
      expectLegalSequences(log);
    });

    it('pooled connections are authenticated, and those of monitors are not', async () => {
      const appName = `secured-${lane}`;
      const client = open({ appName });
      const log = new EventLog(client);
      await client.connect();
      await log.nth('connectionPoolReady', 3);
      await client.warm({ min: 3 });
      for (const member of replicaSet.current.members) {
        const { cursor } = (await member.command('admin', {
          aggregate: 1,
          pipeline: [{ $currentOp: { allUsers: true, idleConnections: true } }, { $match: { appName } }],
          cursor: {},
          $readPreference: { mode: 'primaryPreferred' },
        })) as { cursor: { firstBatch: ServerSideConnection[] } };
        const users = cursor.firstBatch.map(({ effectiveUsers }) => effectiveUsers?.[0]?.user);
        expect(users.filter((user) => user === 'root')).toHaveLength(3);
        expect(users.filter((user) => user === undefined).length).toBeGreaterThan(0);
        expect(new Set(users)).toEqual(new Set(['root', undefined]));
      }
    });

    it('with a wrong password, members are found and commands are refused', async () => {
      const client = open({ auth: { username: 'root', password: 'wrong' } });
      const log = new EventLog(client);
      await client.connect();
      await log.nth('connectionPoolReady', 3);
      const error = await client.db('test').command({ ping: 1 }).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(MongoServerError);
      expect(error).toMatchObject({ code: 18, address: addressOf(await replicaSet.current.primary()) });
    });

    it('without its authority, the error shows each member and why it is not trusted', async () => {
      const uri = replicaSet.current.uri.replace(/&tlsCAFile=[^&]*/, '');
      const client = open({ serverSelectionTimeoutMS: 500 }, uri);
      const error = await client.connect().catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(MongoServerSelectionError);
      const { topology } = (error as MongoServerSelectionError).details as { topology: string };
      for (const address of addressesOf(replicaSet.current)) {
        expect(topology).toMatch(new RegExp(`${address}: Unknown[^;]*, error: [^;]*certificate`));
      }
    });

    it('whose primary steps down, the next one is found', async () => {
      const client = open({ heartbeatFrequencyMS: 500, minHeartbeatFrequencyMS: 100 });
      const old = await replicaSet.current.primary();
      expect(await client.db('admin').command({ hello: 1 })).toMatchObject({ me: addressOf(old) });
      await old.command('admin', { replSetStepDown: 5, secondaryCatchUpPeriodSecs: 5 });
      const insert = { insert: 'c', documents: [{}] };
      // The client learns of it by this answer, or has learned of it by a check.
      const first = await client.db('test').command(insert).catch((failure: unknown) => failure);
      if (first instanceof Error) expect(first).toMatchObject({ codeName: 'NotWritablePrimary', address: addressOf(old) });
      await expect(client.db('test').command(insert)).resolves.toMatchObject({ n: 1 });
      await replicaSet.current.ready();
    });
  });
});
