// `timeoutMS` and `timeoutMode` of cursors ("Client Side Operations Timeout", "Cursors").

import { MongoBulkWriteError, MongoOperationTimeoutError, type MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { failure, numbered, openCollection } from './collection.js';

describeWithMongod('timeoutMS', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    /** So many of the next commands of this name take so long. */
    const slowDown = (client: MongoClient, command: string, times: number, blockTimeMS: number) =>
      client.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data: { failCommands: [command], blockConnection: true, blockTimeMS } });
    const open = async () => {
      const opened = openCollection(mongod.current, lane);
      await opened.collection.insertMany(numbered(5) as never[]);
      return opened;
    };

    it('bounds a cursor’s whole life', async () => {
      const { client, collection } = await open();
      await slowDown(client, 'getMore', 2, 300);
      const cursor = collection.find({}, { batchSize: 2, timeoutMS: 450 });
      await expect(cursor.toArray()).rejects.toThrow();
      expect(cursor.closed).toBe(true);
    });

    it('bounds each call in iteration mode', async () => {
      const { client, collection } = await open();
      await slowDown(client, 'getMore', 2, 300);
      const cursor = collection.find({}, { batchSize: 2, timeoutMS: 450, timeoutMode: 'iteration' });
      await expect(cursor.toArray()).resolves.toEqual(numbered(5));
    });

    it('that has passed does not keep documents that have arrived', async () => {
      const { client, collection } = await open();
      const cursor = collection.find({}, { batchSize: 2, timeoutMS: 400 });
      await cursor.next();
      // Longer than the cursor may live, which its close is not bounded by.
      await slowDown(client, 'ping', 1, 500);
      await client.db('admin').command({ ping: 1 });
      await expect(cursor.next()).resolves.toEqual({ _id: 1 });
      await expect(cursor.next()).rejects.toMatchObject({ name: 'MongoOperationTimeoutError' });
    });

    it('bounds a bulk as a whole', async () => {
      const { client, collection } = await open();
      await slowDown(client, 'update', 1, 300);
      await client.db('admin').command({ ping: 1 });
      const operations = [{ updateOne: { filter: {}, update: { $set: { a: 1 } } } }, { insertOne: { document: {} } }];
      const error = await failure(collection.bulkWrite(operations, { timeoutMS: 200 }));
      expect(error).toBeInstanceOf(MongoOperationTimeoutError);
      // What was done before is known.
      expect((error as Error).cause).toBeInstanceOf(MongoBulkWriteError);
      await expect(collection.countDocuments()).resolves.toBe(5);
    });
  });
});
