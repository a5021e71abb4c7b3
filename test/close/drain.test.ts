import { MongoNetworkError, MongoPoolClosedError } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  it('closes available connections at once, those in use as they are returned', async () => {
    const pool = openPool(stub.current.address, { lane, appName: lane });
    const log = new EventLog(pool);
    pool.ready();
    const held = [await pool.checkOut(), await pool.checkOut(), await pool.checkOut()];
    held[2]?.checkIn();
    log.clear();
    const closing = pool.close();
    await log.nth('connectionClosed');
    expect(log.names.toSorted()).toEqual(['connectionClosed', 'connectionPoolClosed']);
    expect(log.of('connectionClosed')[0]).toMatchObject({ connectionId: 3, reason: 'poolClosed' });
    expect(pool.stats()).toMatchObject({ state: 'closed', totalConnectionCount: 2, inUseConnectionCount: 2 });

    for (const [index, connection] of held.slice(0, 2).entries()) {
      await expect(connection.command('admin', { echo: index })).resolves.toMatchObject({ echo: index });
      connection.checkIn();
      expect((await log.nth('connectionClosed', index + 2)).connectionId).toBe(connection.id);
    }
    await expect(closing).resolves.toEqual({ drained: 2, interrupted: 0, rejected: 0 });
    await stub.current.until(({ connectionsByAppName }) => (connectionsByAppName[lane] ?? 0) === 0);
  });

  it('lets commands in flight complete, without a deadline', async () => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 4 });
    await client.warm({ min: 4 });
    await stub.current.control({ latencyMS: 80 });
    const commands = [0, 1, 2, 3].map((echo) => client.db('test').command({ echo }));
    const closing = client.close();
    expect((await Promise.all(commands)).map((reply) => reply['echo'] as number)).toEqual([0, 1, 2, 3]);
    await expect(closing).resolves.toEqual({ drained: 4, interrupted: 0, rejected: 0 });
  });

  it('interrupts nothing before drainMS', async () => {
    const client = openClient(stub.current.uri, { lane });
    await client.warm({ min: 1 });
    await stub.current.control({ latencyMS: 80 });
    const command = client.db('test').command({ echo: 'in time' });
    const closing = client.close({ drainMS: 10_000 });
    await expect(command).resolves.toMatchObject({ echo: 'in time' });
    await expect(closing).resolves.toEqual({ drained: 1, interrupted: 0, rejected: 0 });
  });

  it('interrupts what is still in use at drainMS, and says so', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    const [running, idle] = [await pool.checkOut(), await pool.checkOut()];
    await stub.current.control({ latencyMS: 60_000 });
    const command = running.command('admin', { ping: 1 });
    const started = performance.now();
    const closing = pool.close({ drainMS: 60 });
    const error = await command.catch((failure: unknown) => failure);
    expect(performance.now() - started).toBeGreaterThanOrEqual(59);
    expect(error).toBeInstanceOf(MongoPoolClosedError);
    expect(error).toMatchObject({
      code: 'FERROPOOL_POOL_CLOSED',
      message: `Connection to ${pool.address} was interrupted because its pool was closed`,
    });
    await expect(closing).resolves.toEqual({ drained: 0, interrupted: 2, rejected: 0 });
    // Their holders have them still, and return them in vain.
    await expect(idle.command('admin', { ping: 1 })).rejects.toThrow();
    running.checkIn();
    idle.checkIn();
    expect(log.of('connectionClosed').map(({ reason }) => reason)).toEqual(['poolClosed', 'poolClosed']);
    expect(pool.stats()).toMatchObject({ totalConnectionCount: 0, inUseConnectionCount: 0 });
  });

  it('drainMS 0 interrupts at once', async () => {
    const client = openClient(stub.current.uri, { lane });
    await client.warm({ min: 1 });
    await stub.current.control({ latencyMS: 60_000 });
    const command = client.db('test').command({ ping: 1 });
    const refused = expect(command).rejects.toThrow(MongoPoolClosedError);
    await expect(client.close({ drainMS: 0 })).resolves.toEqual({ drained: 0, interrupted: 1, rejected: 0 });
    await refused;
  });

  it('fails waiters at once, and counts them', async () => {
    const pool = openPool(stub.current.address, { lane, maxPoolSize: 1 });
    pool.ready();
    const held = await pool.checkOut();
    const waiting = Array.from({ length: 5 }, () => pool.checkOut());
    const closing = pool.close();
    for (const outcome of await Promise.allSettled(waiting)) {
      expect(outcome).toMatchObject({
        reason: { name: 'MongoPoolClosedError', code: 'FERROPOOL_POOL_CLOSED', address: pool.address, message: 'Attempted to check out a connection from closed connection pool' },
      });
    }
    held.checkIn();
    await expect(closing).resolves.toEqual({ drained: 1, interrupted: 0, rejected: 5 });
    expect(pool.stats().checkOutsFailed).toEqual({ poolClosed: 5, timeout: 0, connectionError: 0 });
  });

  it('ends establishments that are under way', async () => {
    await stub.current.control({ helloDelayMS: 60_000 });
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    const waiter = pool.checkOut();
    const refused = expect(waiter).rejects.toThrow(MongoPoolClosedError);
    await log.nth('connectionCreated');
    await expect(pool.close()).resolves.toEqual({ drained: 0, interrupted: 0, rejected: 1 });
    await refused;
    expect(await log.nth('connectionClosed')).toMatchObject({ connectionId: 1, reason: 'poolClosed' });
    expect(pool.stats().totalConnectionCount).toBe(0);
  });

  it('a second close gets the first result, whatever it asks for', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    const held = await pool.checkOut();
    const first = pool.close();
    const second = pool.close({ drainMS: 5_000 });
    held.checkIn();
    expect(await first).toEqual({ drained: 1, interrupted: 0, rejected: 0 });
    expect(await second).toEqual(await first);
    expect(await pool.close()).toEqual(await first);
    await pool[Symbol.asyncDispose]();
    expect(log.of('connectionPoolClosed')).toHaveLength(1);
  });

  it('a connection that fails while it drains is drained', async () => {
    const pool = openPool(stub.current.address, { lane });
    pool.ready();
    const held = await pool.checkOut();
    const closing = pool.close();
    await stub.current.control({ replyMode: 'closeMidReply', commands: ['ping'] });
    await expect(held.command('admin', { ping: 1 })).rejects.toThrow(MongoNetworkError);
    held.checkIn();
    await expect(closing).resolves.toEqual({ drained: 1, interrupted: 0, rejected: 0 });
  });

  it('`await using` closes a client at the end of its block', async () => {
    let ended;
    {
      await using client = openClient(stub.current.uri, { lane });
      await client.db('test').command({ ping: 1 });
      ended = client;
    }
    expect(ended.pools()[0]).toMatchObject({ state: 'closed', totalConnectionCount: 0 });
    await expect(ended.db('test').command({ ping: 1 })).rejects.toThrow(MongoPoolClosedError);
  });
});
