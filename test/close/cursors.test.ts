import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { MongoPoolClosedError, type Collection } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { useStub } from '../support/stub.js';

/** Far beyond a test's time: who waits for it hangs. */
const LONG = 600_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describeWithMongod('a client that closes', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    it('does not wait for documents that may never come', async () => {
      // One connection: there is none left over which the cursor could be killed.
      const client = openClient(mongod.current.uri, { lane, maxPoolSize: 1 });
      const log = new EventLog(client, ['commandStarted']);
      const db = client.db('close');
      const collection = await db.createCollection(`capped-${lane}`, { capped: true, size: 4096 });
      await collection.insertOne({});
      const cursor = collection.find({}, { tailable: true, awaitData: true, maxAwaitTimeMS: LONG });
      await cursor.next();
      const next = cursor.next();
      await log.nth('commandStarted', 4);
      expect(log.of('commandStarted').at(-1)).toMatchObject({ commandName: 'getMore', command: { maxTimeMS: LONG } });
      const closing = client.close();
      await expect(next).rejects.toThrow(MongoPoolClosedError);
      // What was rejected is the command that would have killed the cursor.
      await expect(closing).resolves.toEqual({ drained: 0, interrupted: 1, rejected: 1 });
    });

    it('kills cursors that are idle', async () => {
      const client = openClient(mongod.current.uri, { lane });
      const log = new EventLog(client, ['commandSucceeded']);
      const collection: Collection = client.db('close').collection(`idle-${lane}`);
      await collection.insertMany([{}, {}, {}]);
      const cursor = collection.find({}, { batchSize: 1 });
      await cursor.next();
      const { id } = cursor;
      await client.close();
      expect(log.of('commandSucceeded').at(-1)).toMatchObject({ commandName: 'killCursors', reply: { cursorsKilled: [id] } });
      expect(cursor.killed).toBe(true);
    });

    it('has left no cursor that its user forgot', async () => {
      const client = openClient(mongod.current.uri, { lane });
      const log = new EventLog(client, ['commandSucceeded']);
      const collection: Collection = client.db('close').collection(`forgotten-${lane}`);
      await collection.insertMany([{}, {}, {}]);
      const id = await (async () => {
        const cursor = collection.find({}, { batchSize: 1 });
        await cursor.next();
        return cursor.id;
      })();
      while (log.of('commandSucceeded').length < 3) {
        collectGarbage();
        await setImmediate();
      }
      expect(log.of('commandSucceeded').at(-1)).toMatchObject({ commandName: 'killCursors', reply: { cursorsKilled: [id] } });
    });
  });
});

const stub = useStub();

onBothLanes((lane) => {
  it('does not wait for a reply that its caller has given up', async () => {
    const client = openClient(stub.current.uri, { lane });
    await client.warm({ min: 1 });
    await stub.current.control({ latencyMS: LONG });
    const controller = new AbortController();
    const command = client.db('test').command({ ping: 1 }, { signal: controller.signal });
    controller.abort();
    await expect(command).rejects.toThrow('aborted');
    await expect(client.close()).resolves.toEqual({ drained: 0, interrupted: 1, rejected: 0 });
  });
});
