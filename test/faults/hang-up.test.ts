// Servers hang up on connections that nobody is using. That is noticed at once, costs those connections and nothing else.

import { MongoNetworkError } from 'ferropool';
import { describe, expect, test } from 'vitest';

import { runProgram } from '../support/child';
import { EventLog } from '../support/events';
import { onBothLanes, openPool } from '../support/lanes';
import { useStub } from '../support/stub';

describe('peers that hang up', () => {
  const stub = useStub();

  onBothLanes((lane) => {
    test('on 1,000 available connections: all are closed within a second, without a clear and without spinning', async () => {
      // A process of its own, so that its processor time is the pool's alone.
      const { stdout, stderr, code } = await runProgram(hangUp(stub.current.address, lane, 0));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const seen = JSON.parse(stdout) as Seen;

      expect(seen.reasons).toEqual({ error: 1_000 });
      expect(seen.errors).toEqual({ MongoNetworkError: 1_000 });
      expect(seen.closedWithinMS).toBeLessThan(1_000);
      expect(seen.cleared).toBe(0);
      expect(seen.total).toBe(0);
      // A thread that asked the kernel again and again would take the whole second.
      expect(seen.cpuMSInTheNextSecond).toBeLessThan(250);
      expect((await stub.current.status()).open).toBe(0);
    });

    test('on 500 connections that are checked out: nothing spins, and their holders are told when they use them', async () => {
      const { stdout, stderr, code } = await runProgram(hangUp(stub.current.address, lane, 500));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const seen = JSON.parse(stdout) as Seen;

      expect(seen.reasons).toEqual({ error: 1_000 });
      expect(seen.commandErrors).toEqual({ MongoNetworkError: 500 });
      expect(seen.cleared).toBe(0);
      expect(seen.cpuMSInTheNextSecond).toBeLessThan(250);
    });

    test('a pool with minPoolSize replaces what it lost', async () => {
      const pool = openPool(stub.current.address, { lane, minPoolSize: 5 });
      const log = new EventLog(pool);
      pool.ready();
      await log.nth('connectionReady', 5);
      await stub.current.control({ closeAll: true });
      await log.nth('connectionReady', 10);

      const closed = log.of('connectionClosed');
      expect(closed.map(({ connectionId }) => connectionId).toSorted()).toEqual([1, 2, 3, 4, 5]);
      for (const { reason, error } of closed) {
        expect(reason).toBe('error');
        expect(error).toBeInstanceOf(MongoNetworkError);
      }
      expect(pool.stats()).toMatchObject({ availableConnectionCount: 5, state: 'ready', generation: 0 });
    });

    test('a reset is as good as a hang-up', async () => {
      const pool = openPool(stub.current.address, { lane });
      const log = new EventLog(pool);
      pool.ready();
      (await pool.checkOut()).checkIn();
      await stub.current.control({ resetAll: true });

      expect(await log.nth('connectionClosed')).toMatchObject({ connectionId: 1, reason: 'error' });
      expect((await pool.checkOut()).id).toBe(2);
    });
  });
});

interface Seen {
  reasons: Record<string, number>;
  errors: Record<string, number>;
  commandErrors: Record<string, number>;
  closedWithinMS: number;
  cleared: number;
  total: number;
  cpuMSInTheNextSecond: number;
}

/** Opens 1,000 connections, keeps `held` of them, has the stub hang up on all, and says what it saw. */
function hangUp(address: string, lane: string, held: number): string {
  return `
    import { setTimeout as sleep } from 'node:timers/promises';
    // Waiting for an event keeps no process alive.
    const alive = setInterval(() => undefined, 1000);
    const count = (names) => Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((each) => each === name).length]));
    const pool = new ConnectionPool('${address}', { lane: '${lane}', maxPoolSize: 1000, maxConnecting: 50 });
    const closed = [];
    const waiting = [];
    const closedAtLeast = (number) => closed.length >= number || new Promise((resolve) => waiting.push({ number, resolve }));
    pool.on('connectionClosed', (event) => {
      closed.push(event);
      for (const { number, resolve } of waiting) if (closed.length >= number) resolve();
    });
    pool.ready();
    const connections = await Promise.all(Array.from({ length: 1000 }, () => pool.checkOut()));
    const held = connections.splice(0, ${held});
    for (const connection of connections) connection.checkIn();

    // No fault concerns a connection of this name.
    const control = new ConnectionPool('${address}', { lane: '${lane}', appName: 'stub-control' });
    control.ready();
    const door = await control.checkOut();
    const started = Date.now();
    await door.command('admin', { stubControl: 1, closeAll: true });
    await closedAtLeast(1000 - held.length);
    const closedWithinMS = Math.max(...closed.map(({ time }) => time.getTime())) - started;

    const before = process.cpuUsage();
    await sleep(1000);
    const { user, system } = process.cpuUsage(before);

    const failures = await Promise.all(held.map((connection) => connection.command('t', { ping: 1 }).catch((error) => error.name)));
    for (const connection of held) connection.checkIn();
    await closedAtLeast(1000);
    const { cleared, totalConnectionCount: total } = pool.stats();
    console.log(JSON.stringify({
      closedWithinMS,
      cleared,
      total,
      reasons: count(closed.map(({ reason }) => reason)),
      errors: count(closed.map(({ error }) => error?.name)),
      commandErrors: count(failures),
      cpuMSInTheNextSecond: (user + system) / 1000,
    }));
    clearInterval(alive);
    door.checkIn();
    await Promise.all([pool.close(), control.close()]);`;
}
