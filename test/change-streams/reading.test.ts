// The ways to read a change stream, and its ends.

import { MongoAPIError, MongoChangeStreamError, type Document } from 'ferropool';
import { expect, it } from 'vitest';

import { failure } from '../crud/collection.js';
import { onBothLanes } from '../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../support/mongod.js';
import { documentsOf, namesOf, openWatched, type Watched } from './set.js';

describeWithMongod('a change stream that is read', () => {
  const replicaSet = useReplicaSet({ nodes: 1 });

  onBothLanes((lane) => {
    const open = (): Promise<Watched> => openWatched(replicaSet.current, lane);
    const inserted = async ({ collection }: Watched, options: Document = {}) => {
      const stream = await collection.watch([], options).open();
      await collection.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }] as never[]);
      return stream;
    };

    it('sends nothing before its first use', async () => {
      const { collection, drain } = await open();
      const stream = collection.watch({ fullDocument: 'updateLookup' });
      expect(stream.pipeline).toEqual([]);
      expect(stream.options).toEqual({ fullDocument: 'updateLookup' });
      expect(stream.namespace.toString()).toBe(collection.namespace);
      expect(stream.parent).toBe(collection);
      expect(stream.resumeToken).toBeNull();
      await stream.close();
      expect(drain()).toEqual([]);
    });

    it('gives a change to each who waits for one', async () => {
      const watched = await open();
      const stream = await inserted(watched);
      const changes = await Promise.all([stream.next(), stream.next(), stream.next()]);
      expect(changes.map((change) => (change as Document)['fullDocument']._id)).toEqual([1, 2, 3]);
      expect(namesOf(watched.drain())).toEqual(['aggregate', 'getMore']);
      await stream.close();
    });

    it('has no change at once, and then one', async () => {
      const { collection } = await open();
      const stream = collection.watch([], { maxAwaitTimeMS: 50 });
      await expect(stream.tryNext()).resolves.toBeNull();
      const hasNext = stream.hasNext();
      await collection.insertOne({ _id: 1 as never });
      await expect(hasNext).resolves.toBe(true);
      await expect(stream.tryNext()).resolves.toMatchObject({ operationType: 'insert', documentKey: { _id: 1 } });
      await stream.close();
    });

    it('is closed at the server where a loop over it is left', async () => {
      const watched = await open();
      const stream = await inserted(watched);
      for await (const change of stream) {
        expect(change.operationType).toBe('insert');
        break;
      }
      expect(stream.closed).toBe(true);
      expect(namesOf(watched.drain())).toEqual(['aggregate', 'getMore', 'killCursors']);
      for await (const _ of stream) expect.unreachable();
    });

    it('is closed where its stream is destroyed, and ends it at its end', async () => {
      const watched = await open();
      const stream = await inserted(watched);
      for await (const change of stream.stream()) {
        expect(change.operationType).toBe('insert');
        break;
      }
      expect(stream.closed).toBe(true);
      expect(() => stream.stream()).toThrow(MongoChangeStreamError);

      const other = await watched.collection.watch().open();
      await watched.collection.drop();
      const types: string[] = [];
      for await (const { operationType } of other.stream()) types.push(operationType);
      expect(types).toEqual(['drop', 'invalidate']);
    });

    it('says to those who wait that it was closed', async () => {
      const { collection } = await open();
      // Longer than the test may take: a server does not answer before, whatever becomes of its cursor.
      const stream = await collection.watch([], { maxAwaitTimeMS: 60_000 }).open();
      const waiting = [failure(stream.next()), failure(stream.tryNext())];
      await stream.close();
      for (const error of await Promise.all(waiting)) {
        expect(error).toBeInstanceOf(MongoAPIError);
        expect(error.message).toBe('ChangeStream is closed');
      }
      await expect(stream.hasNext()).resolves.toBe(false);
    });

    it('leaves no cursor behind that is opened when it was closed already', async () => {
      const { collection, drain, client } = await open();
      const stream = collection.watch();
      const killed = new Promise((resolve) => client.on('commandSucceeded', ({ commandName, reply }) => commandName === 'killCursors' && resolve(reply)));
      const opening = failure(stream.open());
      await stream.close();
      await expect(opening).resolves.toMatchObject({ message: 'ChangeStream is closed' });
      await expect(killed).resolves.toMatchObject({ cursorsUnknown: [], cursorsNotFound: [] });
      expect(namesOf(drain())).toEqual(['aggregate', 'killCursors']);
    });

    it('is given up by its signal', async () => {
      const { collection } = await open();
      const abort = new AbortController();
      const stream = await collection.watch([], { signal: abort.signal }).open();
      const waiting = failure(stream.next());
      abort.abort(new Error('enough'));
      await expect(waiting).resolves.toMatchObject({ message: 'enough' });
      await expect(stream.next()).rejects.toThrow('enough');
      expect(stream.closed).toBe(true);
    });

    it('shares one session among all of its cursors', async () => {
      const watched = await open();
      const stream = await inserted(watched, { batchSize: 1 });
      await watched.fail(1, { failCommands: ['getMore'], errorCode: 43 });
      await documentsOf(stream, 3);
      await stream.close();
      const sessions = new Set(watched.drain().map(({ lsid }) => (lsid as { id: { toHexString(): string } }).id.toHexString()));
      expect(sessions.size).toBe(1);
    });

    it('can be called again after a time-out, and then resumes', async () => {
      const watched = await open();
      const stream = await watched.collection.watch([], { timeoutMS: 300, maxAwaitTimeMS: 50 }).open();
      await watched.fail(1, { failCommands: ['getMore'], blockConnection: true, blockTimeMS: 400 });
      await expect(stream.next()).rejects.toMatchObject({ name: 'MongoOperationTimeoutError' });
      expect(stream.closed).toBe(false);
      await watched.collection.insertOne({ _id: 1 as never });
      expect(await documentsOf(stream, 1)).toEqual([{ _id: 1 }]);
      expect(watched.stages()).toHaveLength(2);
      await stream.close();
    });

    it('is refused where it would wait longer than it may', async () => {
      const { collection } = await open();
      expect(() => collection.watch([], { timeoutMS: 100, maxAwaitTimeMS: 100 })).toThrow('maxAwaitTimeMS');
    });

    it('tells of a database, and of all databases', async () => {
      const { client, collection } = await open();
      const ofAll = await client.watch([], { readPreference: 'primary' }).open();
      const ofDatabase = await collection.db.watch().open();
      const other = client.db('watched_otherwise').collection('c');
      await other.insertOne({ _id: 1 as never });
      await collection.insertOne({ _id: 2 as never });
      expect(await documentsOf(ofDatabase, 1)).toEqual([{ _id: 2 }]);
      expect(await documentsOf(ofAll, 2)).toEqual([{ _id: 1 }, { _id: 2 }]);
      await other.drop();
      await Promise.all([ofAll.close(), ofDatabase.close()]);
    });

    it('has documents as they were and as they became', async () => {
      const { client } = await open();
      const name = `images_${lane.replace('-', '_')}`;
      const images = await client.db('watched').createCollection(name, { changeStreamPreAndPostImages: { enabled: true } });
      const stream = await images.watch([], { fullDocument: 'required', fullDocumentBeforeChange: 'required' }).open();
      await images.insertOne({ _id: 1 as never, a: 1 });
      await images.updateOne({}, { $set: { a: 2 } });
      await stream.next();
      await expect(stream.next()).resolves.toMatchObject({ operationType: 'update', fullDocument: { a: 2 }, fullDocumentBeforeChange: { a: 1 } });
      await stream.close();
    });
  });
});
