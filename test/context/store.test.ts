import { AsyncLocalStorage } from 'node:async_hooks';

import type { ConnectionPool, MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { commandEventNames, EventLog, poolEventNames, type AnyEvent, type EventName } from '../support/events.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const storage = new AsyncLocalStorage<string>();

/** The store that each event was heard in. */
function stores(emitter: ConnectionPool | MongoClient): [EventName, string | undefined][] {
  const heard: [EventName, string | undefined][] = [];
  for (const name of [...poolEventNames, ...commandEventNames]) {
    emitter.on(name, (event: AnyEvent) => heard.push([event.name, storage.getStore()]));
  }
  return heard;
}

onBothLanes((lane) => {
  const ready = (options = {}): ConnectionPool => {
    const pool = openPool(stub.current.address, { lane, ...options });
    pool.ready();
    return pool;
  };

  it("a promise continues in its caller's store, with and without listeners", async () => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 4 });
    for (const listener of [undefined, () => {}]) {
      if (listener) client.on('connectionCheckedOut', listener);
      const seen = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          storage.run(`caller ${index}`, async () => {
            await client.db('test').command({ ping: 1 });
            const connection = await client.checkOut();
            connection.checkIn();
            await expect(client.db('test').command({ nonsense: 1 })).rejects.toThrow();
            return storage.getStore();
          }),
        ),
      );
      expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => `caller ${index}`));
    }
  });

  it("command and check-out listeners see their caller's store, of immediate and of queued check-outs", async () => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 2 });
    await client.warm({ min: 2 });
    const heard = stores(client);
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => storage.run(`caller ${index}`, () => client.db('test').command({ ping: 1 }))),
    );
    for (const name of ['connectionCheckOutStarted', 'connectionCheckedOut', 'commandStarted', 'commandSucceeded'] as const) {
      const callers = heard.filter(([event]) => event === name).map(([, store]) => store);
      expect(callers.toSorted(), name).toEqual(Array.from({ length: 20 }, (_, index) => `caller ${index}`).toSorted());
    }
  });

  it("so do those of an established, a tried and a queued check-out", async () => {
    const pool = ready({ maxPoolSize: 1 });
    const heard = stores(pool);
    const established = await storage.run('established', () => pool.checkOut());
    const queued = storage.run('queued', () => pool.checkOut());
    storage.run('returning', () => established.checkIn());
    (await queued).checkIn();
    storage.run('tried', () => pool.tryCheckOut())?.checkIn();
    const checkOuts = heard.filter(([name]) => ['connectionCheckOutStarted', 'connectionCheckedOut'].includes(name));
    expect(checkOuts.filter(([, store]) => store !== 'tried')).toEqual([
      ['connectionCheckOutStarted', 'established'],
      ['connectionCheckedOut', 'established'],
      ['connectionCheckOutStarted', 'queued'],
      ['connectionCheckedOut', 'queued'],
    ]);
    expect(checkOuts.slice(4)).toEqual([
      ['connectionCheckOutStarted', 'tried'],
      ['connectionCheckedOut', 'tried'],
    ]);
  });

  it('so do those of check-outs that fail: timed out, aborted, evicted by a clear, closed', async () => {
    const pool = ready({ maxPoolSize: 1 });
    const held = await pool.checkOut();
    const heard = stores(pool);
    const controller = new AbortController();
    const waiting = [
      storage.run('aborted', () => pool.checkOut({ signal: controller.signal })),
      storage.run('timed out', () => pool.checkOut({ timeoutMS: 5 })),
      storage.run('evicted', () => pool.checkOut()),
    ];
    const settled = Promise.allSettled(waiting);
    storage.run('aborting', () => controller.abort());
    await expect(waiting[1]).rejects.toThrow();
    storage.run('clearing', () => pool.clear());
    await settled;
    const closing = storage.run('closing', () => pool.close());
    await expect(storage.run('late', () => pool.checkOut())).rejects.toThrow();
    expect(heard.filter(([name]) => name === 'connectionCheckOutFailed')).toEqual([
      ['connectionCheckOutFailed', 'aborted'],
      ['connectionCheckOutFailed', 'timed out'],
      ['connectionCheckOutFailed', 'evicted'],
      ['connectionCheckOutFailed', 'late'],
    ]);
    held.checkIn();
    await closing;
  });

  it("so do those of commands on a connection, and of commands that fail", async () => {
    const pool = ready();
    const connection = await storage.run('holder', () => pool.checkOut());
    const heard = stores(pool);
    await storage.run('first', () => connection.command('admin', { ping: 1 }));
    await expect(storage.run('second', () => connection.command('admin', { nonsense: 1 }))).rejects.toThrow();
    await stub.current.control({ replyMode: 'closeMidReply', commands: ['ping'] });
    await expect(storage.run('third', () => connection.command('admin', { ping: 1 }))).rejects.toThrow();
    connection.checkIn();
    expect(heard.filter(([name]) => name.startsWith('command'))).toEqual([
      ['commandStarted', 'first'],
      ['commandSucceeded', 'first'],
      ['commandStarted', 'second'],
      ['commandFailed', 'second'],
      ['commandStarted', 'third'],
      ['commandFailed', 'third'],
    ]);
  });

  it("what the pool does on its own belongs to nobody, not even to whoever opened the client or its lane", async () => {
    const pool = storage.run('opener', () => openPool(stub.current.address, { lane, minPoolSize: 2, maxIdleTimeMS: 60 }));
    const heard = storage.run('listener', () => stores(pool));
    const log = new EventLog(pool);
    storage.run('ready', () => pool.ready());
    await log.nth('connectionReady', 2);
    await log.nth('connectionClosed', 1);
    storage.run('closing', () => void pool.close());
    await log.nth('connectionPoolClosed');
    const background = new Set<EventName>(['connectionCreated', 'connectionReady', 'connectionClosed']);
    const seen = heard.filter(([name]) => background.has(name)).map(([, store]) => store);
    expect(seen.length).toBeGreaterThanOrEqual(5);
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });
});
