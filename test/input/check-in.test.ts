import { MongoInvalidArgumentError, type Connection, type ConnectionPool } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const twice = new MongoInvalidArgumentError('The connection is not checked out: it has been checked in already');
const foreign = new MongoInvalidArgumentError('The connection belongs to another pool');
const running = new MongoInvalidArgumentError('A command is running on the connection');

onBothLanes((lane) => {
  const opened = (): ConnectionPool => {
    const pool = openPool(stub.current.address, { lane });
    pool.ready();
    return pool;
  };

  it('a check-in twice', async () => {
    const pool = opened();
    const connection = await pool.checkOut();
    connection.checkIn();
    expect(() => connection.checkIn()).toThrow(twice);
    expect(() => pool.checkIn(connection)).toThrow(twice);
    expect(pool.stats()).toMatchObject({ availableConnectionCount: 1, inUseConnectionCount: 0, totalConnectionCount: 1 });
  });

  it('a check-in twice does not take the connection from its next holder', async () => {
    const pool = opened();
    const former = await pool.checkOut();
    former.checkIn();
    for (const next of [() => pool.tryCheckOut(), () => pool.checkOut()]) {
      const holder = (await next()) as Connection;
      expect(holder.id).toBe(former.id);
      expect(() => former.checkIn()).toThrow(twice);
      await expect(former.command('admin', { ping: 1 })).rejects.toThrow(twice);
      expect(pool.stats().inUseConnectionCount).toBe(1);
      await expect(holder.command('admin', { ping: 1 })).resolves.toMatchObject({ ok: 1 });
      holder.checkIn();
    }
  });

  it('a check-in to another pool, which leaves it with its holder', async () => {
    const [pool, other] = [opened(), opened()];
    const connection = await pool.checkOut();
    const log = new EventLog(other);
    expect(() => other.checkIn(connection)).toThrow(foreign);
    expect(log.names).toEqual([]);
    await expect(connection.command('admin', { ping: 1 })).resolves.toMatchObject({ ok: 1 });
    pool.checkIn(connection);
    expect(pool.stats().availableConnectionCount).toBe(1);
    expect(other.stats().totalConnectionCount).toBe(0);
  });

  it.each([undefined, null, 5, {}, { id: 1, token: { low: 0, high: 0 } }])('a check-in of what is no connection: %j', (junk) => {
    expect(() => opened().checkIn(junk as unknown as Connection)).toThrow(foreign);
  });

  it('use after check-in', async () => {
    const pool = opened();
    const connection = await pool.checkOut();
    connection.checkIn();
    await expect(connection.command('admin', { ping: 1 })).rejects.toThrow(twice);
    expect(pool.stats().availableConnectionCount).toBe(1);
  });

  it('a command, or a check-in, while another command runs on the connection', async () => {
    const pool = opened();
    const connection = await pool.checkOut();
    await stub.current.control({ latencyMS: 50 });
    const first = connection.command('admin', { echo: 1 });
    await expect(connection.command('admin', { echo: 2 })).rejects.toThrow(running);
    expect(() => connection.checkIn()).toThrow(running);
    // Neither has disturbed the one that runs, nor the connection.
    await expect(first).resolves.toMatchObject({ echo: 1 });
    await expect(connection.command('admin', { echo: 3 })).resolves.toMatchObject({ echo: 3 });
    connection.checkIn();
    expect(pool.stats().availableConnectionCount).toBe(1);
  });

  it('`await using` returns what its block has not returned itself', async () => {
    const pool = opened();
    {
      await using connection = await pool.checkOut();
      expect(connection.id).toBe(1);
      expect(pool.stats().inUseConnectionCount).toBe(1);
    }
    expect(pool.stats().inUseConnectionCount).toBe(0);
    {
      await using connection = await pool.checkOut();
      connection.checkIn();
    }
    expect(pool.stats()).toMatchObject({ availableConnectionCount: 1, inUseConnectionCount: 0 });
  });
});
