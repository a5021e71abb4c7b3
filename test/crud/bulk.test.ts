import { MongoBatchReExecutionError, MongoBulkWriteError, MongoServerError, type AnyBulkWriteOperation, type Document } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { failure, numbered, openCollection } from './collection.js';

/** One of each model. */
const operations = [
  { insertOne: { document: { _id: 1, a: 1 } } },
  { insertOne: { document: { _id: 2, a: 1 } } },
  { updateOne: { filter: { _id: 1 }, update: { $set: { b: 1 } } } },
  { replaceOne: { filter: { _id: 9 }, replacement: { c: 1 }, upsert: true } },
  { updateMany: { filter: { a: 1 }, update: { $inc: { a: 1 } } } },
  { deleteOne: { filter: { _id: 1 } } },
  { deleteMany: { filter: {} } },
] as unknown as AnyBulkWriteOperation[];

describeWithMongod('a bulk', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    const open = () => openCollection(mongod.current, lane);
    const statements = (command: Document): unknown => [
      Object.keys(command)[0],
      ((command['documents'] ?? command['updates'] ?? command['deletes']) as unknown[]).length,
    ];

    it('in order sends what follows each other of a kind together, and adds the replies up', async () => {
      const { collection, drain } = open();
      const result = await collection.bulkWrite(operations);
      expect(result).toMatchObject({
        insertedCount: 2,
        matchedCount: 3,
        modifiedCount: 3,
        deletedCount: 3,
        upsertedCount: 1,
        insertedIds: { 0: 1, 1: 2 },
        upsertedIds: { 3: 9 },
        ok: 1,
      });
      expect(result.getUpsertedIdAt(0)).toEqual({ index: 3, _id: 9 });
      expect([result.isOk(), result.hasWriteErrors(), result.getWriteConcernError()]).toEqual([true, false, undefined]);
      expect(drain().map(statements)).toEqual([['insert', 2], ['update', 3], ['delete', 2]]);
    });

    it('without order sends all of a kind together', async () => {
      const { collection, drain } = open();
      await collection.bulkWrite([...operations, { insertOne: { document: { a: 1 } } }], { ordered: false });
      expect(drain().map((command) => [...(statements(command) as unknown[]), command['ordered']])).toEqual([
        ['insert', 3, false],
        ['update', 3, false],
        ['delete', 2, false],
      ]);
    });

    it('in order ends with the first write that fails, and tells of what was done', async () => {
      const { collection } = open();
      const again = { insertOne: { document: { _id: 1 } } } as never;
      const error = (await failure(collection.bulkWrite([...operations.slice(0, 2), again, ...operations.slice(2)]))) as MongoBulkWriteError;
      expect(error).toBeInstanceOf(MongoBulkWriteError);
      expect(error).toBeInstanceOf(MongoServerError);
      expect(error).toMatchObject({ name: 'MongoBulkWriteError', code: 11000, insertedCount: 2, matchedCount: 0, insertedIds: { 0: 1, 1: 2 } });
      expect(error.message).toMatch(/^E11000/);
      expect(error.writeErrors).toMatchObject([{ index: 2, code: 11000, errmsg: error.message }]);
      expect(error.result.getWriteErrorAt(0)?.getOperation()).toEqual({ _id: 1 });
    });

    it('without order does the others, and names every one that failed by its place', async () => {
      const { collection } = open();
      const documents = [{ _id: 1 }, { _id: 1 }, { _id: 2 }, { _id: 2 }] as never[];
      const error = (await failure(collection.insertMany(documents, { ordered: false }))) as MongoBulkWriteError;
      expect(error.writeErrors).toMatchObject([{ index: 1 }, { index: 3 }]);
      expect(error.result.insertedCount).toBe(2);
      expect(error.insertedIds).toEqual({ 0: 1, 2: 2 });
      await expect(collection.countDocuments()).resolves.toBe(2);
    });

    it('of more than 100000 writes goes in several commands, whose places count on', async () => {
      const { collection, drain } = open();
      const documents = [...numbered(100_002), { _id: 100_001 }] as never[];
      const error = (await failure(collection.insertMany(documents))) as MongoBulkWriteError;
      expect(drain().map(statements)).toEqual([['insert', 100_000], ['insert', 3]]);
      expect(error.writeErrors).toMatchObject([{ index: 100_002 }]);
      expect(error.insertedCount).toBe(100_002);
    });

    it('of more than 48 million bytes goes in several commands', async () => {
      const { collection, drain } = open();
      const text = 'x'.repeat(13_000_000);
      await expect(collection.insertMany(numbered(4).map((document) => ({ ...document, text })) as never[])).resolves.toMatchObject({ insertedCount: 4 });
      expect(drain().map(statements)).toEqual([['insert', 3], ['insert', 1]]);
      await expect(collection.countDocuments()).resolves.toBe(4);
    });

    it('that a server refuses as a whole says so with what was done before', async () => {
      const { client, collection } = open();
      await client.db('admin').command({
        configureFailPoint: 'failCommand',
        mode: { times: 1 },
        data: { failCommands: ['update'], errorCode: 8000 },
      });
      const error = (await failure(collection.bulkWrite(operations))) as MongoBulkWriteError;
      expect(error).toBeInstanceOf(MongoBulkWriteError);
      expect(error).toMatchObject({ code: 8000, insertedCount: 2, writeErrors: [] });
      expect(error.cause).toBeInstanceOf(MongoServerError);
    });

    it('tells of a write concern that was not satisfied after all is done', async () => {
      const { client, collection, drain } = open();
      await client.db('admin').command({
        configureFailPoint: 'failCommand',
        mode: { times: 1 },
        data: { failCommands: ['insert'], writeConcernError: { code: 100, errmsg: 'not enough members', errInfo: { a: 1 } } },
      });
      drain();
      const error = (await failure(collection.bulkWrite(operations))) as MongoBulkWriteError;
      expect(drain()).toHaveLength(3);
      expect(error).toMatchObject({ code: 100, message: 'not enough members', insertedCount: 2, deletedCount: 3, writeErrors: [] });
      expect(error.err).toMatchObject({ code: 100, errInfo: { a: 1 } });
      expect(error.result.getWriteConcernError()?.errmsg).toBe('not enough members');
    });

    it('is put together call by call, and executed once', async () => {
      const { collection } = open();
      const bulk = collection.initializeOrderedBulkOp();
      bulk.insert({ _id: 1, a: 1 });
      bulk.find({ a: 1 }).update({ $set: { b: 1 } });
      bulk.find({ _id: 7 }).upsert().replaceOne({ c: 1 });
      bulk.find({ _id: 1 }).deleteOne();
      bulk.raw({ deleteMany: { filter: {} } });
      expect(bulk.length).toBe(5);
      await expect(bulk.execute()).resolves.toMatchObject({ insertedCount: 1, modifiedCount: 1, upsertedIds: { 2: 7 }, deletedCount: 2 });
      await expect(bulk.execute()).rejects.toThrow(MongoBatchReExecutionError);
    });
  });
});
