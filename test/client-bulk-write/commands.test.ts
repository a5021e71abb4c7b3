import { MongoClientBulkWriteExecutionError, MongoCompatibilityError, MongoInvalidArgumentError, MongoTransactionError, ObjectId, type AnyClientBulkWriteModel, type Document } from 'ferropool';
import { describe, expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { startBulkServer } from './server.js';

type Models = readonly AnyClientBulkWriteModel<Document>[];

const one = () => ({ name: 'insertOne', namespace: 'db.a', document: { a: 1 } }) as const;

describe('what a client’s bulk sends', () => {
  onBothLanes((lane) => {
    const open = async (hello: Document = {}, options: Document = {}) => {
      const server = await startBulkServer(hello);
      return { server, client: openClient(server.uri, { lane, ...options }) };
    };

    it('each model as an operation, each namespace once', async () => {
      const { server, client } = await open();
      const models: Models = [
        { name: 'insertOne', namespace: 'db.a', document: { _id: 1 } as Document },
        { name: 'updateOne', namespace: 'db.b', filter: { x: 1 }, update: { $set: { y: 1 } }, upsert: true, arrayFilters: [{ z: 1 }], hint: 'i', collation: { locale: 'de' }, sort: { x: -1 } },
        { name: 'updateMany', namespace: 'db.a', filter: {}, update: [{ $unset: 'y' }] },
        { name: 'replaceOne', namespace: 'other.b', filter: { x: 1 }, replacement: { y: 2 }, sort: ['x', 'y'], hint: { x: 1 } },
        { name: 'deleteOne', namespace: 'db.b', filter: { x: 2 }, collation: { locale: 'de' } },
        { name: 'deleteMany', namespace: 'db.a', filter: { x: 3 }, hint: 'i' },
      ];
      await client.bulkWrite(models, { let: { v: 1 }, comment: 'why', bypassDocumentValidation: true, maxTimeMS: 77 });
      const [command] = server.sent as [Document];
      expect(command).toMatchObject({ bulkWrite: 1, errorsOnly: true, ordered: true, let: { v: 1 }, comment: 'why', bypassDocumentValidation: true, maxTimeMS: 77, $db: 'admin' });
      expect(command['nsInfo']).toEqual([{ ns: 'db.a' }, { ns: 'db.b' }, { ns: 'other.b' }]);
      expect(command['ops']).toEqual([
        { insert: 0, document: { _id: 1 } },
        { update: 1, multi: false, filter: { x: 1 }, updateMods: { $set: { y: 1 } }, upsert: true, arrayFilters: [{ z: 1 }], hint: 'i', collation: { locale: 'de' }, sort: { x: -1 } },
        { update: 0, multi: true, filter: {}, updateMods: [{ $unset: 'y' }] },
        { update: 2, multi: false, filter: { x: 1 }, updateMods: { y: 2 }, sort: { x: 1, y: 1 }, hint: { x: 1 } },
        { delete: 1, multi: false, filter: { x: 2 }, collation: { locale: 'de' } },
        { delete: 0, multi: true, filter: { x: 3 }, hint: 'i' },
      ]);
    });

    it('of its options only those that were given', async () => {
      const { server, client } = await open();
      await client.bulkWrite([one()], { ordered: false, verboseResults: true });
      const [{ lsid: _, txnNumber: __, $clusterTime: ___, ops: ____, ...command } = {}] = server.sent;
      expect(command).toEqual({ bulkWrite: 1, errorsOnly: false, ordered: false, nsInfo: [{ ns: 'db.a' }], $db: 'admin' });
    });

    it('a number by which it can be retried, unless a write may be done in part', async () => {
      const { server, client } = await open();
      await client.bulkWrite([one()]);
      await client.bulkWrite([one(), { name: 'deleteMany', namespace: 'db.a', filter: {} }]);
      await client.bulkWrite([{ name: 'updateMany', namespace: 'db.a', filter: {}, update: { $set: { a: 1 } } }]);
      expect(server.sent.map((command) => 'txnNumber' in command)).toEqual([true, false, false]);
    });

    it('it again, where the server may have been shut down in between', async () => {
      const { server, client } = await open();
      server.replies['bulkWrite'] = [{ ok: 0, code: 91, errmsg: 'it ends', errorLabels: ['RetryableWriteError'] }];
      await expect(client.bulkWrite([one(), one()])).resolves.toMatchObject({ insertedCount: 1 + 1 });
      expect(server.sent.map(({ txnNumber }) => String(txnNumber))).toEqual(['1', '1']);
      expect(server.sent[1]?.['ops']).toEqual(server.sent[0]?.['ops']);
    });

    it('an _id for what has none, by the client’s own factory', async () => {
      const { server, client } = await open();
      const documents = [{ a: 1 }, { _id: 5 }] as Document[];
      await client.bulkWrite(documents.map((document) => ({ name: 'insertOne', namespace: 'db.a', document })));
      expect(documents[0]?.['_id']).toBeInstanceOf(ObjectId);
      const other = await open({}, { pkFactory: { createPk: () => 'mine' } });
      await other.client.bulkWrite([{ ...one(), document: {} }]);
      const idsOf = ({ ops }: Document = {}): unknown => (ops as Document[]).map(({ document }) => (document as Document)['_id'] as unknown);
      expect(idsOf(server.sent[0])).toEqual([documents[0]?.['_id'], 5]);
      expect(idsOf(other.server.sent[0])).toEqual(['mine']);
    });

    it('no write concern in a transaction, whatever the client’s is', async () => {
      const { server, client } = await open({}, { w: 0 });
      const session = client.startSession();
      session.startTransaction({ writeConcern: { w: 1 } });
      await expect(client.bulkWrite([one()], { session, writeConcern: { w: 1 } })).rejects.toThrow(new MongoTransactionError('Cannot set write concern after starting a transaction'));
      await expect(client.bulkWrite([one()], { session, verboseResults: true })).resolves.toMatchObject({ acknowledged: true, insertedCount: 1, insertResults: { size: 1 } });
      expect(server.sent).toHaveLength(1);
      expect(server.sent[0]).not.toHaveProperty('writeConcern');
      await session.abortTransaction();
      await session.endSession();
    });

    it('nothing to a server that is older', async () => {
      const { server, client } = await open({ maxWireVersion: 21 });
      for (const options of [{}, { ordered: false, writeConcern: { w: 0 } }]) {
        const refused = client.bulkWrite([one()], options);
        await expect(refused).rejects.toThrow(MongoCompatibilityError);
        await expect(refused).rejects.toThrow("The command needs a server of wire version 25, and the server's highest is 21");
      }
      expect(server.sent).toEqual([]);
      expect(client.pools()).toMatchObject([{ inUseConnectionCount: 0 }]);
    });
  });
});

describe('what a client’s bulk refuses', () => {
  // Nothing listens there: what is refused later fails otherwise.
  const client = () => openClient('mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1', {});

  it.each<[string, unknown, RegExp]>([
    ['models that are no array', { one: one() }, /must be an array/],
    ['a model without a namespace', [{ name: 'insertOne', document: {} }], /namespace .* received undefined/],
    ['a model of no kind', [{ name: 'upsertOne', namespace: 'db.a' }], /received upsertOne/],
    ['no document', [{ name: 'insertOne', namespace: 'db.a' }], /received undefined/],
    ['an update without operators', [{ name: 'updateOne', namespace: 'db.a', filter: {}, update: { a: 1 } }], /atomic operators/],
    ['an empty update', [{ name: 'updateMany', namespace: 'db.a', filter: {}, update: {} }], /atomic operators/],
    ['a replacement with operators', [{ name: 'replaceOne', namespace: 'db.a', filter: {}, replacement: { $set: {} } }], /atomic operators/],
    ['a deletion without a filter', [{ name: 'deleteOne', namespace: 'db.a' }], /Selector/],
  ])('%s', async (_, models, message) => {
    const refused = client().bulkWrite(models as Models);
    await expect(refused).rejects.toThrow(MongoInvalidArgumentError);
    await expect(refused).rejects.toThrow(message);
  });

  it('no models', async () => {
    const refused = client().bulkWrite([]);
    await expect(refused).rejects.toThrow(MongoClientBulkWriteExecutionError);
    await expect(refused).rejects.toThrow('No client bulk write models were provided.');
  });

  it.each([
    [{ verboseResults: true, ordered: false }, 'Cannot request unacknowledged write concern and verbose results'],
    [{}, 'Cannot request unacknowledged write concern and ordered writes'],
  ])('what cannot be known of writes without acknowledgement: %j', async (options, message) => {
    await expect(client().bulkWrite([one()], { ...options, writeConcern: { w: 0 } })).rejects.toThrow(new MongoInvalidArgumentError(message));
    await expect(openClient('mongodb://127.0.0.1:1/?w=0&serverSelectionTimeoutMS=1', {}).bulkWrite([one()], options)).rejects.toThrow(message);
  });
});
