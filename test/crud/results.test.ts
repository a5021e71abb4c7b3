import { MongoServerError, ObjectId, type Collection } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { failure, numbered, openCollection } from './collection.js';

describeWithMongod('what operations give', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    const open = async (...documents: object[]): Promise<Collection<{ _id: number; a?: number; b?: number }>> => {
      const { collection } = openCollection(mongod.current, lane);
      if (documents.length > 0) await collection.insertMany(documents);
      return collection as never;
    };

    it('insertOne gives the document an _id, and keeps one that it has', async () => {
      const { collection } = openCollection(mongod.current, lane);
      const document: { a: number; _id?: ObjectId } = { a: 1 };
      const { acknowledged, insertedId } = await collection.insertOne(document);
      expect(acknowledged).toBe(true);
      expect(insertedId).toBeInstanceOf(ObjectId);
      expect(document._id).toBe(insertedId);
      await expect(collection.insertOne({ _id: null } as never)).resolves.toEqual({ acknowledged: true, insertedId: null });
      await expect(collection.find().toArray()).resolves.toEqual([document, { _id: null }]);
    });

    it('the server makes the _id, or the keys of a factory are used', async () => {
      const { client, collection } = openCollection(mongod.current, lane);
      await expect(collection.insertOne({ a: 1 }, { forceServerObjectId: true })).resolves.toEqual({ acknowledged: true, insertedId: undefined });
      await expect(collection.findOne()).resolves.toEqual({ _id: expect.any(ObjectId), a: 1 });
      let key = 0;
      const counted = client.db('crud', { pkFactory: { createPk: () => ++key } }).collection(collection.collectionName);
      await expect(counted.insertMany([{}, { _id: 'own' as never }, {}])).resolves.toEqual({
        acknowledged: true,
        insertedCount: 3,
        insertedIds: { 0: 1, 1: 'own', 2: 2 },
      });
    });

    it('updateOne and updateMany', async () => {
      const collection = await open({ _id: 1, a: 1 }, { _id: 2, a: 1 });
      const nothing = { acknowledged: true, upsertedCount: 0, upsertedId: null };
      await expect(collection.updateOne({ a: 1 }, { $set: { b: 1 } })).resolves.toEqual({ ...nothing, matchedCount: 1, modifiedCount: 1 });
      await expect(collection.updateMany({ a: 1 }, { $set: { b: 1 } })).resolves.toEqual({ ...nothing, matchedCount: 2, modifiedCount: 1 });
      await expect(collection.updateOne({ _id: 9 }, [{ $set: { a: 5 } }], { upsert: true })).resolves.toEqual({
        acknowledged: true,
        matchedCount: 0,
        modifiedCount: 0,
        upsertedCount: 1,
        upsertedId: 9,
      });
    });

    it('replaceOne', async () => {
      const collection = await open({ _id: 1, a: 1 });
      await expect(collection.replaceOne({ a: 1 }, { b: 2 })).resolves.toMatchObject({ matchedCount: 1, modifiedCount: 1 });
      await expect(collection.findOne({ _id: 1 })).resolves.toEqual({ _id: 1, b: 2 });
    });

    it('deleteOne and deleteMany', async () => {
      const collection = await open(...numbered(4));
      await expect(collection.deleteOne({})).resolves.toEqual({ acknowledged: true, deletedCount: 1 });
      await expect(collection.deleteMany({ _id: { $gt: 1 } })).resolves.toEqual({ acknowledged: true, deletedCount: 2 });
      await expect(collection.countDocuments()).resolves.toBe(1);
    });

    it('findOne gives the first document, or null', async () => {
      const collection = await open(...numbered(3));
      await expect(collection.findOne({}, { sort: { _id: -1 }, projection: { _id: 1 } })).resolves.toEqual({ _id: 2 });
      await expect(collection.findOne({ _id: 7 })).resolves.toBeNull();
    });

    it('findOneAndUpdate, findOneAndReplace and findOneAndDelete give the document, or the whole reply', async () => {
      const collection = await open({ _id: 1, a: 1 });
      await expect(collection.findOneAndUpdate({ _id: 1 }, { $inc: { a: 1 } })).resolves.toEqual({ _id: 1, a: 1 });
      await expect(collection.findOneAndUpdate({ _id: 1 }, { $inc: { a: 1 } }, { returnDocument: 'after' })).resolves.toEqual({ _id: 1, a: 3 });
      await expect(collection.findOneAndReplace({ _id: 1 }, { b: 1 }, { returnDocument: 'after' })).resolves.toEqual({ _id: 1, b: 1 });
      await expect(collection.findOneAndDelete({ _id: 1 }, { includeResultMetadata: true })).resolves.toMatchObject({
        ok: 1,
        value: { _id: 1, b: 1 },
        lastErrorObject: { n: 1 },
      });
      await expect(collection.findOneAndDelete({ _id: 1 })).resolves.toBeNull();
    });

    it('counts and distinct values', async () => {
      const collection = await open(...numbered(5).map(({ _id }) => ({ _id, a: _id % 2 })));
      await expect(collection.countDocuments({ a: 0 })).resolves.toBe(3);
      await expect(collection.countDocuments({}, { skip: 1, limit: 2 })).resolves.toBe(2);
      await expect(collection.countDocuments({ a: 7 })).resolves.toBe(0);
      await expect(collection.estimatedDocumentCount()).resolves.toBe(5);
      await expect(collection.distinct('a', { _id: { $gt: 0 } })).resolves.toEqual([1, 0].toSorted((x, y) => x - y));
    });

    it('a write that fails is an error of the server, with the fields of its write error', async () => {
      const collection = await open({ _id: 1 });
      const error = await failure(collection.insertOne({ _id: 1 }));
      expect(error).toBeInstanceOf(MongoServerError);
      expect(error).toMatchObject({ code: 11000, keyValue: { _id: 1 }, address: expect.stringContaining('127.0.0.1:') as unknown });
      expect(error.message).toMatch(/^E11000 duplicate key error/);
    });

    it('fields that are undefined are written as null, unless they are to be ignored', async () => {
      const collection = await open();
      await collection.insertOne({ _id: 1, a: undefined } as never);
      await collection.insertOne({ _id: 2, a: undefined } as never, { ignoreUndefined: true });
      await collection.bulkWrite([{ insertOne: { document: { _id: 3, a: undefined } as never } }], { ignoreUndefined: true });
      await expect(collection.find().toArray()).resolves.toEqual([{ _id: 1, a: null }, { _id: 2 }, { _id: 3 }]);
    });

    it('writes that are not acknowledged say nothing of what was done', async () => {
      const collection = await open({ _id: 1 });
      const writeConcern = { w: 0 };
      await expect(collection.insertOne({ _id: 2 }, { writeConcern })).resolves.toEqual({ acknowledged: false, insertedId: 2 });
      await expect(collection.updateOne({ _id: 1 }, { $set: { a: 1 } }, { writeConcern })).resolves.toEqual({
        acknowledged: false,
        matchedCount: undefined,
        modifiedCount: undefined,
        upsertedCount: 0,
        upsertedId: null,
      });
      await expect(collection.deleteOne({ _id: 7 }, { writeConcern })).resolves.toEqual({ acknowledged: false, deletedCount: undefined });
      await expect(collection.insertMany([{ _id: 3 }], { writeConcern })).resolves.toMatchObject({ acknowledged: false, insertedIds: { 0: 3 } });
      await expect.poll(() => collection.find().toArray()).toEqual([{ _id: 1, a: 1 }, { _id: 2 }, { _id: 3 }]);
    });
  });
});
