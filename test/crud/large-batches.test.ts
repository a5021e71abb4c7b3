// The documents of a batch that is larger than a lane's buffers are made when they are read, not all of them when it arrives.

import { BSON, MongoParseError, type Collection, type Document } from 'ferropool';
import { expect, it } from 'vitest';

import { runProgram } from '../support/child.js';
import { onBothLanes, openUnheardClient } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';

const COUNT = 3_000;

describeWithMongod('a batch of 3 MB', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    const documents = Array.from({ length: COUNT }, (_, _id) => ({ _id, text: `${_id} `.repeat(200), nested: { list: [_id, 'é'] } }));
    const all = { batchSize: COUNT + 1 };
    // Listeners get whole replies: nobody listens.
    const open = async (client = openUnheardClient(mongod.current.uri, { lane })): Promise<Collection> => {
      const collection = client.db('large').collection('batches');
      // Both lanes and all tests read the same.
      if ((await collection.estimatedDocumentCount()) < COUNT) await collection.insertMany(documents as never[]);
      return collection;
    };

    it('is read by each of the ways to read one', async () => {
      const collection = await open();
      await expect(collection.find({}, all).toArray()).resolves.toEqual(documents);
      const iterated: Document[] = [];
      for await (const document of collection.find({}, all)) iterated.push(document);
      expect(iterated).toEqual(documents);
      const doubled = await collection
        .find({}, all)
        .map(({ _id }) => Number(_id) * 2)
        .toArray();
      expect(doubled).toEqual(documents.map(({ _id }) => _id * 2));
      const cursor = collection.find({}, all);
      const followed: unknown[] = [];
      while (await cursor.hasNext()) followed.push(await cursor.next());
      expect(followed).toEqual(documents);
      await expect(collection.aggregate([{ $sort: { _id: -1 } }], all).toArray()).resolves.toEqual(documents.toReversed());
    });

    it('is counted while it is read', async () => {
      const collection = await open();
      const cursor = collection.find({}, all);
      await expect(cursor.next()).resolves.toEqual(documents[0]);
      expect([cursor.bufferedCount(), cursor.closed]).toEqual([COUNT - 1, false]);
      expect(cursor.readBufferedDocuments(1_000)).toEqual(documents.slice(1, 1_001));
      expect(cursor.bufferedCount()).toBe(COUNT - 1_001);
      expect(cursor.readBufferedDocuments()).toEqual(documents.slice(1_001));
      expect([cursor.bufferedCount(), cursor.closed]).toEqual([0, true]);
      await expect(cursor.next()).resolves.toBeNull();
    });

    it('counts for a limit, and is forgotten by a cursor that begins anew', async () => {
      const collection = await open();
      await expect(collection.find({}, { limit: 2_000, batchSize: 1_500 }).toArray()).resolves.toEqual(documents.slice(0, 2_000));
      const cursor = collection.find({}, all);
      await cursor.next();
      cursor.rewind();
      expect(cursor.bufferedCount()).toBe(0);
      await expect(cursor.next()).resolves.toEqual(documents[0]);
      await cursor.close();
    });

    it('is in its event as a whole', async () => {
      const client = openUnheardClient(mongod.current.uri, { lane });
      const collection = await open(client);
      const replies: unknown[] = [];
      client.on('commandSucceeded', ({ commandName, reply }) => commandName === 'find' && replies.push(reply));
      await expect(collection.find({}, all).toArray()).resolves.toEqual(documents);
      expect(replies).toMatchObject([{ cursor: { firstBatch: documents } }]);
    });

    it('is read with other options than the default', async () => {
      const collection = await open();
      const [document] = await collection.find({}, { ...all, promoteValues: false }).toArray();
      expect(document).toMatchObject({ _id: { value: 0 }, text: documents[0]?.text });
    });

    it('that has a document that cannot be decoded gives those of the parts before it, and ends', async () => {
      const client = openUnheardClient(mongod.current.uri, { lane });
      const collection = client.db('large').collection(`damaged_${lane}`);
      const damaged = Buffer.from(BSON.serialize(documents[2_000] as Document));
      damaged[damaged.indexOf('2000 ')] = 0xff;
      await collection.insertMany(documents.map((document) => (document._id === 2_000 ? damaged : document)) as never[]);
      const cursor = collection.find({}, all);
      const read: unknown[] = [];
      const reading = async (): Promise<void> => {
        for await (const document of cursor) read.push(document);
      };
      await expect(reading()).rejects.toThrow(MongoParseError);
      expect(read.length).toBeGreaterThan(1_000);
      expect(read).toEqual(documents.slice(0, read.length));
      expect([cursor.bufferedCount(), cursor.closed]).toEqual([0, true]);
      await expect(collection.find({}, all).toArray()).rejects.toThrow(/^The reply cannot be decoded: /);
      expect(client.pools()[0]).toMatchObject({ inUseConnectionCount: 0 });
    });
  });

  it('takes no room but that of its bytes before it is read, and none when it has been', async () => {
    const { code, stdout, stderr } = await runProgram(`
      import { setFlagsFromString } from 'node:v8';
      import { runInNewContext } from 'node:vm';
      setFlagsFromString('--expose-gc');
      const gc = runInNewContext('gc');
      const used = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
      const client = new MongoClient(${JSON.stringify(mongod.current.uri)});
      const collection = client.db('large').collection('small');
      await collection.insertMany(Array.from({ length: 50_000 }, (_, _id) => ({ _id, a: 1, b: 'two', c: [3], d: { e: 4 } })));
      const find = () => collection.find({}, { batchSize: 60_000 });
      const measure = async () => {
        const before = used();
        const cursor = find();
        await cursor.next();
        const unread = used() - before;
        const documents = cursor.readBufferedDocuments();
        return { unread, read: used() - before, count: documents.length };
      };
      await measure();
      const measured = await measure();
      const kept = [];
      for (let times = 0; times < 20; times += 1) {
        const { external } = process.memoryUsage();
        for await (const document of find()) if (!document) throw document;
        kept.push(process.memoryUsage().external - external);
      }
      await client.close();
      console.log(JSON.stringify({ ...measured, kept: Math.max(...kept) }));
    `);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { count, unread, read, kept } = JSON.parse(stdout) as Record<'count' | 'unread' | 'read' | 'kept', number>;
    expect(count).toBe(49_999);
    expect(unread).toBeLessThan(read / 10);
    expect(read).toBeGreaterThan(5_000_000);
    // A batch is of 4 MB.
    expect(kept).toBeLessThan(1_000_000);
  });
});
