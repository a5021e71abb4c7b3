// "Database Operations".

import { driver } from './driver.mjs';
import type { Fields } from './file.mjs';
import { args, calling, callingAll, iterated, Made, required, target, type Operations } from './operation.mjs';
import { aggregateOptions } from './operations-collection.mjs';
import { changeStreamOptions, createChangeStream, opened } from './operations-cursor.mjs';
import { optionsOf } from './options.mjs';
import type { Run } from './run.mjs';

const createOptions = [
  'capped',
  'changeStreamPreAndPostImages',
  'clusteredIndex',
  'collation',
  'comment',
  'encryptedFields',
  'expireAfterSeconds',
  'indexOptionDefaults',
  'max',
  'pipeline',
  'session',
  'size',
  'storageEngine',
  'timeoutMS',
  'timeseries',
  'validationAction',
  'validationLevel',
  'validator',
  'viewOn',
  'writeConcern',
];
const listOptions = ['authorizedCollections', 'batchSize', 'comment', 'nameOnly', 'rawData', 'session', 'timeoutMS', 'timeoutMode'];
const cursorCommandOptions = ['batchSize', 'comment', 'cursorType', 'maxAwaitTimeMS', 'maxTimeMS', 'readPreference', 'session', 'timeoutMS', 'timeoutMode'];

export const databaseOperations: Operations = {
  ...callingAll('database', {
    aggregate: { takes: ['pipeline'], options: aggregateOptions, gives: iterated },
    createCollection: { takes: ['collection'], options: createOptions, gives: (collection) => new Made('collection', collection as object) },
    dropCollection: { takes: ['collection'], options: ['comment', 'session', 'timeoutMS', 'writeConcern'] },
    listCollections: { takes: ['filter?'], options: listOptions, gives: iterated },
  }),

  createChangeStream: createChangeStream('database', changeStreamOptions),

  createCommandCursor: async (run, object, given) => opened(cursorOf(run, object, 'createCommandCursor', given)),

  listCollectionNames: async (run, object, given) => {
    const list = calling('database', 'listCollections', { takes: ['filter?'], options: listOptions, gives: iterated });
    const { documents } = (await list(run, object, { ...given, nameOnly: true })) as { documents: readonly { name: string }[] };
    return documents.map(({ name }) => name);
  },

  // The product has no method for it, as the official driver has none.
  modifyCollection: async (run, object, given) => {
    const { collection, session, timeoutMS, ...fields } = given;
    const options = optionsOf(run, { ...(session !== undefined && { session }), ...(timeoutMS !== undefined && { timeoutMS }) });
    return target(run, 'database', object).command({ collMod: collection, ...fields }, options);
  },

  runCommand: async (run, object, given) => {
    const { commandName: _, command, ...options } = args(given, 'runCommand', ['commandName', 'command', 'readPreference', 'session', 'timeoutMS']);
    return target(run, 'database', object).command(command, optionsOf(run, options));
  },

  runCursorCommand: async (run, object, given) => iterated(cursorOf(run, object, 'runCursorCommand', given)),
};

/** What is for its `getMore`s is set by methods, as it may be a command of any name that opens the cursor. */
function cursorOf(run: Run, object: string, operation: string, given: Fields): object {
  const { commandName: _, command: __, batchSize, comment, maxTimeMS, ...options } = args(given, operation, ['commandName', 'command', ...cursorCommandOptions]);
  const cursor = target(run, 'database', object).runCursorCommand(required(given, operation, 'command'), optionsOf(run, options)) as object;
  if (batchSize !== undefined) driver(cursor).setBatchSize(batchSize);
  if (comment !== undefined) driver(cursor).setComment(comment);
  if (maxTimeMS !== undefined) driver(cursor).setMaxTimeMS(maxTimeMS);
  return cursor;
}
