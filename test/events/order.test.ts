import { setImmediate } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { EventLog, type EventName } from '../support/events.js';
import { onBothLanes, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  it('announces that the pool is ready before any connection of the background population', async () => {
    for (let round = 0; round < 20; round += 1) {
      const pool = openPool(stub.current.address, { lane, minPoolSize: 5, maxConnecting: 5 });
      const log = new EventLog(pool);
      pool.ready();
      await log.nth('connectionReady', 5);
      expect(log.names.slice(0, 2)).toEqual(['connectionPoolCreated', 'connectionPoolReady']);
      await pool.close();
    }
  });

  it("keeps each connection's events in their legal order under load", async () => {
    const pool = openPool(stub.current.address, { lane, maxPoolSize: 4, maxConnecting: 4 });
    const log = new EventLog(pool);
    pool.ready();
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        const connection = await pool.checkOut();
        await connection.command('admin', { ping: 1 });
        connection.checkIn();
      }),
    );
    await pool.close();
    const { connectionsCreated } = pool.stats();
    expect(connectionsCreated).toBeGreaterThan(0);
    for (let id = 1; id <= connectionsCreated; id += 1) {
      // The faster ones may have done all the work before the last one is established.
      expect(eventsOfConnection(log, id)).toMatch(/^created( ready( checkedOut checkedIn)*)? closed$/);
    }
    const count = (name: EventName): number => log.names.filter((recorded) => recorded === name).length;
    expect(count('connectionCheckOutStarted')).toBe(64);
    expect(count('connectionCheckedOut')).toBe(64);
    expect(log.names.at(-1)).toBe('connectionPoolClosed');
  });

  it('delivers events of several pools on one lane to their own listeners alone', async () => {
    const pools = Array.from({ length: 3 }, () => openPool(stub.current.address, { lane }));
    const logs = pools.map((pool) => new EventLog(pool));
    for (const pool of pools) pool.ready();
    await Promise.all(pools.map(async (pool, index) => {
      for (let taken = 0; taken <= index; taken += 1) (await pool.checkOut()).checkIn();
    }));
    await setImmediate();
    expect(logs.map((log) => log.of('connectionCheckedOut').length)).toEqual([1, 2, 3]);
  });
});

/** For example `created ready checkedOut checkedIn closed`. */
function eventsOfConnection(log: EventLog, id: number): string {
  return log.events
    .filter((event) => 'connectionId' in event && event.connectionId === id)
    .map(({ name }) => name.replace('connection', ''))
    .map((name) => name.charAt(0).toLowerCase() + name.slice(1))
    .join(' ');
}
