// Requests that a socket does not take at once, because the server does not read.

import { Binary } from 'bson';
import { MongoOperationTimeoutError } from 'ferropool';
import { describe, expect, test, vi } from 'vitest';

import { EventLog } from '../support/events';
import { onBothLanes, openClient } from '../support/lanes';
import { useStub } from '../support/stub';

// More than the kernel buffers between two sockets.
const large = new Binary(Buffer.alloc(12 << 20, 'ferropool'));

describe('a server that stops reading', () => {
  const stub = useStub();

  onBothLanes((lane) => {
    test('gets requests that need many writes whole, once it reads again', async () => {
      const client = openClient(stub.current.uri, { lane, maxPoolSize: 4 });
      await client.warm({ min: 4 });
      await stub.current.control({ stopReading: true });
      const echoes = Promise.all([0, 1, 2, 3].map((number) => client.db('t').command({ echo: large, number })));
      // Those that wait behind them lose nothing either.
      const behind = Promise.all([4, 5, 6].map((number) => client.db('t').command({ echo: number })));
      await stub.current.status();

      expect(client.pools()[0]).toMatchObject({ inUseConnectionCount: 4, waitQueueSize: 3 });
      expect((await stub.current.status()).commandsByName['echo']).toBeUndefined();
      await stub.current.control({ stopReading: false });
      for (const { echo } of await echoes) expect(Buffer.compare((echo as Binary).value(), large.value())).toBe(0);
      expect((await behind).map(({ echo }) => echo)).toEqual([4, 5, 6]);
      expect(client.pools()[0]?.connectionsClosed).toEqual({ stale: 0, idle: 0, error: 0, poolClosed: 0 });
    });

    test('does not keep a command beyond its deadline, and the pool goes on without that connection', async () => {
      const client = openClient(stub.current.uri, { lane, maxPoolSize: 1 });
      await client.warm({ min: 1 });
      const log = new EventLog(client);
      await stub.current.control({ stopReading: true });
      const failure = await client.db('t').command({ echo: large }, { timeoutMS: 200 }).catch((error: unknown) => error);

      expect(failure).toBeInstanceOf(MongoOperationTimeoutError);
      expect(await log.nth('connectionClosed')).toMatchObject({ connectionId: 1, reason: 'error' });
      await stub.current.control({ stopReading: false });
      expect(await client.db('t').command({ echo: 1 })).toMatchObject({ echo: 1 });
      expect(log.of('connectionPoolCleared')).toEqual([]);
    });

    test('keeps no caller who gives up', async () => {
      const client = openClient(stub.current.uri, { lane, maxPoolSize: 1 });
      await client.warm({ min: 1 });
      await stub.current.control({ stopReading: true });
      const abort = new AbortController();
      const given = client.db('t').command({ echo: large }, { signal: abort.signal });
      abort.abort(new Error('no longer wanted'));

      await expect(given).rejects.toThrow('no longer wanted');
      // Its connection is in use until the reply is there: half a request cannot be taken back.
      expect(client.pools()[0]?.inUseConnectionCount).toBe(1);
      await stub.current.control({ stopReading: false });
      await vi.waitFor(() => expect(client.pools()[0]).toMatchObject({ inUseConnectionCount: 0, availableConnectionCount: 1 }));
      expect(await client.db('t').command({ echo: 2 })).toMatchObject({ echo: 2 });
    });
  });
});
