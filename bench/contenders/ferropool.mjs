// This package, by its public API.

import { MongoClient } from 'ferropool';

import { listen, operationsOf } from './operations.mjs';

export async function ferropool(uri, size, { events = false } = {}) {
  const client = new MongoClient(uri, { minPoolSize: size, maxPoolSize: size, maxConnecting: size, monitorCommands: events });
  const heard = events ? listen(client) : undefined;
  await client.connect();
  await client.warm({ min: size });
  return {
    heard,
    operations: {
      ...operationsOf(client.db('bench')),
      held: async () => {
        const connection = await client.checkOut();
        return { ping: () => connection.command('bench', { ping: 1 }), checkIn: () => connection.checkIn() };
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
  const inserted = db.collection('inserted');
  return {
    connect: () => client.connect(),
    checkOut: async () => {
      const connection = await client.checkOut();
      return () => connection.checkIn();
    },
    ping: (readPreference) => db.command({ ping: 1 }, { readPreference }),
    insert: (document) => inserted.insertOne(document),
    on: (name, listener) => client.on(name, listener),
    onReady: (listener) => client.on('connectionReady', listener),
    close: () => client.close(),
  };
}
