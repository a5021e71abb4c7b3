import { MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { LogBook } from '../support/logs.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const server = (): object => ({ serverHost: '127.0.0.1', serverPort: stub.current.port });
const base = { t: expect.any(Date), c: 'connection', s: 'debug' };

onBothLanes((lane) => {
  it("tells of a pool's whole life", async () => {
    const book = new LogBook();
    const pool = openPool(stub.current.address, { lane, ...book.options({ connection: 'debug' }), maxPoolSize: 3, maxIdleTimeMS: 9000 });
    pool.ready();
    const connection = await pool.checkOut();
    connection.checkIn();
    pool.clear();
    await pool.close();
    const durationMS = expect.any(Number);
    expect(book.logs.filter(({ message }) => message !== 'Connection closed')).toEqual([
      { ...base, message: 'Connection pool created', ...server(), maxPoolSize: 3, maxIdleTimeMS: 9000 },
      { ...base, message: 'Connection pool ready', ...server() },
      { ...base, message: 'Connection checkout started', ...server() },
      { ...base, message: 'Connection created', ...server(), driverConnectionId: 1 },
      { ...base, message: 'Connection ready', ...server(), driverConnectionId: 1, durationMS },
      { ...base, message: 'Connection checked out', ...server(), driverConnectionId: 1, durationMS },
      { ...base, message: 'Connection checked in', ...server(), driverConnectionId: 1 },
      { ...base, message: 'Connection pool cleared', ...server() },
      { ...base, message: 'Connection pool closed', ...server() },
    ]);
    const reason = 'Connection became stale because the pool was cleared';
    expect(book.of('Connection closed')).toEqual([{ ...base, message: 'Connection closed', ...server(), driverConnectionId: 1, reason }]);
  });

  it('says why a check-out failed, and with what if it was the connection', async () => {
    const book = new LogBook();
    const pool = openPool(stub.current.address, { lane, ...book.options({ connection: 'debug' }), maxPoolSize: 1 });
    pool.ready();
    const connection = await pool.checkOut();
    await expect(pool.checkOut({ timeoutMS: 1 })).rejects.toThrow();
    connection.checkIn();
    await stub.current.control({ refuse: true });
    pool.clear({ interruptInUseConnections: true });
    pool.ready();
    await expect(pool.checkOut()).rejects.toThrow();
    await pool.close();
    await expect(pool.checkOut()).rejects.toThrow();
    const failed = book.of('Connection checkout failed');
    expect(failed.map(({ reason }) => reason)).toEqual([
      'Wait queue timeout elapsed without a connection becoming available',
      'An error occurred while trying to establish a new connection',
      'Connection pool was closed',
    ]);
    expect(failed.map(({ error }) => (error as { name: string } | undefined)?.name)).toEqual([undefined, 'MongoNetworkError', undefined]);
    const closed = book.of('Connection closed').find(({ reason }) => reason === 'An error occurred while using the connection');
    expect(closed?.['error']).toMatchObject({ name: 'MongoNetworkError', code: 'FERROPOOL_NETWORK', address: stub.current.address });
  });

  it('has the time by the core, not that of its delivery', async () => {
    const book = new LogBook();
    const client = openClient(stub.current.uri, { lane, ...book.options({ connection: 'debug' }), minPoolSize: 1 });
    await client.warm();
    const [ready] = book.of('Connection ready');
    const [created] = book.of('Connection created');
    const between = (ready?.t.getTime() ?? 0) - (created?.t.getTime() ?? 0);
    expect(between).toBeGreaterThanOrEqual(Math.floor(ready?.['durationMS'] as number));
  });
});

it.each([
  ['[::1]:27018', { serverHost: '::1', serverPort: 27018 }],
  ['db.example.com', { serverHost: 'db.example.com', serverPort: 27017 }],
  ['%2Ftmp%2Fno.sock', { serverHost: '/tmp/no.sock' }],
])('says where %s is', async (host, expected) => {
  const book = new LogBook();
  const client = new MongoClient(`mongodb://${host}/?directConnection=true`, book.options({ connection: 'debug' }));
  await Promise.resolve();
  await client.close();
  expect(book.logs[0]).toEqual({ ...base, message: 'Connection pool created', ...expected });
});
