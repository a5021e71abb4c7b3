// This package, by its public API.

import { Db, MongoClient } from 'ferropool';

export async function ferropool(uri, size) {
  const client = new MongoClient(uri, { minPoolSize: size, maxPoolSize: size, maxConnecting: size });
  await client.connect();
  await client.warm({ min: size });
  const db = client.db('bench');
  return {
    operations: {
      ping: () => db.command({ ping: 1 }),
      'find-one': async (id) => {
        const reply = await db.command({ find: 'one', filter: { _id: id }, limit: 1, singleBatch: true });
        return reply.cursor.firstBatch[0];
      },
      'find-100': async () => {
        const reply = await db.command({ find: 'many', filter: {}, limit: 100 });
        return reply.cursor.firstBatch;
      },
    },
    batches: {
      'try-check-out': (count) => {
        for (let left = count; left > 0; left -= 1) client.tryCheckOut().checkIn();
      },
      'check-out': async (count) => {
        for (let left = count; left > 0; left -= 1) {
          const connection = await client.checkOut();
          connection.checkIn();
        }
      },
    },
    close: () => client.close(),
  };
}

/** A client that has connected to nothing yet, for `opening.mjs` and `subjects/`. */
export function openFerropool(uri, options) {
  const client = new MongoClient(uri, options);
  const db = client.db('bench');
  return {
    connect: () => client.connect(),
    checkOut: async () => {
      const connection = await client.checkOut();
      return () => connection.checkIn();
    },
    ping: (readPreference) => db.command({ ping: 1 }, { readPreference }),
    insert: inserter(db),
    on: (name, listener) => client.on(name, listener),
    onReady: (listener) => client.on('connectionReady', listener),
    close: () => client.close(),
  };
}

/** Whether this version tries a write again that a failover has interrupted. */
export const retriesWrites = typeof Db.prototype.collection === 'function';

function inserter(db) {
  if (retriesWrites) {
    const many = db.collection('inserted');
    return (document) => many.insertOne(document);
  }
  return async (document) => {
    const { writeErrors, writeConcernError } = await db.command({ insert: 'inserted', documents: [document] });
    const failed = writeConcernError ?? writeErrors?.[0];
    if (failed) throw new Error(failed.errmsg);
  };
}
