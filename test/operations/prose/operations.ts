// Every method of the public interface that takes a session.

import type { AnyBulkWriteOperation, ClientSession, Collection, MongoClient } from 'ferropool';

export interface Operation {
  name: string;
  run: (collection: Collection, options: { session?: ClientSession }, client: MongoClient) => unknown;
}

type Run = Operation['run'];
const named = (runs: Record<string, Run>): Operation[] => Object.entries(runs).map(([name, run]) => ({ name, run }));

/** Reads that may ask for what happened before, by their `readConcern`. */
export const reads = named({
  aggregate: (collection, options) => collection.aggregate([], options).toArray(),
  count: (collection, options) => collection.count({}, options),
  countDocuments: (collection, options) => collection.countDocuments({}, options),
  distinct: (collection, options) => collection.distinct('x', {}, options),
  find: (collection, options) => collection.find({}, options).toArray(),
  findOne: (collection, options) => collection.findOne({}, options),
});

export const writes = named({
  insertOne: (collection, options) => collection.insertOne({}, options),
  insertMany: (collection, options) => collection.insertMany([{}, {}], options),
  updateOne: (collection, options) => collection.updateOne({}, { $set: { x: 1 } }, options),
  updateMany: (collection, options) => collection.updateMany({}, { $set: { x: 2 } }, options),
  replaceOne: (collection, options) => collection.replaceOne({}, { x: 3 }, options),
  deleteOne: (collection, options) => collection.deleteOne({}, options),
  deleteMany: (collection, options) => collection.deleteMany({ x: 0 }, options),
  bulkWrite: (collection, options) => collection.bulkWrite([{ insertOne: { document: {} } }] satisfies AnyBulkWriteOperation[], options),
  findOneAndDelete: (collection, options) => collection.findOneAndDelete({}, options),
  findOneAndReplace: (collection, options) => collection.findOneAndReplace({}, { x: 4 }, options),
  findOneAndUpdate: (collection, options) => collection.findOneAndUpdate({}, { $set: { x: 5 } }, options),
});

/** Those and the rest, of which none depends on another but by the collection being there. */
export const operations: Operation[] = [
  ...writes,
  ...reads,
  ...named({
    estimatedDocumentCount: (collection, options) => collection.estimatedDocumentCount(options),
    createIndex: (collection, options) => collection.createIndex({ x: 1 }, options),
    createIndexes: (collection, options) => collection.createIndexes([{ key: { y: 1 } }], options),
    indexes: (collection, options) => collection.indexes(options),
    indexExists: (collection, options) => collection.indexExists('x_1', options),
    listIndexes: (collection, options) => collection.listIndexes(options).toArray(),
    dropIndex: (collection, options) => collection.dropIndex('x_1', options),
    dropIndexes: (collection, options) => collection.dropIndex('*', options),
    options: (collection, options) => collection.options(options),
    isCapped: (collection, options) => collection.isCapped(options),
    'Db.aggregate': ({ db }, options) => db.aggregate([{ $documents: [{}] }], options).toArray(),
    'Db.command': ({ db }, options) => db.command({ ping: 1 }, options),
    'Db.runCursorCommand': ({ db, collectionName }, options) => db.runCursorCommand({ find: collectionName }, options).toArray(),
    'Db.createCollection': ({ db, collectionName }, options) => db.createCollection(`${collectionName}_other`, options),
    'Db.renameCollection': ({ db, collectionName }, options) => db.renameCollection(`${collectionName}_other`, `${collectionName}_new`, options),
    'Db.dropCollection': ({ db, collectionName }, options) => db.dropCollection(`${collectionName}_new`, options),
    'Db.listCollections': ({ db }, options) => db.listCollections({}, options).toArray(),
    'Db.collections': ({ db }, options) => db.collections(options),
    'Db.stats': ({ db }, options) => db.stats(options),
    'Db.profilingLevel': ({ db }, options) => db.profilingLevel(options),
    'Db.dropDatabase': ({ db }, options, client) => client.db(`${db.databaseName}_gone`).dropDatabase(options),
    'Admin.listDatabases': ({ db }, options) => db.admin().listDatabases(options),
    'Admin.ping': ({ db }, options) => db.admin().ping(options),
    'Admin.serverStatus': ({ db }, options) => db.admin().serverStatus(options),
    'Admin.validateCollection': ({ db, collectionName }, options) => db.admin().validateCollection(collectionName, options),
    drop: (collection, options) => collection.drop(options),
  }),
];
