import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  it('stale: available or returned after a clear', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    const held = await pool.checkOut();
    (await pool.checkOut()).checkIn();
    pool.clear();
    expect(await log.nth('connectionClosed')).toMatchObject({ connectionId: 2, reason: 'stale', error: null });
    expect(pool.stats().totalConnectionCount).toBe(1);
    held.checkIn();
    expect(await log.nth('connectionClosed', 2)).toMatchObject({ connectionId: 1, reason: 'stale', error: null });
    expect(pool.stats()).toMatchObject({ state: 'paused', generation: 1, totalConnectionCount: 0 });
  });

  it('idle: available for longer than maxIdleTimeMS, without anybody asking for it', async () => {
    const pool = openPool(stub.current.address, { lane, maxIdleTimeMS: 40 });
    const log = new EventLog(pool);
    pool.ready();
    (await pool.checkOut()).checkIn();
    const { time: returned } = await log.nth('connectionCheckedIn');
    const closed = await log.nth('connectionClosed');
    expect(closed).toMatchObject({ connectionId: 1, reason: 'idle', error: null });
    expect(closed.time.getTime() - returned.getTime()).toBeGreaterThanOrEqual(39);
  });

  it('idle: replaced where minPoolSize asks for it', async () => {
    const pool = openPool(stub.current.address, { lane, maxIdleTimeMS: 40, minPoolSize: 1 });
    const log = new EventLog(pool);
    pool.ready();
    await log.nth('connectionClosed');
    expect((await log.nth('connectionReady', 2)).connectionId).toBe(2);
  });

  it('error: a connection that hangs up while it is available, without a clear', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    (await pool.checkOut()).checkIn();
    await stub.current.control({ closeAll: true });
    const closed = await log.nth('connectionClosed');
    expect(closed).toMatchObject({ connectionId: 1, reason: 'error' });
    expect(closed.error).toBeInstanceOf(Error);
    expect(log.names).not.toContain('connectionPoolCleared');
    expect(pool.stats()).toMatchObject({ state: 'ready', generation: 0, totalConnectionCount: 0 });
  });

  it('error: a connection that cannot be established, after the clear that it causes', async () => {
    await stub.current.failPoint({ times: 1 }, { failCommands: ['hello', 'isMaster'], errorCode: 18 });
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    await expect(pool.checkOut()).rejects.toThrow();
    expect(log.names.slice(2)).toEqual([
      'connectionCheckOutStarted',
      'connectionCreated',
      'connectionPoolCleared',
      'connectionClosed',
      'connectionCheckOutFailed',
    ]);
    const [closed, failed] = [log.of('connectionClosed')[0], log.of('connectionCheckOutFailed')[0]];
    expect(closed).toMatchObject({ connectionId: 1, reason: 'error' });
    expect(failed).toMatchObject({ reason: 'connectionError' });
    expect(closed?.error?.message).toBe(failed?.error.message);
  });

  it('error: a connection that cannot be established, without a clear where an overload may be why', async () => {
    await stub.current.control({ closeOnAccept: 1 });
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    await expect(pool.checkOut()).rejects.toThrow();
    expect(log.names.slice(2)).toEqual([
      'connectionCheckOutStarted',
      'connectionCreated',
      'connectionClosed',
      'connectionCheckOutFailed',
    ]);
    expect(log.of('connectionClosed')[0]?.error).toHaveProperty('errorLabels', ['SystemOverloadedError', 'RetryableError']);
  });

  it('poolClosed: available or returned after the close', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    const held = await pool.checkOut();
    (await pool.checkOut()).checkIn();
    const closing = pool.close();
    expect(await log.nth('connectionClosed')).toMatchObject({ connectionId: 2, reason: 'poolClosed', error: null });
    held.checkIn();
    expect(await log.nth('connectionClosed', 2)).toMatchObject({ connectionId: 1, reason: 'poolClosed', error: null });
    await closing;
    expect(pool.stats().connectionsClosed).toEqual({ stale: 0, idle: 0, error: 0, poolClosed: 2 });
  });
});
