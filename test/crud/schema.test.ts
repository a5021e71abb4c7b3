// Databases, collections and indexes are created, described and dropped.

import { MongoAPIError, MongoServerError } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { failure, openCollection } from './collection.js';

describeWithMongod('what there is in a database', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    const open = () => openCollection(mongod.current, lane);

    it('collections of all kinds', async () => {
      const { client, collection } = open();
      const db = client.db('crud');
      const name = collection.collectionName;
      const capped = await db.createCollection(`${name}_capped`, { capped: true, size: 4096, max: 3 });
      await expect(capped.isCapped()).resolves.toBe(true);
      await expect(capped.options()).resolves.toMatchObject({ capped: true, max: 3 });
      const checked = await db.createCollection(`${name}_checked`, { validator: { a: { $type: 'int' } } });
      await expect(checked.insertOne({ a: 'text' })).rejects.toMatchObject({ code: 121 });
      await expect(checked.insertOne({ a: 'text' }, { bypassDocumentValidation: true })).resolves.toMatchObject({ acknowledged: true });
      await db.createCollection(`${name}_series`, { timeseries: { timeField: 't' }, expireAfterSeconds: 60 });
      const view = await db.createCollection(`${name}_view`, { viewOn: `${name}_checked`, pipeline: [{ $project: { _id: 0 } }] });
      await expect(view.findOne()).resolves.toEqual({ a: 'text' });
      const infos = await db.listCollections({ name: { $regex: `^${name}_` } }).toArray();
      expect(Object.fromEntries(infos.map(({ name: full, type }) => [full.slice(name.length), type]))).toEqual({
        _capped: 'collection',
        _checked: 'collection',
        _series: 'timeseries',
        _view: 'view',
      });
      await expect(collection.options()).rejects.toThrow(MongoAPIError);
    });

    it('a collection is renamed, and dropped once', async () => {
      const { client, collection } = open();
      await collection.insertOne({ a: 1 });
      const renamed = await collection.rename(`${collection.collectionName}_new`);
      await expect(renamed.countDocuments()).resolves.toBe(1);
      await client.db('crud').createCollection(collection.collectionName);
      expect(await failure(renamed.rename(collection.collectionName))).toBeInstanceOf(MongoServerError);
      await expect(renamed.rename(collection.collectionName, { dropTarget: true })).resolves.toHaveProperty('collectionName', collection.collectionName);
      await expect(collection.drop()).resolves.toBe(true);
      await expect(collection.drop()).resolves.toBe(false);
    });

    it('indexes by keys of all forms', async () => {
      const { collection } = open();
      await expect(collection.createIndex('a')).resolves.toBe('a_1');
      await expect(collection.createIndex(['b', 'c'])).resolves.toBe('b_1_c_1');
      await expect(collection.createIndex(['d', -1])).resolves.toBe('d_-1');
      await expect(collection.createIndex([['e', 1], ['f', 'text']] as never)).resolves.toBe('e_1_f_text');
      await expect(collection.createIndex(new Map([['g', 1]]), { unique: true, sparse: true })).resolves.toBe('g_1');
      await expect(collection.createIndexes([{ key: { h: 1 }, name: 'mine', expireAfterSeconds: 5 }, { key: { i: -1 } }])).resolves.toEqual(['mine', 'i_-1']);
      const indexes = await collection.indexes();
      expect(indexes.map(({ name }) => name)).toEqual(['_id_', 'a_1', 'b_1_c_1', 'd_-1', 'e_1_f_text', 'g_1', 'mine', 'i_-1']);
      expect(indexes[5]).toMatchObject({ unique: true, sparse: true, key: { g: 1 } });
      await expect(collection.indexInformation()).resolves.toMatchObject({ b_1_c_1: [['b', 1], ['c', 1]] });
      await expect(collection.indexExists(['a_1', 'mine'])).resolves.toBe(true);
      await expect(collection.indexExists(['a_1', 'other'])).resolves.toBe(false);
    });

    it('indexes are dropped one by one, and all', async () => {
      const { collection } = open();
      await expect(collection.dropIndexes()).resolves.toBe(false);
      await collection.createIndexes([{ key: { a: 1 } }, { key: { b: 1 } }]);
      await expect(collection.dropIndex('a_1')).resolves.toMatchObject({ nIndexesWas: 3 });
      await expect(collection.dropIndex('a_1')).rejects.toMatchObject({ codeName: 'IndexNotFound' });
      await expect(collection.dropIndexes()).resolves.toBe(true);
      await expect(collection.indexes()).resolves.toHaveLength(1);
    });

    it('the deployment as a whole', async () => {
      const { client } = open();
      const admin = client.db('crud').admin();
      await client.db(`crud_${lane}`).collection('c').insertOne({});
      const { databases } = await admin.listDatabases({ nameOnly: true, filter: { name: `crud_${lane}` } });
      expect(databases).toEqual([{ name: `crud_${lane}` }]);
      await expect(client.db(`crud_${lane}`).stats()).resolves.toMatchObject({ db: `crud_${lane}`, collections: 1 });
      await expect(client.db(`crud_${lane}`).dropDatabase()).resolves.toBe(true);
      await expect(client.db(`crud_${lane}`).setProfilingLevel('slow_only')).resolves.toBe('slow_only');
      await expect(client.db(`crud_${lane}`).profilingLevel()).resolves.toBe('slow_only');
      await expect(client.db(`crud_${lane}`).setProfilingLevel('some' as never)).rejects.toThrow('received some');
      await expect(admin.ping()).resolves.toMatchObject({ ok: 1 });
      await expect(admin.buildInfo()).resolves.toHaveProperty('version');
      await expect(admin.serverStatus()).resolves.toHaveProperty('uptime');
      await expect(admin.replSetGetStatus()).rejects.toMatchObject({ codeName: 'NoReplicationEnabled' });
    });
  });
});
