// "Client Operations".

import { driver, type Driver } from './driver.mjs';
import type { Fields } from './file.mjs';
import { args, callingAll, required, RootDocuments, target, type Operations } from './operation.mjs';
import { changeStreamOptions, createChangeStream } from './operations-cursor.mjs';
import { optionsOf } from './options.mjs';
import { plain } from './results.mjs';
import type { Run } from './run.mjs';

const bulkWriteOptions = ['ordered', 'bypassDocumentValidation', 'verboseResults', 'comment', 'let', 'rawData', 'writeConcern', 'session', 'timeoutMS'];
const listOptions = ['filter', 'nameOnly', 'authorizedDatabases', 'comment', 'session', 'timeoutMS'];

export const clientOperations: Operations = {
  ...callingAll('client', { appendMetadata: { takes: ['driverInfoOptions'] } }),

  close: async ({ entities }, object, given) => {
    args(given, 'close', []);
    await entities.get('client', object).close();
  },

  clientBulkWrite: async (run, object, given) => {
    const { models: _, ...options } = args(given, 'clientBulkWrite', ['models', ...bulkWriteOptions]);
    const models = required<Fields[]>(given, 'clientBulkWrite', 'models').map(model);
    return plain(await target(run, 'client', object).bulkWrite(models, optionsOf(run, options)));
  },

  createChangeStream: createChangeStream('client', changeStreamOptions),

  dropDatabase: async (run, object, given) => {
    const { database, ...options } = args(given, 'dropDatabase', ['database', 'writeConcern', 'session', 'timeoutMS']);
    await databaseOf(run, object, String(database)).dropDatabase(optionsOf(run, options));
  },

  listDatabases: async (run, object, given) => new RootDocuments(await listDatabases(run, object, args(given, 'listDatabases', listOptions))),

  listDatabaseNames: async (run, object, given) => {
    const listed = await listDatabases(run, object, { nameOnly: true, ...args(given, 'listDatabaseNames', listOptions) });
    return listed.map(({ name }) => name);
  },
};

/** The same in the form of the product: the kind of the model is one of its fields. */
function model(given: Fields): Fields {
  const [[name, fields] = []] = Object.entries(given);
  return { name, ...(fields as Fields) };
}

function databaseOf(run: Run, client: string, name: string): Driver {
  return driver(target(run, 'client', client).db(name));
}

async function listDatabases(run: Run, client: string, given: Fields): Promise<Fields[]> {
  const admin = driver(databaseOf(run, client, 'admin').admin());
  const { databases } = await admin.listDatabases(optionsOf(run, given));
  return databases;
}
