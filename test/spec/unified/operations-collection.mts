// "Collection Operations".

import { callingAll, args, calling, iterated, required, target, type Operations } from './operation.mjs';
import { changeStreamOptions, createChangeStream, opened } from './operations-cursor.mjs';
import { optionsOf } from './options.mjs';

/** Of every operation on a collection. */
const common = ['collation', 'comment', 'hint', 'let', 'maxTimeMS', 'rawData', 'readConcern', 'readPreference', 'session', 'timeoutMS', 'writeConcern'];
const cursor = ['batchSize', 'cursorType', 'maxAwaitTimeMS', 'timeoutMode', 'allowDiskUse'];
const insert = [...common, 'bypassDocumentValidation'];
const update = [...insert, 'arrayFilters', 'sort', 'upsert'];
const findAndModify = [...update, 'projection', 'returnDocument'];
const find = [...common, ...cursor, 'limit', 'max', 'min', 'noCursorTimeout', 'allowPartialResults', 'projection', 'returnKey', 'showRecordId', 'skip', 'sort'];
const index = [...common, 'name', 'unique', 'sparse', 'expireAfterSeconds', 'partialFilterExpression', 'hidden', 'commitQuorum'];

export const aggregateOptions = [...common, ...cursor, 'bypassDocumentValidation'];

export const collectionOperations: Operations = {
  ...callingAll('collection', {
    aggregate: { takes: ['pipeline'], options: aggregateOptions, gives: iterated },
    bulkWrite: { takes: ['requests'], options: [...insert, 'ordered'] },
    count: { takes: ['filter?'], options: [...common, 'limit', 'skip'] },
    countDocuments: { takes: ['filter?'], options: [...common, 'limit', 'skip'] },
    createIndex: { takes: ['keys'], options: index },
    createSearchIndex: { takes: ['model'] },
    createSearchIndexes: { takes: ['models'] },
    deleteMany: { takes: ['filter'], options: common },
    deleteOne: { takes: ['filter'], options: [...common, 'sort'] },
    distinct: { takes: ['fieldName', 'filter?'], options: common },
    drop: { options: common },
    dropIndex: { takes: ['name'], options: common, gives: () => undefined },
    dropIndexes: { options: common, gives: () => undefined },
    dropSearchIndex: { takes: ['name'] },
    estimatedDocumentCount: { options: common },
    find: { takes: ['filter'], options: find, gives: iterated },
    findOne: { takes: ['filter'], options: find },
    findOneAndDelete: { takes: ['filter'], options: findAndModify },
    findOneAndReplace: { takes: ['filter', 'replacement'], options: findAndModify },
    findOneAndUpdate: { takes: ['filter', 'update'], options: findAndModify },
    insertMany: { takes: ['documents'], options: [...insert, 'ordered'] },
    insertOne: { takes: ['document'], options: insert },
    listIndexes: { options: [...common, ...cursor], gives: iterated },
    // The collection that is given is no result.
    rename: { takes: ['to'], options: [...common, 'dropTarget'], gives: () => undefined },
    replaceOne: { takes: ['filter', 'replacement'], options: update },
    updateMany: { takes: ['filter', 'update'], options: update },
    updateOne: { takes: ['filter', 'update'], options: update },
    updateSearchIndex: { takes: ['name', 'definition'] },
  }),

  createChangeStream: createChangeStream('collection', changeStreamOptions),

  createFindCursor: async (run, object, given) => {
    const { filter: _, ...options } = args(given, 'createFindCursor', ['filter', ...find]);
    return opened(target(run, 'collection', object).find(required(given, 'createFindCursor', 'filter'), optionsOf(run, options)));
  },

  listIndexNames: async (run, object, given) => {
    const list = calling('collection', 'listIndexes', { options: [...common, ...cursor], gives: iterated });
    const { documents } = (await list(run, object, given)) as { documents: readonly { name: string }[] };
    return documents.map(({ name }) => name);
  },

  listSearchIndexes: async (run, object, given) => {
    const { name, aggregationOptions } = args(given, 'listSearchIndexes', ['name', 'aggregationOptions']);
    return iterated(target(run, 'collection', object).listSearchIndexes(...(name === undefined ? [] : [name]), aggregationOptions));
  },
};
