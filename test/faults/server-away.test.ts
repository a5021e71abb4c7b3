// A server goes away and comes back. Its monitor says so, and what cannot wait for it is told why.

import { MongoNetworkError, MongoServerSelectionError, type MongoClient } from 'ferropool';
import { describe, expect, test } from 'vitest';

import { EventLog } from '../support/events';
import { onBothLanes, openClient } from '../support/lanes';
import { useStub } from '../support/stub';

describe('a server that goes away', () => {
  const stub = useStub();

  onBothLanes((lane) => {
    const openWatched = (options: object = {}): MongoClient =>
      openClient(stub.current.uri, { lane, heartbeatFrequencyMS: 500, ...options });

    test('has its pool cleared once, and made ready when it is back', async () => {
      const client = openWatched();
      await client.warm({ min: 3 });
      const log = new EventLog(client);
      await stub.current.control({ refuse: true, closeAll: true });
      await log.nth('connectionPoolCleared');
      expect(client.pools()[0]).toMatchObject({ state: 'paused', availableConnectionCount: 0 });
      // It is still away: this waits for it, and needs no second call.
      const waiting = client.db('t').command({ echo: 'patient' });
      await stub.current.control({ refuse: false });

      expect(await waiting).toMatchObject({ echo: 'patient' });
      expect(log.of('connectionPoolCleared')).toHaveLength(1);
      expect(log.of('connectionPoolReady')).toHaveLength(1);
      expect(log.names.indexOf('connectionPoolCleared')).toBeLessThan(log.names.indexOf('connectionPoolReady'));
      const closed = log.of('connectionClosed');
      expect(closed.map(({ connectionId }) => connectionId).toSorted()).toEqual([1, 2, 3]);
      for (const { connectionId } of log.of('connectionCheckedOut')) expect(connectionId).toBeGreaterThan(3);
    });

    test('fails what has waited for serverSelectionTimeoutMS, with the reason', async () => {
      const client = openWatched({ serverSelectionTimeoutMS: 700 });
      await client.connect();
      const log = new EventLog(client);
      await stub.current.control({ refuse: true, closeAll: true });
      await log.nth('connectionPoolCleared');
      const failures = await Promise.all([
        client.db('t').command({ ping: 1 }).catch((error: unknown) => error),
        client.checkOut().catch((error: unknown) => error),
        client.connect().catch((error: unknown) => error),
      ]);

      for (const failure of failures) {
        expect(failure).toBeInstanceOf(MongoServerSelectionError);
        expect(failure).toMatchObject({ code: 'FERROPOOL_SERVER_SELECTION', address: stub.current.address });
        const { message, cause, details } = failure as MongoServerSelectionError;
        expect(cause).toBeInstanceOf(MongoNetworkError);
        expect((cause as Error).message).toBe(message);
        expect(message).toMatch(/refused/i);
        expect(details?.['waitedMS']).toBeGreaterThanOrEqual(700);
      }
      // None of them reached the pool.
      expect(log.of('connectionCheckOutStarted')).toEqual([]);
    });

    test('that was never there fails a client in the same way', async () => {
      await stub.current.control({ refuse: true });
      const client = openWatched({ serverSelectionTimeoutMS: 300 });
      const failure = await client.connect().catch((error: unknown) => error);

      expect(failure).toBeInstanceOf(MongoServerSelectionError);
      expect((failure as Error).message).toMatch(/refused/i);
      await stub.current.control({ refuse: false });
      await client.connect();
    });

    test('that accepts and says nothing has given no reason to report', async () => {
      await stub.current.control({ acceptAndStaySilent: true });
      const client = openWatched({ serverSelectionTimeoutMS: 300 });
      const failure = await client.connect().catch((error: unknown) => error);

      expect(failure).toBeInstanceOf(MongoServerSelectionError);
      expect((failure as Error).message).toMatch(/^Server selection timed out after \d+ ms$/);
      expect((failure as Error).cause).toBeUndefined();
    });
  });
});
