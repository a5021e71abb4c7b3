import { MongoPoolClearedError, MongoPoolClosedError, MongoServerError, MongoWaitQueueTimeoutError } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  it('poolClosed: a waiter, and whoever comes afterwards', async () => {
    const pool = openPool(stub.current.address, { lane, maxPoolSize: 1 });
    const log = new EventLog(pool);
    pool.ready();
    const held = await pool.checkOut();
    const waiter = pool.checkOut();
    const closing = pool.close();
    await expect(waiter).rejects.toThrow(MongoPoolClosedError);
    await expect(pool.checkOut()).rejects.toThrow(MongoPoolClosedError);
    for (const failed of log.of('connectionCheckOutFailed')) {
      expect(failed).toMatchObject({ reason: 'poolClosed', error: expect.any(MongoPoolClosedError) as Error });
    }
    expect(log.of('connectionCheckOutFailed')).toHaveLength(2);
    held.checkIn();
    await closing;
  });

  it('timeout: by waitQueueTimeoutMS, or by timeoutMS, which supersedes it', async () => {
    const pool = openPool(stub.current.address, { lane, maxPoolSize: 1, waitQueueTimeoutMS: 20 });
    const log = new EventLog(pool);
    pool.ready();
    const held = await pool.checkOut();
    const error = await pool.checkOut().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(MongoWaitQueueTimeoutError);
    const first = await log.nth('connectionCheckOutFailed');
    expect(first).toMatchObject({ reason: 'timeout', error: expect.any(MongoWaitQueueTimeoutError) as Error });
    expect(first.error.message).toBe((error as Error).message);
    expect(first.durationMS).toBeGreaterThanOrEqual(20);
    await expect(pool.checkOut({ timeoutMS: 60 })).rejects.toThrow(MongoWaitQueueTimeoutError);
    expect((await log.nth('connectionCheckOutFailed', 2)).durationMS).toBeGreaterThanOrEqual(60);
    held.checkIn();
  });

  it('timeout: while a connection is being established, which goes on and becomes available', async () => {
    await stub.current.control({ helloDelayMS: 80 });
    const pool = openPool(stub.current.address, { lane, waitQueueTimeoutMS: 20 });
    const log = new EventLog(pool);
    pool.ready();
    await expect(pool.checkOut()).rejects.toThrow(MongoWaitQueueTimeoutError);
    await log.nth('connectionReady');
    expect(pool.tryCheckOut()?.id).toBe(1);
  });

  it('connectionError: the pool is paused', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    await expect(pool.checkOut()).rejects.toThrow(MongoPoolClearedError);
    const { reason, error } = await log.nth('connectionCheckOutFailed');
    expect(reason).toBe('connectionError');
    expect(error).toBeInstanceOf(MongoPoolClearedError);
    expect(error.message).toBe(`Connection pool for ${pool.address} is paused`);
  });

  it('connectionError: nothing listens there; others are left to their own luck', async () => {
    await stub.current.control({ refuse: true });
    const pool = openPool(stub.current.address, { lane, maxConnecting: 1 });
    const log = new EventLog(pool);
    pool.ready();
    const outcomes = await Promise.allSettled([pool.checkOut(), pool.checkOut()]);
    for (const outcome of outcomes) {
      expect(outcome).toHaveProperty('reason.name', 'MongoNetworkError');
      expect(outcome).toHaveProperty('reason.errorLabels', ['SystemOverloadedError', 'RetryableError']);
    }
    expect(log.of('connectionCheckOutFailed').map(({ reason }) => reason)).toEqual(['connectionError', 'connectionError']);
    expect(log.names).not.toContain('connectionPoolCleared');
  });

  it('connectionError: the server refuses the handshake, and the waiters behind are evicted with the cause', async () => {
    await stub.current.failPoint('alwaysOn', { failCommands: ['hello', 'isMaster'], errorCode: 18 });
    const pool = openPool(stub.current.address, { lane, maxConnecting: 1 });
    const log = new EventLog(pool);
    pool.ready();
    const [first, second] = await Promise.all([0, 1].map(() => pool.checkOut().catch((error: unknown) => error as Error)));
    expect(first).toBeInstanceOf(MongoServerError);
    expect(first).toHaveProperty('code', 18);
    expect(second).toBeInstanceOf(MongoPoolClearedError);
    expect((second as MongoPoolClearedError).cause).toMatchObject({ message: (first as Error).message, code: 18 });
    expect((second as MongoPoolClearedError).hasErrorLabel('PoolRequestedRetry')).toBe(true);
    expect(log.of('connectionCheckOutFailed').map(({ reason }) => reason)).toEqual(['connectionError', 'connectionError']);
    expect(log.of('connectionPoolCleared')).toHaveLength(1);
  });

  it("connectionError: an abort carries its signal's reason", async () => {
    const pool = openPool(stub.current.address, { lane, maxPoolSize: 1 });
    const log = new EventLog(pool);
    pool.ready();
    const held = await pool.checkOut();
    for (const reason of [undefined, new TypeError('changed my mind')]) {
      log.clear();
      const controller = new AbortController();
      const waiter = pool.checkOut({ signal: controller.signal });
      controller.abort(reason);
      await expect(waiter).rejects.toBe(controller.signal.reason);
      const failed = await log.nth('connectionCheckOutFailed');
      expect(failed.reason).toBe('connectionError');
      expect(failed.error).toBe(controller.signal.reason);
    }
    held.checkIn();
  });
});
