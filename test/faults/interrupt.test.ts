import { MongoPoolClearedError } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  it('a clear that interrupts ends the command that runs, and its connection', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    const connection = await pool.checkOut();
    await stub.current.control({ latencyMS: 60_000 });
    const running = connection.command('test', { ping: 1 });
    const outcome = running.catch((error: unknown) => error);
    pool.clear({ interruptInUseConnections: true });

    const error = await outcome;
    expect(error).toBeInstanceOf(MongoPoolClearedError);
    expect(error).toMatchObject({
      message: `Connection to ${stub.current.address} interrupted due to server monitor timeout`,
      code: 'FERROPOOL_POOL_CLEARED',
      address: stub.current.address,
    });
    expect((error as MongoPoolClearedError).hasErrorLabel('PoolRequestedRetry')).toBe(true);
    // It stopped counting at the clear: its holder returns what no longer exists, without another event.
    expect(pool.stats()).toMatchObject({ totalConnectionCount: 0, inUseConnectionCount: 0 });
    connection.checkIn();
    expect(log.names.slice(-3)).toEqual(['connectionPoolCleared', 'connectionCheckedIn', 'connectionClosed']);
    expect(log.of('connectionClosed')).toMatchObject([{ connectionId: 1, reason: 'stale' }]);
  });

  it('a clear that does not interrupt lets it finish, and closes its connection then', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    const connection = await pool.checkOut();
    const running = connection.command('test', { ping: 1 });
    pool.clear();
    await expect(running).resolves.toMatchObject({ ok: 1 });
    expect(log.of('connectionClosed')).toEqual([]);
    connection.checkIn();
    expect(log.of('connectionClosed')).toMatchObject([{ connectionId: 1, reason: 'stale' }]);
  });
});
