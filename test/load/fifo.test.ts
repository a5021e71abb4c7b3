// 512 operations on a pool of 10: whoever comes first is served first, and everybody gets the answer to his own question.

import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';

import { describe, expect, test } from 'vitest';

import { EventLog } from '../support/events';
import { onBothLanes, openClient, openPool } from '../support/lanes';
import { useStub } from '../support/stub';

const operations = 512;
const maxPoolSize = 10;
const inOrder = Array.from({ length: operations }, (_, index) => index);

describe('512 operations on a pool of 10', () => {
  const stub = useStub(['--number-replies']);

  onBothLanes((lane) => {
    test('commands get connections in the order of their calls, each is answered once and with its own reply', async () => {
      const client = openClient(stub.current.uri, { lane, maxPoolSize });
      await client.connect();
      const log = new EventLog(client, ['commandStarted', 'commandSucceeded', 'connectionCreated']);
      const db = client.db('t');
      // Whose check-out an event belongs to is what its listener's async context says.
      const caller = new AsyncLocalStorage<number>();
      const served: (number | undefined)[] = [];
      client.on('connectionCheckedOut', () => served.push(caller.getStore()));

      const settled: number[] = [];
      const replies = await Promise.all(
        inOrder.map(async (number) => {
          const reply = await caller.run(number, () => db.command({ echo: number }));
          settled.push(number);
          return reply;
        }),
      );

      expect(replies.map((reply) => reply['echo'])).toEqual(inOrder);
      expect(served).toEqual(inOrder);
      expect(log.of('commandStarted')).toHaveLength(operations);
      // The stub numbers what it receives: a request that was sent twice, or answered with another's reply, shows here.
      expect(new Set(replies.map((reply) => reply['requestNumber'])).size).toBe(operations);
      expect((await stub.current.status()).commandsByName['echo']).toBe(operations);
      const answered = log.of('commandSucceeded');
      expect(new Set(answered.map(({ requestId }) => requestId)).size).toBe(operations);
      expect(answered).toHaveLength(operations);
      for (const { requestId, reply } of answered) expect(reply).toMatchObject({ requestId });
      expect(settled.toSorted((a, b) => a - b)).toEqual(inOrder);
      expect(log.of('connectionCreated').length).toBeLessThanOrEqual(maxPoolSize);
      const [pool] = client.pools();
      expect(pool).toMatchObject({ checkOutsStarted: operations, checkedOut: operations, waitQueueSize: 0 });
      expect(pool?.inUseConnectionCount).toBe(0);
    });

    test('check-outs are served in the order of their calls, in whatever order connections come back', async () => {
      const pool = openPool(stub.current.address, { lane, maxPoolSize });
      pool.ready();
      const served: number[] = [];
      const held: { id: number; checkIn(): void }[] = [];
      const random = sequence(7);

      await Promise.all(
        inOrder.map(async (number) => {
          const connection = await pool.checkOut();
          served.push(number);
          held.push(connection);
          expect(held.length).toBeLessThanOrEqual(maxPoolSize);
          // Once all are out, any one of them goes back; towards the end, all of them.
          const most = number === operations - 1 ? 0 : maxPoolSize - 1;
          while (held.length > most) {
            held.splice(Math.floor(random() * held.length), 1)[0]?.checkIn();
          }
        }),
      );

      expect(served).toEqual(inOrder);
    });

    test('those who time out or give up leave the queue without disturbing its order', async () => {
      const pool = openPool(stub.current.address, { lane, maxPoolSize: 1 });
      pool.ready();
      const holder = await pool.checkOut();
      const abort = new AbortController();
      setMaxListeners(operations, abort.signal);
      const served: number[] = [];
      const outcomes = inOrder.map(async (number) => {
        const options = [{}, { signal: abort.signal }, { timeoutMS: 1 }][number % 3] ?? {};
        const connection = await pool.checkOut(options);
        served.push(number);
        connection.checkIn();
      });
      const settled = Promise.allSettled(outcomes);
      await Promise.allSettled(outcomes.filter((_, number) => number % 3 === 2));
      abort.abort();
      holder.checkIn();

      const failures = (await settled).filter(({ status }) => status === 'rejected');
      expect(served).toEqual(inOrder.filter((number) => number % 3 === 0));
      expect(failures).toHaveLength(operations - served.length);
      expect(pool.stats()).toMatchObject({ waitQueueSize: 0, inUseConnectionCount: 0, availableConnectionCount: 1 });
    });
  });
});

/** Numbers from 0 to 1 that are the same in every run. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
