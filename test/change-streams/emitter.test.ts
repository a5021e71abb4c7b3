// A change stream that is listened to.

import { MongoAPIError, type ChangeStream, type Document } from 'ferropool';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';

import { failure } from '../crud/collection.js';
import { runProgram } from '../support/child.js';
import { onBothLanes } from '../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../support/mongod.js';
import { namesOf, openWatched, type Watched } from './set.js';

describeWithMongod('a change stream that is listened to', () => {
  const replicaSet = useReplicaSet({ nodes: 1 });

  onBothLanes((lane) => {
    const open = (): Promise<Watched> => openWatched(replicaSet.current, lane);
    /** Resolves with the documents once there are so many. */
    const heard = (stream: ChangeStream, count: number): Promise<Document[]> =>
      new Promise((resolve) => {
        const documents: Document[] = [];
        stream.on('change', (change) => {
          if ('fullDocument' in change) documents.push(change.fullDocument as Document);
          if (documents.length === count) resolve(documents);
        });
      });
    /** An error before it is no failure of waiting. */
    const closeOf = (stream: ChangeStream): Promise<void> => new Promise((resolve) => stream.once('close', resolve));

    it('tells of each change, in order, and nothing after its close', async () => {
      const { collection } = await open();
      const stream = collection.watch();
      const opened = once(stream, 'init');
      const documents = heard(stream, 3);
      await opened;
      await collection.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }] as never[]);
      await expect(documents).resolves.toEqual([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
      let closed = 0;
      stream.on('close', () => closed++);
      stream.on('change', () => expect.unreachable());
      await stream.close();
      await stream.close();
      await collection.insertOne({});
      expect([closed, stream.closed]).toEqual([1, true]);
    });

    it('that a listener closes tells of no other change, and of no end', async () => {
      const { collection } = await open();
      const stream = await collection.watch().open();
      await collection.insertMany([{}, {}, {}]);
      const events: string[] = [];
      for (const name of ['end', 'error', 'close'] as const) stream.on(name, () => events.push(name));
      const closed = closeOf(stream);
      stream.on('change', () => {
        events.push('change');
        void stream.close();
      });
      await closed;
      await setImmediate();
      expect(events).toEqual(['change', 'close']);
    });

    it('keeps what arrives while nobody listens for the next who does', async () => {
      const { collection } = await open();
      const stream = await collection.watch().open();
      await collection.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }] as never[]);
      for (const _id of [1, 2, 3]) {
        const [{ fullDocument }] = (await once(stream, 'change')) as [{ fullDocument: Document }];
        expect(fullDocument).toEqual({ _id });
      }
      await stream.close();
    });

    it('says what it failed with, then that it is closed', async () => {
      const { collection, client } = await open();
      const stream = collection.watch([{ $project: { _id: 0 } }]);
      const events: string[] = [];
      const closed = closeOf(stream);
      stream.on('error', ({ message }) => events.push(message)).on('close', () => events.push('close'));
      const opened = once(stream, 'init');
      stream.on('change', () => events.push('change'));
      await opened;
      await collection.insertOne({});
      await closed;
      expect(events).toEqual([expect.stringContaining('resume token'), 'close']);
      expect(stream.closed).toBe(true);
      expect(client.pools().reduce((sum, { inUseConnectionCount }) => sum + inUseConnectionCount, 0)).toBe(0);
    });

    it('says that the collection is gone', async () => {
      const { collection } = await open();
      const stream = await collection.watch().open();
      const types: string[] = [];
      const events: string[] = [];
      for (const name of ['end', 'close', 'error'] as const) stream.on(name, () => events.push(name));
      const closed = once(stream, 'close');
      stream.on('change', ({ operationType }) => types.push(operationType));
      await collection.drop();
      await closed;
      expect(types).toEqual(['drop', 'invalidate']);
      expect(events).toEqual(['end', 'close']);
    });

    it('goes on where a server fails in a way that can be resumed from', async () => {
      const { collection, fail, stages } = await open();
      const stream = collection.watch([], { maxAwaitTimeMS: 50 });
      const opened = once(stream, 'init');
      const documents = heard(stream, 2);
      await opened;
      await collection.insertOne({ _id: 1 as never });
      await fail(2, { failCommands: ['getMore'], closeConnection: true });
      await once(stream, 'init');
      await once(stream, 'init');
      await collection.insertOne({ _id: 2 as never });
      await expect(documents).resolves.toEqual([{ _id: 1 }, { _id: 2 }]);
      expect(stages()).toHaveLength(3);
      await stream.close();
    });

    it('goes on after a time-out, and says it', async () => {
      const { collection, fail } = await open();
      const stream = collection.watch([], { timeoutMS: 300, maxAwaitTimeMS: 50 });
      const opened = once(stream, 'init');
      const documents = heard(stream, 1);
      await opened;
      const late = new Promise<Error>((resolve) => stream.once('error', resolve));
      await fail(1, { failCommands: ['getMore'], blockConnection: true, blockTimeMS: 400 });
      await expect(late).resolves.toMatchObject({ name: 'MongoOperationTimeoutError' });
      await collection.insertOne({ _id: 1 as never });
      await expect(documents).resolves.toEqual([{ _id: 1 }]);
      expect(stream.closed).toBe(false);
      await stream.close();
    });

    it('fails by its signal, and is closed at once', async () => {
      const { collection, drain } = await open();
      const abort = new AbortController();
      const stream = collection.watch([], { signal: abort.signal });
      const opened = once(stream, 'init');
      stream.on('change', () => expect.unreachable());
      await opened;
      const reason = new Error('enough');
      const error = new Promise((resolve) => stream.once('error', resolve));
      const closed = closeOf(stream);
      abort.abort(reason);
      await expect(error).resolves.toBe(reason);
      await closed;
      expect(namesOf(drain())).toContain('killCursors');
    });

    it('fails by its signal while it is being opened', async () => {
      const { collection } = await open();
      const abort = new AbortController();
      const stream = collection.watch([], { signal: abort.signal });
      const error = new Promise((resolve) => stream.once('error', resolve));
      stream.on('init', () => abort.abort(new Error('enough'))).on('change', () => expect.unreachable());
      await expect(error).resolves.toMatchObject({ message: 'enough' });
      expect(stream.closed).toBe(true);
    });

    it('is not read otherwise, nor the other way round', async () => {
      const { collection } = await open();
      const heardStream = collection.watch();
      heardStream.on('change', () => {});
      for (const read of [() => heardStream.next(), () => heardStream.tryNext(), () => heardStream.hasNext()]) {
        const error = await failure(read());
        expect(error).toBeInstanceOf(MongoAPIError);
        expect(error.message).toBe('ChangeStream cannot be used as an iterator after being used as an EventEmitter');
      }
      await heardStream.close();

      const read = collection.watch([], { maxAwaitTimeMS: 50 });
      await read.tryNext();
      expect(() => read.on('change', () => {})).toThrow('ChangeStream cannot be used as an EventEmitter after being used as an iterator');
      expect(read.listenerCount('change')).toBe(0);
      await expect(read.tryNext()).resolves.toBeNull();
      await read.close();
    });

    it('does not keep an error from a process that does not listen to it', async () => {
      // In a process of its own: the test runner takes what nobody caught for a failure, as it should.
      const { code, stdout } = await runProgram(`
        const client = new MongoClient(${JSON.stringify(replicaSet.current.uri)}, { lane: ${JSON.stringify(lane)} });
        process.on('uncaughtException', async ({ code }) => {
          console.log(code);
          await client.close();
        });
        client.db('watched').collection('c').watch([{ $nonsense: 1 }]).on('change', () => {});
      `);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '40324\n' });
    });
  });
});
