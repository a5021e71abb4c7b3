// minPoolSize is reached by maxConnecting handshakes at a time, not one after another.

import { describe, expect, test } from 'vitest';

import { EventLog } from '../support/events';
import { onBothLanes, openClient, openPool } from '../support/lanes';
import { useStub, type Stub } from '../support/stub';

const connections = 100;
const maxConnecting = 10;

describe('100 connections, ten at a time, to a server that takes 50 ms to say hello', () => {
  const stub = useStub();

  onBothLanes((lane) => {
    test('a pool with minPoolSize is populated within 20 times what one connection takes', async () => {
      await stub.current.control({ helloDelayMS: 50 });
      const limit = 20 * (await establishmentMS(stub.current));
      const pool = openPool(stub.current.address, { lane, minPoolSize: connections, maxConnecting });
      const log = new EventLog(pool);
      pool.ready();
      const last = await log.nth('connectionReady', connections);

      const [ready] = log.of('connectionPoolReady');
      expect(last.time.getTime() - (ready?.time.getTime() ?? 0)).toBeLessThan(limit);
      expect(log.names.indexOf('connectionPoolReady')).toBeLessThan(log.names.indexOf('connectionCreated'));
      expect(mostPending(log)).toBe(maxConnecting);
      expect(pool.stats()).toMatchObject({ availableConnectionCount: connections, totalConnectionCount: connections });
      const { maxHelloUnanswered, accepted } = await stub.current.status();
      expect(maxHelloUnanswered).toBeLessThanOrEqual(maxConnecting);
      // It is by working at several at once that it keeps the limit of time.
      expect(maxHelloUnanswered).toBeGreaterThan(maxConnecting / 2);
      // The pool's, and the one that was timed.
      expect(accepted).toBe(connections + 1);
    });

    test('a client is warm within the same time', async () => {
      await stub.current.control({ helloDelayMS: 50 });
      const limit = 20 * (await establishmentMS(stub.current));
      const client = openClient(stub.current.uri, { lane, maxConnecting });
      await client.connect();
      const started = performance.now();
      await client.warm({ min: connections });

      expect(performance.now() - started).toBeLessThan(limit);
      expect(client.pools()[0]?.availableConnectionCount).toBe(connections);
      expect((await stub.current.status()).maxHelloUnanswered).toBeLessThanOrEqual(maxConnecting);
    });

    test('a burst of check-outs keeps to maxConnecting as well', async () => {
      await stub.current.control({ helloDelayMS: 20 });
      const pool = openPool(stub.current.address, { lane, maxPoolSize: 50, maxConnecting: 3 });
      const log = new EventLog(pool);
      pool.ready();
      const held = await Promise.all(Array.from({ length: 50 }, () => pool.checkOut()));

      expect(new Set(held.map(({ id }) => id)).size).toBe(50);
      expect(mostPending(log)).toBe(3);
      expect((await stub.current.status()).maxHelloUnanswered).toBeLessThanOrEqual(3);
      for (const connection of held) connection.checkIn();
    });
  });
});

/** What one connection takes here and now. */
async function establishmentMS(stub: Stub): Promise<number> {
  const pool = openPool(stub.address, {});
  const log = new EventLog(pool, ['connectionReady']);
  pool.ready();
  (await pool.checkOut()).checkIn();
  const { durationMS } = await log.nth('connectionReady');
  await pool.close();
  expect(durationMS).toBeGreaterThanOrEqual(50);
  return durationMS;
}

/** The most connections that were created and not yet ready at a time, by the order of the events. */
function mostPending(log: EventLog): number {
  let pending = 0;
  let most = 0;
  for (const name of log.names) {
    if (name === 'connectionCreated') most = Math.max(most, (pending += 1));
    if (name === 'connectionReady') pending -= 1;
  }
  return most;
}
