// The prose tests of "Connection Monitoring and Pooling", under their numbers. A pool's options are seen in the event
// of its creation, and by what the pool then does.

import { on, once } from 'node:events';
import type { ConnectionPool, MongoClient } from 'ferropool';
import { expect, it } from 'vitest';
import { EventLog, poolEventNames } from './support/events';
import { onBothLanes, openClient, openPool } from './support/lanes';
import { describeWithMongod, useMongod } from './support/mongod';

/** All of the specification's ConnectionPoolOptions, none at its default. */
const poolOptions = {
  maxPoolSize: 1,
  minPoolSize: 1,
  maxIdleTimeMS: 60_000,
  maxConnecting: 3,
  waitQueueTimeoutMS: 20,
};

describeWithMongod('the prose tests of connection monitoring and pooling', () => {
  const mongod = useMongod();
  const address = () => `127.0.0.1:${mongod.current.port}`;

  onBothLanes((lane) => {
    it('1: every option of a pool is an option of the client, and of nothing below it', async () => {
      const client = openClient(mongod.current.uri, { lane, ...poolOptions });
      const log = new EventLog(client);
      expect((await log.nth('connectionPoolCreated')).options).toEqual(poolOptions);
      await expectOptionsToApply(client);
      for (const option of Object.keys(poolOptions)) {
        await expect(client.checkOut({ [option]: 1 })).rejects.toThrow(`Unknown option "${option}"`);
        await expect(client.db('a').command({ ping: 1 }, { [option]: 1 })).rejects.toThrow(`Unknown option "${option}"`);
      }
    });

    it('2: every pool of a client has the same options', async () => {
      const client = openClient(mongod.current.uri, { lane, appName: `prose-2-${lane}`, ...poolOptions });
      const log = new EventLog(client);
      await client.connect();
      // A pool that recovers from a clear is the same pool, with the same options.
      await failCommand(lane, { failCommands: ['ping'], closeConnection: true, appName: `prose-2-${lane}` });
      await expect(client.db('a').command({ ping: 1 })).rejects.toThrow();
      await log.nth('connectionPoolReady', 2);
      await expectOptionsToApply(client);
      const created = log.of('connectionPoolCreated');
      expect(created.map((event) => event.address)).toEqual(client.pools().map((pool) => pool.address));
      for (const event of created) expect(event.options).toEqual(poolOptions);
    });

    it('3: every option of a pool can be given in the connection string', async () => {
      const query = Object.entries(poolOptions).map(([name, value]) => `&${name}=${value}`);
      const client = openClient(`${mongod.current.uri}${query.join('')}`, { lane });
      const log = new EventLog(client);
      expect((await log.nth('connectionPoolCreated')).options).toEqual(poolOptions);
      await expectOptionsToApply(client);
    });

    it("4: a client's events are those of an EventEmitter", async () => {
      const appName = `prose-4-${lane}`;
      const client = openClient(mongod.current.uri, { lane, appName });
      const clear = async () => {
        await failCommand(lane, { failCommands: ['ping'], closeConnection: true, appName });
        await expect(client.db('a').command({ ping: 1 })).rejects.toThrow();
      };
      await expectIdiomaticEvents(client, { ready: () => client.connect(), clear });
    });

    it("4: a pool's events are those of an EventEmitter", async () => {
      const pool = openPool(address(), { lane });
      await expectIdiomaticEvents(pool, { ready: async () => pool.ready(), clear: async () => pool.clear() });
    });

    it('5: a check-out whose connection cannot be set up fails with reason connectionError', async () => {
      const appName = `prose-5-${lane}`;
      await failCommand(lane, { failCommands: ['isMaster', 'hello'], errorCode: 91, appName });
      const pool = openPool(address(), { lane, appName });
      const log = new EventLog(pool);
      pool.ready();
      const error = await pool.checkOut().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'MongoServerError', code: 91 });
      const failed = await log.nth('connectionCheckOutFailed');
      expect(failed).toMatchObject({ address: address(), reason: 'connectionError', error: { code: 91 } });
      expect(log.of('connectionCheckedOut')).toEqual([]);
    });
  });

  /** Once, for the application that the data names. */
  function failCommand(lane: string, data: object): Promise<unknown> {
    expect(data).toHaveProperty('appName', expect.stringContaining(lane));
    return mongod.current.command('admin', { configureFailPoint: 'failCommand', mode: { times: 1 }, data });
  }
});

/** What can be seen of `poolOptions` without waiting for a minute. */
async function expectOptionsToApply(client: MongoClient): Promise<void> {
  await client.warm();
  expect(client.pools()).toMatchObject([{ totalConnectionCount: poolOptions.minPoolSize }]);
  await using _held = await client.checkOut();
  await expect(client.checkOut()).rejects.toThrow('Timed out while checking out a connection from connection pool');
  expect(client.pools()).toMatchObject([{ totalConnectionCount: poolOptions.maxPoolSize }]);
}

/** Subscribes in each of Node.js' ways, and leads a whole life. */
async function expectIdiomaticEvents(
  emitter: MongoClient | ConnectionPool,
  { ready, clear }: { ready: () => Promise<unknown>; clear: () => Promise<unknown> },
): Promise<void> {
  const log = new EventLog(emitter);
  const first = once(emitter, 'connectionCheckedOut');
  const each = on(emitter, 'connectionCheckedIn');
  const removed = () => expect.unreachable('a listener that was removed is called');
  let calls = 0;
  emitter.on('connectionCheckOutStarted', removed).off('connectionCheckOutStarted', removed);
  emitter.once('connectionCheckOutStarted', () => {
    calls += 1;
  });

  await ready();
  for (let round = 0; round < 2; round += 1) {
    await using _connection = await emitter.checkOut();
  }
  await clear();
  await log.nth('connectionPoolCleared');
  await emitter.close({ drainMS: 0 });
  await expect(emitter.checkOut()).rejects.toThrow('Attempted to check out a connection from closed connection pool');

  expect(new Set(log.names)).toEqual(new Set(poolEventNames));
  expect(calls).toBe(1);
  const [checkedOut] = await first;
  expect(checkedOut).toBe(log.of('connectionCheckedOut')[0]);
  expect((await each.next()).value).toEqual([log.of('connectionCheckedIn')[0]]);
}
