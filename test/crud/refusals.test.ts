// What is refused before anything is sent: no server is there, and none is waited for.

import { MongoAPIError, MongoBulkWriteError, MongoClient, MongoDriverError, MongoInvalidArgumentError, ReadPreference } from 'ferropool';
import { afterAll, describe, expect, it } from 'vitest';

import { failure } from './collection.js';

const client = new MongoClient('mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=60000');
const collection = client.db('test').collection<{ _id: number; a?: number }>('refusals');
const wrong = (value: unknown): never => value as never;

afterAll(() => client.close());

describe('an operation is refused with a promise that rejects', () => {
  it.each([
    ['an update without operators', () => collection.updateOne({}, { a: 1 }), 'Update document requires atomic operators'],
    ['an empty update', () => collection.updateMany({}, {}), 'Update document requires atomic operators'],
    ['an empty pipeline', () => collection.findOneAndUpdate({}, []), 'Update document requires atomic operators'],
    ['no update', () => collection.updateOne({}, wrong(undefined)), 'Document must be a valid JavaScript object'],
    ['a replacement with operators', () => collection.replaceOne({}, wrong({ $set: { a: 1 } })), 'Replacement document must not contain atomic operators'],
    ['the same of findOneAndReplace', () => collection.findOneAndReplace({}, wrong({ $set: {} })), 'Replacement document must not contain atomic operators'],
    ['no filter', () => collection.updateOne(wrong(null), { $set: { a: 1 } }), 'Selector must be a valid JavaScript object'],
    ['a filter that is a list', () => collection.findOne(wrong([])), 'Query filter must be a plain object or ObjectId'],
    ['no document', () => collection.insertOne(wrong(null)), 'The document must be an object, received null'],
    ['documents that are no list', () => collection.insertMany(wrong({})), 'Argument "docs" must be an array of documents'],
    ['a document among others that is none', () => collection.insertMany([{ _id: 1 }, wrong(null)]), 'Collection.insertMany() cannot be called with an array that has null/undefined values'],
    ['no documents', () => collection.insertMany([]), 'Invalid BulkOperation, Batch cannot be empty'],
    ['an empty bulk', () => collection.bulkWrite([]), 'Invalid BulkOperation, Batch cannot be empty'],
    ['an operation that does not exist', () => collection.bulkWrite([wrong({ upsertOne: {} })]), 'bulkWrite only supports insertOne, replaceOne, updateOne, updateMany, deleteOne, deleteMany'],
    ['an operation that is none', () => collection.bulkWrite([wrong(null)]), 'Operation must be an object with an operation key'],
    ['a statement of the server', () => collection.bulkWrite([wrong({ deleteOne: { q: {} } })]), 'Raw operations are not allowed'],
    ['an update of a bulk without operators', () => collection.bulkWrite([{ updateOne: { filter: {}, update: { a: 1 } } }]), 'Update document requires atomic operators'],
    ['a document of a bulk that is too large', () => collection.insertMany([{ _id: 1 }, wrong({ _id: 2, a: 'x'.repeat(16 << 20) })]), `Document 1 of 16777238 bytes is larger than the maximum size ${16 << 20}`],
    ['a sort that is none', () => collection.findOne({}, { sort: wrong({ a: 'up' }) }), 'Invalid sort direction: "up"'],
    ['a time that is none', () => collection.findOne({}, { timeoutMS: -1 }), '"timeoutMS" must be an integer from 0 to 2147483647, received -1'],
    ['a read preference that is none', () => collection.findOne({}, { readPreference: wrong('first') }), 'Invalid read preference mode "first"'],
  ])('%s', async (_, operation, message) => {
    const error = await failure(operation());
    expect(error).toBeInstanceOf(MongoInvalidArgumentError);
    expect(error).not.toBeInstanceOf(MongoBulkWriteError);
    expect(error.message).toBe(message);
  });

  it('all are errors of the interface, and of the driver', async () => {
    const error = await failure(collection.updateOne({}, {}));
    expect(error).toBeInstanceOf(MongoAPIError);
    expect(error).toBeInstanceOf(MongoDriverError);
  });
});

describe('a call that gives no promise throws', () => {
  it.each([
    ['a pipeline that is none', () => collection.aggregate(wrong({})), 'Argument "pipeline" must be an array of aggregation stages'],
    ['a limit that is none', () => collection.find().limit(wrong('5')), 'Operation "limit" requires an integer'],
    ['disk use without a sort', () => collection.find().allowDiskUse(), 'Option "allowDiskUse" requires a sort specification'],
    ['a flag that does not exist', () => collection.find().addCursorFlag(wrong('fast'), true), 'Flag fast is not one of tailable,oplogReplay,noCursorTimeout,awaitData,exhaust,partial'],
    ['the flag exhaust', () => collection.find().addCursorFlag('exhaust', true), 'Flag exhaust is not supported: each batch is asked for'],
    ['timeoutMode without timeoutMS', () => collection.find({}, { timeoutMode: 'iteration' }), 'Cannot set timeoutMode without setting timeoutMS'],
    ['a lifetime for a tailable cursor', () => collection.find({}, { tailable: true, timeoutMS: 5, timeoutMode: 'cursorLifetime' }), "Cannot set tailable cursor's timeoutMode to LIFETIME"],
    ['waiting as long as the operation may last', () => collection.find({}, { tailable: true, awaitData: true, timeoutMS: 5, maxAwaitTimeMS: 5 }), 'Cannot specify maxAwaitTimeMS >= timeoutMS for a cursor: 5 >= 5'],
    ['a writing stage that is iterated', () => collection.aggregate([{ $out: 'x' }], { timeoutMS: 5, timeoutMode: 'iteration' }), 'Cannot use $out or $merge stage with ITERATION timeoutMode'],
    ['a collection without a name', () => client.db('test').collection(''), 'A collection\'s name must be a string that is not empty and contains no \\0, received ""'],
    ['a collection whose name is none', () => client.db('test').collection(wrong(5)), "A collection's name must be a string that is not empty and contains no \\0, received 5"],
    ['a read preference for the primary with tags', () => new ReadPreference('primary', [{ a: 'b' }]), 'Primary read preference cannot be combined with tags'],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(MongoAPIError);
    expect(call).toThrow(message);
  });
});
