// What a `timeoutMS`, also one of 0, leaves without effect ("Validation and Overrides").

import type { Document, MongoClientOptions } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../support/mongod.js';
import { block } from './fail-point.js';

describeWithMongod('superseded by timeoutMS', () => {
  const replicaSet = useReplicaSet({ nodes: 1 });

  onBothLanes((lane) => {
    const open = (options: MongoClientOptions = {}) => {
      const client = openClient(replicaSet.current.uri, { lane, ...options });
      const log = new EventLog(client, ['commandStarted']);
      const last = (): Document => log.of('commandStarted').at(-1)?.command as Document;
      return { client, collection: client.db('csot').collection('superseded'), last };
    };

    it.each<[string, Document, Document | undefined]>([
      ['beside another field', { w: 1, wtimeoutMS: 5_000 }, { w: 1 }],
      ['alone', { wtimeoutMS: 5_000 }, undefined],
    ])('wtimeout, %s', async (_, writeConcern, rest) => {
      const { collection, last } = open({ writeConcern });
      await collection.insertOne({});
      expect(last()['writeConcern']).toEqual({ ...rest, wtimeout: 5_000 });
      for (const timeoutMS of [0, 10_000]) {
        await collection.insertOne({}, { timeoutMS });
        expect(last()['writeConcern']).toEqual(rest);
      }
    });

    it('wtimeout and maxTimeMS of commits', async () => {
      const { client, collection, last } = open();
      for (const timed of [false, true]) {
        const session = client.startSession(timed ? { defaultTimeoutMS: 10_000 } : {});
        session.startTransaction({ maxCommitTimeMS: 20_000, writeConcern: { w: 1, wtimeoutMS: 5_000 } });
        await collection.insertOne({}, { session });
        await session.commitTransaction();
        expect(last()['writeConcern']).toEqual(timed ? { w: 1 } : { w: 1, wtimeout: 5_000 });
        await session.commitTransaction();
        expect(last()['writeConcern']).toEqual(timed ? { w: 'majority' } : { w: 'majority', wtimeout: 5_000 });
        expect(Number(last()['maxTimeMS']) === 20_000).toBe(!timed);
        await session.endSession();
      }
    });

    it('the wtimeout that a repeated commit gets', async () => {
      const { client, collection, last } = open();
      for (const timed of [false, true]) {
        const session = client.startSession(timed ? { defaultTimeoutMS: 0 } : {});
        session.startTransaction();
        await collection.insertOne({}, { session });
        await session.commitTransaction();
        await session.commitTransaction();
        expect(last()['writeConcern']).toEqual({ w: 'majority', ...(!timed && { wtimeout: 10_000 }) });
        await session.endSession();
      }
    });

    it('maxTimeMS', async () => {
      const { collection, last } = open();
      const maxTimeMS = async (timeoutMS?: number): Promise<number | undefined> => {
        await collection.find({}, { maxTimeMS: 20_000, ...(timeoutMS !== undefined && { timeoutMS }) }).toArray();
        return last()['maxTimeMS'] as number | undefined;
      };
      await expect(maxTimeMS()).resolves.toBe(20_000);
      await expect(maxTimeMS(10_000)).resolves.toBeLessThanOrEqual(10_000);
      await expect(maxTimeMS(0)).resolves.toBeUndefined();
    });

    it.each([0, 10_000])('socketTimeoutMS (timeoutMS %d)', async (timeoutMS) => {
      const { collection } = open({ socketTimeoutMS: 50, timeoutMS });
      await collection.findOne();
      await block(await replicaSet.current.primary(), { times: 1 }, ['find'], 300);
      await expect(collection.findOne()).resolves.toBeDefined();
    });

    it.each([0, 10_000])('waitQueueTimeoutMS (timeoutMS %d)', async (timeoutMS) => {
      const { client, collection } = open({ waitQueueTimeoutMS: 50, maxPoolSize: 1 });
      const held = await client.checkOut();
      const waiting = collection.findOne({}, { timeoutMS });
      // Those that it bounds end; what does not is served.
      await expect(collection.findOne()).rejects.toMatchObject({ name: 'MongoWaitQueueTimeoutError' });
      held.checkIn();
      await expect(waiting).resolves.toBeDefined();
    });
  });
});
