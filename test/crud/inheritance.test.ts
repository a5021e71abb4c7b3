// What operations take from the client, the database and the collection, each over the one before.

import { ReadConcern, ReadPreference, WriteConcern } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { openCollection } from './collection.js';

describeWithMongod('settings are inherited', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    it('by databases and collections, which may have others', () => {
      const client = openClient('mongodb://127.0.0.1:1/shop?readPreference=secondary&w=majority&wtimeoutMS=50&readConcernLevel=majority&timeoutMS=700', { lane, promoteLongs: false });
      const db = client.db();
      expect(db.databaseName).toBe('shop');
      expect(db.readPreference).toEqual(ReadPreference.secondary);
      expect(db.writeConcern).toEqual(new WriteConcern('majority', 50));
      expect(db.readConcern).toEqual(new ReadConcern('majority'));
      expect(db.timeoutMS).toBe(700);
      const other = client.db('other', { readPreference: 'nearest', timeoutMS: 0 });
      const collection = other.collection('c', { writeConcern: { w: 1 }, readConcern: 'local', promoteLongs: true });
      expect(collection.readPreference).toEqual(ReadPreference.nearest);
      expect(collection.writeConcern).toEqual(new WriteConcern(1));
      expect(collection.readConcern).toEqual(new ReadConcern('local'));
      expect(collection.timeoutMS).toBe(0);
      expect([db.bsonOptions.promoteLongs, collection.bsonOptions.promoteLongs]).toEqual([false, true]);
    });

    it('without a name in the connection string the database is test', () => {
      expect(openClient('mongodb://127.0.0.1:1', { lane }).db().databaseName).toBe('test');
      expect(openClient('mongodb://127.0.0.1:1/', { lane, dbName: 'mine' }).db().databaseName).toBe('mine');
    });

    it('by commands: reads have the read concern, writes the write concern, and others neither', async () => {
      const { client, collection, drain } = openCollection(mongod.current, lane, { readConcernLevel: 'majority', w: 1 });
      await collection.insertOne({ a: 1 });
      await collection.findOne();
      await collection.findOne({}, { readConcern: { level: 'local' } });
      await collection.deleteMany({}, { writeConcern: { w: 1, journal: false } });
      await collection.aggregate([{ $out: `${collection.collectionName}_out` }]).toArray();
      await collection.indexes().catch(() => undefined);
      await client.db('crud').command({ ping: 1 });
      expect(drain().map(({ readConcern, writeConcern }) => ({ readConcern: readConcern as unknown, writeConcern: writeConcern as unknown }))).toEqual([
        { writeConcern: { w: 1 } },
        { readConcern: { level: 'majority' } },
        { readConcern: { level: 'local' } },
        { writeConcern: { w: 1, j: false } },
        { readConcern: { level: 'majority' }, writeConcern: { w: 1 } },
        {},
        {},
      ]);
    });

    it('maxTimeMS is not sent where timeoutMS bounds the operation', async () => {
      const { collection, drain } = openCollection(mongod.current, lane);
      await collection.findOne({}, { maxTimeMS: 12_345, comment: 'why' });
      await collection.findOne({}, { maxTimeMS: 12_345, timeoutMS: 20_000 });
      const [first, second] = drain();
      expect(first).toMatchObject({ maxTimeMS: 12_345, comment: 'why' });
      expect(second?.['maxTimeMS']).not.toBe(12_345);
    });
  });
});
