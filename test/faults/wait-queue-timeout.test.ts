import { inspect } from 'node:util';

import { ConnectionPool, MongoWaitQueueTimeoutError, type MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  it('says who holds the connections, for how long, and what the pool was last cleared for', async () => {
    const pool = openPool(stub.current.address, { lane, maxPoolSize: 2, waitQueueTimeoutMS: 20 });
    pool.ready();
    pool.clear();
    pool.ready();
    const holders = [await pool.checkOut(), await pool.checkOut()];

    const error = await pool.checkOut().catch((failure: unknown) => failure);

    expect(error).toBeInstanceOf(MongoWaitQueueTimeoutError);
    const { details, ...fields } = error as MongoWaitQueueTimeoutError;
    expect((error as Error).message).toBe('Timed out while checking out a connection from connection pool');
    expect(fields).toMatchObject({ code: 'FERROPOOL_WAIT_QUEUE_TIMEOUT', address: stub.current.address });
    expect(details).toMatchObject({ state: 'ready', total: 2, pending: 0, available: 0, inUse: 2, waitQueueSize: 0 });
    expect(details?.['waitedMS']).toBeGreaterThanOrEqual(20);
    const named = details?.['holders'] as { connectionId: number; purpose: string; ageMS: number }[];
    expect(named.map(({ connectionId }) => connectionId)).toEqual(holders.map(({ id }) => id));
    expect(named.every(({ purpose, ageMS }) => purpose === 'operation' && ageMS >= 20)).toBe(true);
    expect(details?.['lastClear']).toMatchObject({ cause: null });
    expect(inspect(error)).toContain('waitedMS');
  });

  it('timeoutMS of a check-out supersedes the option', async () => {
    const pool = openPool(stub.current.address, { lane, maxPoolSize: 1, waitQueueTimeoutMS: 10 });
    pool.ready();
    const holder = await pool.checkOut();
    const patient = pool.checkOut({ timeoutMS: 60_000 });
    await expect(pool.checkOut()).rejects.toBeInstanceOf(MongoWaitQueueTimeoutError);
    holder.checkIn();
    expect((await patient).id).toBe(holder.id);
  });

  it.each<[string, () => ConnectionPool | MongoClient]>([
    ['waitQueueTimeoutMS', () => openPool(stub.current.address, { lane, maxPoolSize: 1, waitQueueTimeoutMS: 10 })],
    ['the client’s timeoutMS', () => openClient(stub.current.uri, { lane, maxPoolSize: 1, timeoutMS: 10 })],
  ])('one of 0 is no limit, whatever %s is', async (_, open) => {
    const owner = open();
    if (owner instanceof ConnectionPool) owner.ready();
    const holder = await owner.checkOut({ timeoutMS: 0 });
    const patient = owner.checkOut({ timeoutMS: 0 });
    // Later than the limit that does not count: this one has waited for it.
    await expect(owner.checkOut()).rejects.toBeInstanceOf(MongoWaitQueueTimeoutError);
    holder.checkIn();
    expect((await patient).id).toBe(holder.id);
  });

  it('nor is a client’s own timeoutMS of 0', async () => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 1, timeoutMS: 0, waitQueueTimeoutMS: 10 });
    const holder = await client.checkOut();
    const patient = client.checkOut();
    await expect(client.checkOut({ timeoutMS: 20 })).rejects.toBeInstanceOf(MongoWaitQueueTimeoutError);
    holder.checkIn();
    expect((await patient).id).toBe(holder.id);
  });
});
