// This package, by its public API.

import { MongoClient } from 'ferropool';

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

/** A client that has connected to nothing yet, for `opening.mjs`. */
export function openFerropool(uri, options) {
  const client = new MongoClient(uri, options);
  return {
    connect: () => client.connect(),
    checkOut: async () => {
      const connection = await client.checkOut();
      return () => connection.checkIn();
    },
    onReady: (listener) => client.on('connectionReady', listener),
    close: () => client.close(),
  };
}
