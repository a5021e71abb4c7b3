// What the workload runs against: the embedded server, which can be made to fail, or a deployment that must not be.

import { MongoClient } from 'ferropool';

import { startStub } from '../scripts/stub.mjs';

/** Documents that the embedded server holds, and the workload looks up. */
export const DOCUMENTS = 1000;

/**
 * @returns {Promise<{ uri: string, name: string, control?: (fields: object) => Promise<unknown>, stop: () => Promise<void> }>}
 */
export async function openServer(uri = process.env.MONGODB_URI) {
  if (uri) return { uri, name: 'MONGODB_URI', stop: async () => {} };

  const stub = await startStub();
  // By this name the server knows whom to spare from what it is made to do.
  const controller = new MongoClient(stub.uri, { appName: 'stub-control', maxPoolSize: 1 });
  const run = (database, command) => controller.db(database).command(command);
  await run('demo', {
    insert: 'items',
    documents: Array.from({ length: DOCUMENTS }, (_, _id) => ({ _id, name: `item ${_id}`, price: _id * 1.5, tags: ['a', 'b'] })),
  });
  return {
    uri: stub.uri,
    name: 'the embedded server',
    control: (fields) => run('admin', { stubControl: 1, ...fields }),
    stop: async () => {
      await controller.close();
      await stub.stop();
    },
  };
}
