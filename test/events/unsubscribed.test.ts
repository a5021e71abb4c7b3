import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';

import { expect, it, vi } from 'vitest';

import { EventLog, poolEventNames } from '../support/events.js';
import { onBothLanes, openUnheardClient, openUnheardPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

// What is between TypeScript and the core; not public, but the only witness of work that is not done.
const { native } = createRequire(import.meta.url)('../../dist/native.js') as {
  native: { subscribe: (lane: number, client: number, pool: boolean, commands: boolean) => void; drainEvents: (lane: number) => number };
};
interface Inside {
  id: number;
  listens: boolean;
  lane: { number: number };
}

onBothLanes((lane) => {
  it('asks the core for nothing that nobody listens to', () => {
    const pool = openUnheardPool(stub.current.address, { lane });
    const { id, lane: inside } = pool as unknown as Inside;
    const subscribe = vi.spyOn(native, 'subscribe');
    const asked = (): unknown[] =>
      subscribe.mock.calls.filter(([on, client]) => on === inside.number && client === id).map(([, , ...what]) => what);
    const listener = (): void => {};
    pool.on('connectionReady', listener);
    pool.on('commandStarted', listener);
    pool.on('serverOpening', listener);
    pool.off('connectionReady', listener);
    pool.off('commandStarted', listener);
    pool.off('serverOpening', listener);
    expect(asked()).toEqual([
      [true, false, false, 0],
      [true, true, false, 0],
      [true, true, true, 0],
      [false, true, true, 0],
      [false, false, true, 0],
      [false, false, false, 0],
    ]);
    subscribe.mockRestore();
  });

  it('neither records, drains nor loses an event that nobody listens to', async () => {
    const pool = openUnheardPool(stub.current.address, { lane });
    await Promise.resolve();
    const inside = pool as unknown as Inside;
    const drain = vi.spyOn(native, 'drainEvents');
    pool.ready();
    for (let round = 0; round < 200; round += 1) {
      const connection = await pool.checkOut();
      await connection.command('admin', { ping: 1 });
      connection.checkIn();
      pool.tryCheckOut()?.checkIn();
    }
    await setImmediate();
    expect(inside.listens).toBe(false);
    expect(drain).not.toHaveBeenCalled();
    drain.mockRestore();
    expect(native.drainEvents(inside.lane.number)).toBe(0);
    expect(pool.stats()).toMatchObject({ checkOutsStarted: 400, checkedOut: 400, eventsLost: 0 });
  });

  it('gives a first listener that comes late only what happens from then on', async () => {
    const pool = openUnheardPool(stub.current.address, { lane });
    await setImmediate();
    pool.ready();
    (await pool.checkOut()).checkIn();
    await setImmediate();
    const log = new EventLog(pool);
    (await pool.checkOut()).checkIn();
    expect(log.names).toEqual(['connectionCheckOutStarted', 'connectionCheckedOut', 'connectionCheckedIn']);
  });

  it('stops when the last listener leaves', async () => {
    const pool = openUnheardPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    const recorded = log.names;
    pool.removeAllListeners();
    (await pool.checkOut()).checkIn();
    await setImmediate();
    expect(log.names).toEqual(recorded);
    expect((pool as unknown as Inside).listens).toBe(false);
  });

  it('does not emit command events to a client that asked for none', async () => {
    const client = openUnheardClient(stub.current.uri, { lane, monitorCommands: false });
    const log = new EventLog(client, ['commandStarted', 'commandSucceeded', 'connectionCheckedOut']);
    await client.db('test').command({ ping: 1 });
    expect(log.names).toEqual(['connectionCheckedOut']);
  });

  it('hears of each listener of each event once', async () => {
    const pool = openUnheardPool(stub.current.address, { lane });
    for (const name of poolEventNames) expect(pool.listenerCount(name)).toBe(0);
    const log = new EventLog(pool);
    for (const name of poolEventNames) expect(pool.listenerCount(name)).toBe(1);
    pool.ready();
    expect(log.names).toEqual(['connectionPoolCreated', 'connectionPoolReady']);
  });
});
