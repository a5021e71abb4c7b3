import { MongoClient, MongoInvalidArgumentError, MongoPoolClosedError } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const message = 'Attempted to check out a connection from closed connection pool';

onBothLanes((lane) => {
  const closedError = (): object => ({ name: 'MongoPoolClosedError', code: 'FERROPOOL_POOL_CLOSED', address: stub.current.address, message });

  it('a closed pool checks nothing out', async () => {
    const pool = openPool(stub.current.address, { lane });
    pool.ready();
    (await pool.checkOut()).checkIn();
    await pool.close();
    await expect(pool.checkOut()).rejects.toThrow(MongoPoolClosedError);
    await expect(pool.checkOut()).rejects.toMatchObject(closedError());
    expect(() => pool.tryCheckOut()).toThrow(expect.objectContaining(closedError()) as Error);
  });

  it('a closed pool stays closed, whatever it is told', async () => {
    const pool = openPool(stub.current.address, { lane, minPoolSize: 1 });
    await pool.close();
    pool.ready();
    pool.clear();
    expect(pool.stats()).toMatchObject({ state: 'closed', totalConnectionCount: 0, generation: 0 });
    await expect(pool.checkOut()).rejects.toMatchObject(closedError());
  });

  it('a pool that was never ready is closed like any other', async () => {
    const pool = openPool(stub.current.address, { lane });
    await expect(pool.close()).resolves.toEqual({ drained: 0, interrupted: 0, rejected: 0 });
    await expect(pool.checkOut()).rejects.toMatchObject(closedError());
  });

  it('a closed client refuses everything', async () => {
    const client = new MongoClient(stub.current.uri, { lane });
    await client.connect();
    await client.close();
    const uses = [
      () => client.db('test').command({ ping: 1 }),
      () => client.checkOut(),
      () => client.warm({ min: 1 }),
      () => client.connect(),
    ];
    for (const use of uses) await expect(use(), String(use)).rejects.toMatchObject(closedError());
    expect(() => client.tryCheckOut()).toThrow(MongoPoolClosedError);
    expect(client.pools()).toEqual([expect.objectContaining({ state: 'closed', totalConnectionCount: 0 })]);
  });

  it('what is refused is counted as started and failed', async () => {
    const pool = openPool(stub.current.address, { lane });
    await pool.close();
    await expect(pool.checkOut()).rejects.toThrow(MongoPoolClosedError);
    const { checkOutsStarted, checkedOut, checkOutsFailed } = pool.stats();
    expect({ checkOutsStarted, checkedOut, checkOutsFailed }).toEqual({
      checkOutsStarted: 1,
      checkedOut: 0,
      checkOutsFailed: { poolClosed: 1, timeout: 0, connectionError: 0 },
    });
  });

  it('a connection that was returned to a pool is of no use after it closed', async () => {
    const pool = openPool(stub.current.address, { lane });
    pool.ready();
    const connection = await pool.checkOut();
    connection.checkIn();
    await pool.close();
    await expect(connection.command('admin', { ping: 1 })).rejects.toThrow(MongoInvalidArgumentError);
    expect(() => connection.checkIn()).toThrow('The connection is not checked out: it has been checked in already');
  });

  it('options that close() refuses have closed nothing', async () => {
    const pool = openPool(stub.current.address, { lane });
    pool.ready();
    for (const drainMS of [-1, 0.5, Number.NaN, '5' as never]) {
      await expect(pool.close({ drainMS })).rejects.toThrow(
        new MongoInvalidArgumentError(`"drainMS" must be an integer from 0 to 2147483647, received ${String(drainMS)}`),
      );
    }
    await expect(pool.close({ drain: 1 } as never)).rejects.toThrow('Unknown option "drain" of close; allowed are drainMS');
    (await pool.checkOut()).checkIn();
    expect(pool.stats().state).toBe('ready');
    await pool.close();
    expect(pool.stats().state).toBe('closed');
  });
});
