// Whether a server can be reached with some options, through a pool: it fails with the error itself, and at once.

import type { Connection, ConnectionPool, ConnectionPoolOptions, MongoError } from 'ferropool';
import { expect } from 'vitest';

import { openPool } from './lanes.js';

/** Establishes a connection and runs a command on it, which has to work. Gives the pool, the connection checked in. */
export async function reach(address: string, options: ConnectionPoolOptions, use: (connection: Connection) => Promise<unknown> = ping): Promise<ConnectionPool> {
  const pool = openPool(address, options);
  pool.ready();
  const connection = await pool.checkOut();
  await use(connection);
  connection.checkIn();
  return pool;
}

/** The error that the first connection fails with, which has to leave nothing open. */
export async function refusal(address: string, options: ConnectionPoolOptions): Promise<MongoError> {
  const pool = openPool(address, { connectTimeoutMS: 10_000, ...options });
  pool.ready();
  const outcome = await pool.checkOut().then(
    () => expect.unreachable(`${address} should have been refused`),
    (error: MongoError) => error,
  );
  expect(pool.stats()).toMatchObject({ totalConnectionCount: 0, pendingConnectionCount: 0 });
  return outcome as MongoError;
}

async function ping(connection: Connection): Promise<void> {
  await expect(connection.command('admin', { ping: 1 })).resolves.toMatchObject({ ok: 1 });
}
