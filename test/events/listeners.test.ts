import type { ConnectionPool } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openUnheardPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  const opened = (): ConnectionPool => {
    const pool = openUnheardPool(stub.current.address, { lane });
    pool.ready();
    return pool;
  };
  const useOnce = async (pool: ConnectionPool): Promise<void> => (await pool.checkOut()).checkIn();

  it('once() is called once', async () => {
    const pool = opened();
    let calls = 0;
    pool.once('connectionCheckedOut', () => {
      calls += 1;
    });
    await useOnce(pool);
    await useOnce(pool);
    expect(calls).toBe(1);
    expect(pool.listenerCount('connectionCheckedOut')).toBe(0);
  });

  it('a listener added by once() can be removed by off()', async () => {
    const pool = opened();
    let calls = 0;
    const listener = (): void => {
      calls += 1;
    };
    pool.once('connectionCheckedOut', listener);
    pool.off('connectionCheckedOut', listener);
    await useOnce(pool);
    expect(calls).toBe(0);
  });

  it('listeners are called in the order they were added, those that were prepended first', async () => {
    const pool = opened();
    const calls: string[] = [];
    pool.on('connectionCheckedOut', () => calls.push('on'));
    pool.addListener('connectionCheckedOut', () => calls.push('addListener'));
    pool.prependListener('connectionCheckedOut', () => calls.push('prepended'));
    pool.prependOnceListener('connectionCheckedOut', () => calls.push('prependedOnce'));
    await useOnce(pool);
    await useOnce(pool);
    expect(calls).toEqual(['prependedOnce', 'prepended', 'on', 'addListener', 'prepended', 'on', 'addListener']);
  });

  it('a listener that removes another one does not rob it of the event at hand', async () => {
    const pool = opened();
    const calls: string[] = [];
    const second = (): void => {
      calls.push('second');
    };
    pool.on('connectionCheckedOut', () => {
      calls.push('first');
      pool.off('connectionCheckedOut', second);
    });
    pool.on('connectionCheckedOut', second);
    await useOnce(pool);
    await useOnce(pool);
    expect(calls).toEqual(['first', 'second', 'first']);
  });

  it('removeAllListeners() ends one event or all', async () => {
    const pool = opened();
    const calls: string[] = [];
    pool.on('connectionCheckedOut', () => calls.push('out'));
    pool.on('connectionCheckedIn', () => calls.push('in'));
    pool.removeAllListeners('connectionCheckedOut');
    await useOnce(pool);
    expect(calls).toEqual(['in']);
    pool.removeAllListeners();
    await useOnce(pool);
    expect(calls).toEqual(['in']);
  });

  it('a listener is called with its pool as `this`, and with the event alone', async () => {
    const pool = opened();
    const calls: unknown[] = [];
    pool.on('connectionCheckedOut', function listener(this: unknown, ...given: unknown[]) {
      calls.push(this === pool, given.length);
    });
    await useOnce(pool);
    expect(calls).toEqual([true, 1]);
  });

  it("an event's class is exported, and its name is the event's", async () => {
    const { ConnectionCheckedOutEvent, ConnectionPoolMonitoringEvent } = await import('ferropool');
    const pool = opened();
    const events: unknown[] = [];
    pool.on('connectionCheckedOut', (event) => events.push(event));
    await useOnce(pool);
    expect(events).toEqual([expect.any(ConnectionCheckedOutEvent)]);
    expect(events[0]).toBeInstanceOf(ConnectionPoolMonitoringEvent);
    expect(events[0]).toHaveProperty('name', 'connectionCheckedOut');
  });
});
