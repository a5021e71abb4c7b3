// The official driver, by its public API; its check-outs by the internals that its own operations use.

import { createRequire } from 'node:module';

import { MongoClient } from 'mongodb';

import { listen, operationsOf } from './operations.mjs';

const require = createRequire(import.meta.url);
const { TimeoutContext } = require('mongodb/lib/timeout.js');
const { ns } = require('mongodb/lib/utils.js');

export async function mongodb(uri, size, { events = false } = {}) {
  const client = new MongoClient(uri, { minPoolSize: size, maxPoolSize: size, maxConnecting: size, monitorCommands: events });
  const heard = events ? listen(client) : undefined;
  await client.connect();
  const db = client.db('bench');
  const pool = poolOf(client);
  // Its population is one connection for each 100 ms; operations establish theirs at once.
  while (pool.totalConnectionCount < size) {
    await Promise.all(Array.from({ length: size }, () => db.command({ ping: 1 })));
  }
  const commands = ns('bench.$cmd');
  return {
    heard,
    operations: {
      ...operationsOf(db),
      held: async () => {
        const connection = await pool.checkOut({ timeoutContext: noTimeout() });
        return { ping: () => connection.command(commands, { ping: 1 }), checkIn: () => pool.checkIn(connection) };
      },
    },
    batches: {
      'check-out': async (count) => {
        const timeoutContext = noTimeout();
        for (let left = count; left > 0; left -= 1) {
          const connection = await pool.checkOut({ timeoutContext });
          pool.checkIn(connection);
        }
      },
    },
    close: () => client.close(),
  };
}

/** A client that has connected to nothing yet, for `opening.mjs` and `subjects/`. */
export function openMongodb(uri, options) {
  const client = new MongoClient(uri, options);
  const db = client.db('bench');
  const inserted = db.collection('inserted');
  return {
    connect: () => client.connect(),
    checkOut: async () => {
      const pool = poolOf(client);
      const connection = await pool.checkOut({ timeoutContext: noTimeout() });
      return () => pool.checkIn(connection);
    },
    ping: (readPreference) => db.command({ ping: 1 }, { readPreference }),
    insert: (document) => inserted.insertOne(document),
    on: (name, listener) => client.on(name, listener),
    onReady: (listener) => client.on('connectionReady', listener),
    close: () => client.close(),
  };
}

function poolOf(client) {
  const [server] = client.topology.s.servers.values();
  return server.pool;
}

function noTimeout() {
  return TimeoutContext.create({ serverSelectionTimeoutMS: 30_000, waitQueueTimeoutMS: 0 });
}
