// The prose tests of "Transactions". Routers are proxies in front of one server.

import { MongoPoolClearedError, type ClientSession, type Collection, type MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../../support/mongod.js';
import { useProxy } from '../../support/proxy.js';
import { failPoint, sentBy } from './setting.js';

describeWithMongod('transactions, prose tests', () => {
  const replicaSet = useReplicaSet({ nodes: 1, parameters: { enableTestCommands: 1 } });
  const primary = () => replicaSet.current.primary();
  const [router, otherRouter] = [useProxy(primary, { as: 'mongos' }), useProxy(primary, { as: 'mongos' })];

  onBothLanes((lane) => {
    const name = `c-${lane}`;
    /** A session that a transaction has pinned to one of two routers, which both are known. */
    const openPinned = async (): Promise<{ client: MongoClient; collection: Collection; session: ClientSession }> => {
      const client = openClient(`mongodb://${router.current.address},${otherRouter.current.address}`, { lane, localThresholdMS: 10_000 });
      await client.warm({ min: 1 });
      const collection = client.db('transactions').collection(name);
      await collection.insertOne({});
      const session = client.startSession();
      session.startTransaction();
      await collection.insertOne({}, { session });
      expect(session.isPinned).toBe(true);
      await session.commitTransaction();
      return { client, collection, session };
    };

    it('1. the next transaction of a session that is pinned unpins it', async () => {
      const { client, collection, session } = await openPinned();
      const sent = sentBy(client, 'find');
      for (let round = 0; round < 50; round += 1) {
        session.startTransaction();
        await expect(collection.findOne({}, { session })).resolves.not.toBeNull();
        await session.commitTransaction();
      }
      expect(new Set(sent.map(({ address }) => address)).size).toBe(2);
      await session.endSession();
    });

    it('2. operations of a session that is pinned are without its transaction not pinned', async () => {
      const { client, collection, session } = await openPinned();
      const sent = sentBy(client, 'find');
      for (let round = 0; round < 50; round += 1) await collection.findOne({}, { session });
      expect(new Set(sent.map(({ address }) => address)).size).toBe(2);
      await session.endSession();
    });

    it('a PoolClearedError has the label TransientTransactionError', async () => {
      const client = openClient(replicaSet.current.uri, { lane, maxPoolSize: 1, retryReads: false, heartbeatFrequencyMS: 100 });
      const collection = client.db('transactions').collection(name);
      await client.connect();
      await failPoint(await primary(), { times: 1 }, { failCommands: ['find'], errorCode: 91, blockConnection: true, blockTimeMS: 500 });
      const log = new EventLog(client, ['connectionCheckedOut', 'connectionCheckOutStarted']);
      const find = collection.findOne().catch(({ code }: { code: number }) => code);
      await log.nth('connectionCheckedOut');
      const session = client.startSession();
      session.startTransaction();
      const error = await collection.insertOne({}, { session }).catch((error: unknown) => error as MongoPoolClearedError);
      expect(error).toBeInstanceOf(MongoPoolClearedError);
      expect((error as MongoPoolClearedError).errorLabels).toContain('TransientTransactionError');
      await expect(find).resolves.toBe(91);
      await session.endSession();
    });

    it("1.0 the collection's write concern is not inherited inside a transaction", async () => {
      const client = openClient(replicaSet.current.uri, { lane });
      const session = client.startSession();
      session.startTransaction();
      const collection = client.db('transactions').collection(`unacknowledged-${lane}`, { writeConcern: { w: 0 } });
      await collection.insertOne({ n: 1 }, { session });
      await session.commitTransaction();
      await session.endSession();
      await expect(collection.findOne({ n: 1 })).resolves.toMatchObject({ n: 1 });
    });
  });
});
