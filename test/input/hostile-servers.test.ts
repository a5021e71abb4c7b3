import { MongoNetworkError, MongoNetworkTimeoutError, MongoOperationTimeoutError, MongoServerSelectionError, type ConnectionPool, type MongoClient } from 'ferropool';
import type { Document } from 'bson';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

interface Server {
  title: string;
  fault: Document;
  Class: typeof MongoNetworkError;
  code: string;
  message: RegExp;
}

const servers: Server[] = [
  {
    title: 'accepts and says nothing',
    fault: { acceptAndStaySilent: true },
    Class: MongoNetworkTimeoutError,
    code: 'FERROPOOL_NETWORK_TIMEOUT',
    message: /^connection timed out after 80 ms \(hello\)$/,
  },
  { title: 'closes at once', fault: { closeOnAccept: true }, Class: MongoNetworkError, code: 'FERROPOOL_NETWORK', message: /^./ },
  { title: 'resets at once', fault: { resetOnAccept: true }, Class: MongoNetworkError, code: 'FERROPOOL_NETWORK', message: /^./ },
  { title: 'refuses connections', fault: { refuse: true }, Class: MongoNetworkError, code: 'FERROPOOL_NETWORK', message: /^Connection refused/ },
];

onBothLanes((lane) => {
  it.each(servers)('a server that $title: check-outs fail with a typed error', async ({ fault, Class, code, message }) => {
    await stub.current.control(fault);
    const pool = openPool(stub.current.address, { lane, connectTimeoutMS: 80, maxConnecting: 4 });
    pool.ready();
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => pool.checkOut()));
    for (const outcome of outcomes) {
      expect(outcome.status).toBe('rejected');
      const { reason } = outcome as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(Class);
      expect(reason).toMatchObject({ name: Class.name, code, address: pool.address });
      expect((reason as Error).message).toMatch(message);
    }
    expect(pool.stats()).toMatchObject({ totalConnectionCount: 0, waitQueueSize: 0, checkOutsFailed: { connectionError: 8 } });
    await worksAgain(pool);
  });

  it.each(servers)('a server that $title: the client says which server it could not select, and why', async ({ fault, Class, code }) => {
    await stub.current.control(fault);
    const client = openClient(stub.current.uri, { lane, connectTimeoutMS: 80, serverSelectionTimeoutMS: 200 });
    const error = await client.db('test').command({ ping: 1 }).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(MongoServerSelectionError);
    expect(error).toMatchObject({ code: 'FERROPOOL_SERVER_SELECTION', address: client.address, details: { waitedMS: expect.any(Number) as number } });
    expect((error as MongoServerSelectionError).cause).toBeInstanceOf(Class);
    expect((error as MongoServerSelectionError).cause).toMatchObject({ code, message: (error as Error).message });
    expect(client.pools()[0]).toMatchObject({ state: 'paused', totalConnectionCount: 0, checkOutsStarted: 0 });
  });

  it.each(servers)('a server that $title for a while: the same client works again', async ({ fault }) => {
    const client = openClient(stub.current.uri, { lane, connectTimeoutMS: 80, minHeartbeatFrequencyMS: 20, heartbeatFrequencyMS: 50 });
    await client.db('test').command({ ping: 1 });
    const log = new EventLog(client);
    await stub.current.control({ ...fault, closeAll: true });
    // A close of every connection makes the monitor look again, and what it finds clears the pool.
    await log.nth('connectionPoolCleared');
    await stub.current.reset();
    await expect(client.db('test').command({ echo: 'again' })).resolves.toMatchObject({ echo: 'again' });
    expect(client.pools()[0]).toMatchObject({ state: 'ready', totalConnectionCount: 1, inUseConnectionCount: 0 });
  });

  it('a server that stops reading: timeoutMS ends the command, and the next one has a connection of its own', async () => {
    const client: MongoClient = openClient(stub.current.uri, { lane, maxPoolSize: 1 });
    await client.connect();
    await client.db('test').command({ ping: 1 });
    await stub.current.control({ stopReading: true });
    const error = await client.db('test').command({ ping: 1 }, { timeoutMS: 60 }).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(MongoOperationTimeoutError);
    expect(error).toMatchObject({ address: client.address, code: 'FERROPOOL_OPERATION_TIMEOUT' });
    await stub.current.control({ stopReading: false });
    await expect(client.db('test').command({ echo: 'again' })).resolves.toMatchObject({ echo: 'again' });
    expect(client.pools()[0]).toMatchObject({ totalConnectionCount: 1, inUseConnectionCount: 0 });
  });
});

/** A check-out gets a sound connection, and none has leaked. */
async function worksAgain(pool: ConnectionPool): Promise<void> {
  await stub.current.reset();
  pool.ready();
  const connection = await pool.checkOut();
  await expect(connection.command('admin', { echo: 'again' })).resolves.toMatchObject({ echo: 'again' });
  connection.checkIn();
  expect(pool.stats()).toMatchObject({ totalConnectionCount: 1, availableConnectionCount: 1, inUseConnectionCount: 0 });
}
