// The other end is gone and has not said so: nothing arrives, and nothing is refused. Only deadlines tell.

import process from 'node:process';

import { MongoNetworkTimeoutError, MongoOperationTimeoutError, MongoPoolClearedError } from 'ferropool';
import { describe, expect, onTestFinished, test } from 'vitest';

import { EventLog } from '../support/events';
import { onBothLanes, openClient, openPool } from '../support/lanes';
import { useStub, type Stub } from '../support/stub';

describe('a peer that has gone silent', () => {
  const stub = useStub();

  onBothLanes((lane) => {
    test('in the middle of a reply: the command fails at its deadline, and another connection serves the next', async () => {
      const client = openClient(stub.current.uri, { lane, maxPoolSize: 1 });
      await client.warm({ min: 1 });
      const log = new EventLog(client);
      await stub.current.control({ replyMode: 'halfReply', commands: ['echo'] });
      const failure = await client.db('t').command({ echo: 1 }, { timeoutMS: 150 }).catch((error: unknown) => error);

      expect(failure).toBeInstanceOf(MongoOperationTimeoutError);
      expect(await client.db('t').command({ echo: 2 })).toMatchObject({ echo: 2 });
      expect(log.of('connectionClosed')).toMatchObject([{ connectionId: 1, reason: 'error' }]);
      expect(log.of('connectionPoolCleared')).toEqual([]);
    });

    test('before its hello: the establishment fails at connectTimeoutMS, and whoever waited with it', async () => {
      await stub.current.control({ acceptAndStaySilent: true });
      const pool = openPool(stub.current.address, { lane, connectTimeoutMS: 150 });
      const log = new EventLog(pool);
      pool.ready();
      const failure = await pool.checkOut().catch((error: unknown) => error);

      expect(failure).toBeInstanceOf(MongoNetworkTimeoutError);
      expect(await log.nth('connectionCheckOutFailed')).toMatchObject({ reason: 'connectionError', error: failure });
      expect(log.of('connectionClosed')).toMatchObject([{ connectionId: 1, reason: 'error' }]);
      expect(pool.stats()).toMatchObject({ totalConnectionCount: 0, pendingConnectionCount: 0, waitQueueSize: 0 });
    });

    test('for good: its monitor notices, interrupts who waits for it, and the same client goes on when it is back', async () => {
      const client = openClient(stub.current.uri, { lane, heartbeatFrequencyMS: 500, connectTimeoutMS: 300 });
      await client.warm({ min: 2 });
      const log = new EventLog(client);
      const back = freeze(stub.current);
      const failure = await client.db('t').command({ echo: 1 }).catch((error: unknown) => error);

      expect(failure).toBeInstanceOf(MongoPoolClearedError);
      expect((failure as Error).message).toBe(`Connection to ${stub.current.address} interrupted due to server monitor timeout`);
      expect(await log.nth('connectionPoolCleared')).toMatchObject({ interruptInUseConnections: true });
      const closed = await log.nth('connectionClosed', 2).then(() => log.of('connectionClosed'));
      expect(closed.map(({ reason }) => reason)).toEqual(['stale', 'stale']);
      back();
      expect(await client.db('t').command({ echo: 2 })).toMatchObject({ echo: 2 });
      expect(log.of('connectionCheckedOut').at(-1)?.connectionId).toBeGreaterThan(2);
    });
  });
});

/** Stops the stub's process, as a lost machine would stop: the kernel goes on accepting, and nobody answers. */
function freeze({ pid }: Stub): () => void {
  const thaw = (): boolean => process.kill(pid, 'SIGCONT');
  process.kill(pid, 'SIGSTOP');
  // Also where the test fails: whoever ends the stub waits for it.
  onTestFinished(() => void thaw());
  return () => void thaw();
}
