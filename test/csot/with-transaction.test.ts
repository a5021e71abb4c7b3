// "Validation and Overrides": a transaction that has a time-out has one for all that is done in it.

import { MongoInvalidArgumentError, type ClientSession, type Collection } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../support/mongod.js';

interface Within {
  session: ClientSession;
  timeoutMS?: number;
}

const uses: [string, (collection: Collection, options: Within) => Promise<unknown>][] = [
  ['a write', (collection, options) => collection.insertOne({}, options)],
  ['a bulk', (collection, options) => collection.insertMany([{}], options)],
  ['a cursor', (collection, options) => collection.find({}, options).toArray()],
  ['a command', (collection, options) => collection.db.command({ find: collection.collectionName }, options)],
  ['the commit', (_, { session, ...options }) => session.commitTransaction(options)],
  ['the abort', (_, { session, ...options }) => session.abortTransaction(options)],
];

describeWithMongod('in withTransaction', () => {
  const replicaSet = useReplicaSet({ nodes: 1 });

  onBothLanes((lane) => {
    const open = async () => {
      const client = openClient(replicaSet.current.uri, { lane });
      const collection = client.db('csot').collection('inTransaction');
      await collection.insertOne({});
      return { collection, session: client.startSession(), log: new EventLog(client, ['commandStarted']) };
    };

    it.each(uses)('%s cannot have a timeoutMS of its own', async (_, use) => {
      const { collection, session, log } = await open();
      await session.withTransaction(async () => {
        await expect(use(collection, { session, timeoutMS: 1_000 })).rejects.toBeInstanceOf(MongoInvalidArgumentError);
      }, { timeoutMS: 10_000 });
      expect(log.events).toEqual([]);
      await session.endSession();
    });

    it.each(uses.slice(0, 5))('%s is bounded by the transaction’s', async (_, use) => {
      const { collection, session, log } = await open();
      await session.withTransaction(async () => {
        // So that there is something to commit.
        await collection.countDocuments({}, { session });
        await use(collection, { session });
      }, { timeoutMS: 10_000 });
      const limits = log.of('commandStarted').map(({ command }) => Number(command['maxTimeMS']));
      expect(limits.length).toBeGreaterThan(1);
      for (const limit of limits) expect(limit).toBeLessThanOrEqual(10_000);
      await session.endSession();
    });

    it('anything may have one where the transaction has none', async () => {
      const { collection, session } = await open();
      await expect(session.withTransaction(() => collection.insertOne({}, { session, timeoutMS: 10_000 }))).resolves.toMatchObject({ acknowledged: true });
      await session.endSession();
    });
  });
});
