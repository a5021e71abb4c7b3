import { BSON, Long, MongoAPIError, MongoCursorExhaustedError, MongoCursorInUseError, MongoServerError } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { failure, numbered, openCollection, type Opened } from './collection.js';

describeWithMongod('a cursor', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    /** A collection of five documents, of which two come at a time. */
    const open = async (): Promise<Opened> => {
      const opened = openCollection(mongod.current, lane);
      await opened.collection.insertMany(numbered(5) as never[]);
      opened.drain();
      return opened;
    };
    const names = (drain: Opened['drain']): string[] => drain().map((command) => Object.keys(command)[0] as string);

    it('sends nothing before the first document is asked for, and one getMore for each further batch', async () => {
      const { collection, drain } = await open();
      const cursor = collection.find({}, { batchSize: 2 });
      expect(cursor.id).toBeUndefined();
      expect(names(drain)).toEqual([]);
      await expect(cursor.next()).resolves.toEqual({ _id: 0 });
      expect(cursor.id?.isZero()).toBe(false);
      expect(cursor.namespace.toString()).toBe(collection.namespace);
      expect(cursor.bufferedCount()).toBe(1);
      await expect(cursor.toArray()).resolves.toEqual(numbered(5).slice(1));
      expect(names(drain)).toEqual(['find', 'getMore', 'getMore']);
      expect(cursor.id?.isZero()).toBe(true);
      expect([cursor.closed, cursor.killed]).toEqual([true, false]);
      await expect(cursor.next()).resolves.toBeNull();
      await expect(cursor.hasNext()).resolves.toBe(false);
    });

    it('that is closed early is killed at the server', async () => {
      const { collection, drain } = await open();
      const cursor = collection.find({}, { batchSize: 2 });
      let closed = 0;
      cursor.on('close', () => closed++);
      await cursor.next();
      const { id } = cursor;
      await cursor.close();
      await cursor.close();
      expect(drain().slice(1)).toEqual([{ killCursors: collection.collectionName, cursors: [id], $db: 'crud' }]);
      expect(closed).toBe(1);
      expect(cursor.killed).toBe(true);
      expect(cursor.id).toEqual(Long.ZERO);
      await expect(cursor.next()).rejects.toThrow(MongoCursorExhaustedError);
      await expect(cursor.tryNext()).rejects.toThrow(MongoCursorExhaustedError);
      await expect(cursor.hasNext()).resolves.toBe(false);
    });

    it('that was never used has nothing to kill', async () => {
      const { collection, drain } = await open();
      const cursor = collection.find();
      await cursor.close();
      await expect(cursor.next()).resolves.toBeNull();
      expect(names(drain)).toEqual([]);
    });

    it('is killed where a loop over it is left, by an error too, and at the end of an `await using`', async () => {
      const { collection, drain } = await open();
      for await (const document of collection.find({}, { batchSize: 2 })) if (document) break;
      expect(names(drain)).toEqual(['find', 'killCursors']);
      await collection.find({}, { batchSize: 2 }).forEach(() => false);
      expect(names(drain)).toEqual(['find', 'killCursors']);
      const thrown = new Error('mine');
      const fail = async (): Promise<void> => {
        await using cursor = collection.find({}, { batchSize: 2 });
        await cursor.next();
        throw thrown;
      };
      await expect(fail()).rejects.toBe(thrown);
      expect(names(drain)).toEqual(['find', 'killCursors']);
    });

    it('that met its end in its last batch is not killed', async () => {
      const { collection, drain } = await open();
      for await (const document of collection.find()) if (document) break;
      expect(names(drain)).toEqual(['find']);
    });

    it('serves those who ask at once with one command', async () => {
      const { collection, drain } = await open();
      const cursor = collection.find({}, { batchSize: 2 });
      await expect(Promise.all([cursor.next(), cursor.next(), cursor.next()])).resolves.toEqual(numbered(3));
      expect(names(drain)).toEqual(['find', 'getMore']);
    });

    it('fetches the next batch ahead where it is asked to', async () => {
      const { collection, drain } = await open();
      const cursor = collection.find({}, { batchSize: 2, prefetch: true });
      await cursor.next();
      expect(names(drain)).toEqual(['find', 'getMore']);
      await expect(cursor.toArray()).resolves.toHaveLength(4);
      expect(names(drain)).toEqual(['getMore']);
    });

    it('has methods to look ahead, to try, and to read what has arrived', async () => {
      const { collection } = await open();
      const cursor = collection.find({}, { batchSize: 3 });
      await expect(cursor.hasNext()).resolves.toBe(true);
      await expect(cursor.tryNext()).resolves.toEqual({ _id: 0 });
      expect(cursor.readBufferedDocuments(1)).toEqual([{ _id: 1 }]);
      expect(cursor.readBufferedDocuments()).toEqual([{ _id: 2 }]);
      expect(cursor.bufferedCount()).toBe(0);
      await cursor.close();
    });

    it('maps documents, one map after the other, and not to null', async () => {
      const { collection } = await open();
      const mapped = collection
        .find()
        .map(({ _id }) => Number(_id) + 1)
        .map(async (number) => number * 10);
      await expect(mapped.toArray()).resolves.toEqual([10, 20, 30, 40, 50]);
      const cursor = collection.find({}, { batchSize: 2 }).map(() => null);
      await expect(cursor.next()).rejects.toThrow(MongoAPIError);
      expect(cursor.closed || cursor.killed).toBe(true);
    });

    it('can be begun anew, and copied', async () => {
      const { collection } = await open();
      const cursor = collection.find({ _id: { $gt: 2 } } as never).sort('_id', 'desc');
      await expect(cursor.toArray()).resolves.toEqual([{ _id: 4 }, { _id: 3 }]);
      cursor.rewind();
      await expect(cursor.next()).resolves.toEqual({ _id: 4 });
      await expect(cursor.clone().toArray()).resolves.toEqual([{ _id: 4 }, { _id: 3 }]);
    });

    it('cannot be changed once it is in use', async () => {
      const { collection } = await open();
      const cursor = collection.find();
      await cursor.next();
      for (const change of [() => cursor.limit(1), () => cursor.map((it) => it), () => cursor.batchSize(1), () => cursor.filter({})]) {
        expect(change).toThrow(MongoCursorInUseError);
      }
    });

    it('is a stream, whose destruction closes it', async () => {
      const { collection, drain } = await open();
      const read: unknown[] = [];
      for await (const document of collection.find({}, { batchSize: 2 }).stream()) read.push(document);
      expect(read).toEqual(numbered(5));
      drain();
      const cursor = collection.find({}, { batchSize: 2 });
      const closed = new Promise<void>((resolve) => cursor.once('close', resolve));
      const stream = cursor.stream();
      stream.once('data', () => stream.destroy());
      await closed;
      expect(names(drain)).toEqual(['find', 'killCursors']);
    });

    it('whose first command fails is closed, and its error is the server’s', async () => {
      const { collection, drain } = await open();
      const cursor = collection.find({ $nonsense: 1 });
      const error = await failure(cursor.next());
      expect(error).toBeInstanceOf(MongoServerError);
      expect(error).toMatchObject({ code: 2, message: 'unknown top level operator: $nonsense. If you have a field name that starts with a \'$\' symbol, consider using $getField or $setField.' });
      expect(cursor.closed).toBe(true);
      expect(names(drain)).toEqual(['find']);
    });

    it('ends with the signal that it was given', async () => {
      const { collection, drain } = await open();
      const controller = new AbortController();
      const cursor = collection.find({}, { batchSize: 2, signal: controller.signal });
      await cursor.next();
      const reason = new Error('enough');
      const closed = new Promise<void>((resolve) => cursor.once('close', resolve));
      controller.abort(reason);
      await expect(cursor.next()).rejects.toBe(reason);
      await closed;
      expect(names(drain)).toEqual(['find', 'killCursors']);
    });

    it('of an aggregation, of a command and of lists read on alike', async () => {
      const { client, collection } = await open();
      const db = client.db('crud');
      await expect(collection.aggregate([], { batchSize: 2 }).match({ _id: { $lt: 4 } }).sort({ _id: 1 }).toArray()).resolves.toEqual(numbered(4));
      await expect(db.aggregate([{ $documents: [{ a: 1 }] }]).toArray()).resolves.toEqual([{ a: 1 }]);
      await expect(db.runCursorCommand({ find: collection.collectionName, batchSize: 1 }).setBatchSize(2).toArray()).resolves.toEqual(numbered(5));
      await expect(db.listCollections({ name: collection.collectionName }, { nameOnly: true }).toArray()).resolves.toEqual([
        { name: collection.collectionName, type: 'collection' },
      ]);
      await expect(collection.listIndexes().map(({ name }: { name: string }) => name).toArray()).resolves.toEqual(['_id_']);
    });

    it('gives an explanation as its only document', async () => {
      const { collection } = await open();
      await expect(collection.find().explain('queryPlanner')).resolves.toHaveProperty('queryPlanner');
      await expect(collection.find({}, { explain: 'queryPlanner' }).toArray()).resolves.toMatchObject([{ queryPlanner: {} }]);
      await expect(collection.aggregate([{ $match: {} }]).explain()).resolves.toHaveProperty('executionStats');
    });

    it('keeps one session for all of its commands', async () => {
      const { collection, sessions } = await open();
      sessions.splice(0);
      const [first, second] = [collection.find({}, { batchSize: 2 }), collection.find({}, { batchSize: 2 })];
      await Promise.all([first.next(), second.next()]);
      await first.toArray();
      await second.close();
      expect(sessions).toHaveLength(5);
      expect(new Set(sessions).size).toBe(2);
    });

    it('gives documents as the bytes that they came as', async () => {
      const { collection } = await open();
      const [document, ...others] = await collection.find({}, { raw: true, batchSize: 2 }).toArray();
      expect(others).toHaveLength(4);
      expect(BSON.deserialize(document as never)).toEqual({ _id: 0 });
    });
  });
});
