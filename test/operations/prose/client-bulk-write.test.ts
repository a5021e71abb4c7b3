// The prose tests of "CRUD" for `MongoClient.bulkWrite`, under their numbers. No server of 8.0 can be had here, so a script plays it,
// whose limits are small.

import { MongoClientBulkWriteError, MongoInvalidArgumentError, MongoServerError, type AnyClientBulkWriteModel, type CommandStartedEvent, type Document, type MongoClient } from 'ferropool';
import { describe, expect, it } from 'vitest';

import { startBulkServer, type BulkServer } from '../../client-bulk-write/server.js';
import { failure } from '../../crud/collection.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { sentBy } from './setting.js';

const limits = { maxWriteBatchSize: 7, maxBsonObjectSize: 2000, maxMessageSizeBytes: 9500 };
const { maxWriteBatchSize, maxBsonObjectSize, maxMessageSizeBytes } = limits;

const namespace = 'db.coll';
const insert = (document: Document, to = namespace): AnyClientBulkWriteModel<Document> => ({ name: 'insertOne', namespace: to, document });
const repeated = (count: number, document: Document = { a: 'b' }) => Array.from({ length: count }, () => insert({ ...document }));
const lengths = (events: readonly CommandStartedEvent[]): number[] => events.map(({ command }) => (command['ops'] as unknown[]).length);
const namespaces = (events: readonly CommandStartedEvent[]): unknown[] => events.map(({ command }) => command['nsInfo'] as unknown);

describe('MongoClient.bulkWrite, prose tests', () => {
  onBothLanes((lane) => {
    const open = async (options = {}): Promise<{ server: BulkServer; client: MongoClient; sent: CommandStartedEvent[] }> => {
      const server = await startBulkServer(limits);
      const client = openClient(server.uri, { lane, ...options });
      return { server, client, sent: sentBy(client, 'bulkWrite') };
    };
    const bulkError = async (bulk: Promise<unknown>): Promise<MongoClientBulkWriteError> => {
      const error = await failure(bulk);
      expect(error).toBeInstanceOf(MongoClientBulkWriteError);
      return error as MongoClientBulkWriteError;
    };

    it('3. batches are split by maxWriteBatchSize', async () => {
      const { client, sent } = await open();
      await expect(client.bulkWrite(repeated(maxWriteBatchSize + 1))).resolves.toMatchObject({ acknowledged: true, insertedCount: maxWriteBatchSize + 1 });
      expect(lengths(sent)).toEqual([maxWriteBatchSize, 1]);
      expect(sent[0]?.operationId).toBe(sent[1]?.operationId);
    });

    it('4. batches are split by maxMessageSizeBytes', async () => {
      const { client, sent } = await open();
      const count = Math.floor(maxMessageSizeBytes / maxBsonObjectSize) + 1;
      const models = repeated(count, { a: 'b'.repeat(maxBsonObjectSize - 70) });
      await expect(client.bulkWrite(models)).resolves.toMatchObject({ insertedCount: count });
      expect(lengths(sent)).toEqual([count - 1, 1]);
      expect(sent[0]?.operationId).toBe(sent[1]?.operationId);
    });

    it('5. errors of write concerns are collected over all batches', async () => {
      const { server, client, sent } = await open({ retryWrites: false });
      const writeConcernError = { code: 91, errmsg: 'Replication is being shut down' };
      server.additions.push({ writeConcernError }, { writeConcernError });
      const error = await bulkError(client.bulkWrite(repeated(maxWriteBatchSize + 1)));
      expect(error.writeConcernErrors).toEqual(Array.from({ length: 2 }, () => ({ code: 91, message: 'Replication is being shut down' })));
      expect(error.partialResult?.insertedCount).toBe(maxWriteBatchSize + 1);
      expect(sent).toHaveLength(2);
    });

    it.each([
      [false, maxWriteBatchSize + 1, 2],
      [true, 1, 1],
    ])('6. errors of writes over all batches, ordered: %s', async (ordered, errors, commands) => {
      const { client, sent } = await open();
      await client.bulkWrite([insert({ _id: 1 })]);
      sent.length = 0;
      const error = await bulkError(client.bulkWrite(repeated(maxWriteBatchSize + 1, { _id: 1 }), { ordered }));
      expect([...error.writeErrors.keys()]).toEqual(Array.from({ length: errors }, (_, index) => index));
      expect(error.writeErrors.get(0)).toEqual({ code: 11000, message: 'E11000 duplicate key error' });
      expect(error.partialResult).toBeUndefined();
      expect(sent).toHaveLength(commands);
    });

    const upserts: AnyClientBulkWriteModel<Document>[] = ['a', 'b'].map((letter) => ({
      name: 'updateOne',
      namespace,
      filter: { _id: letter } as Document,
      update: { $set: { x: 1 } },
      upsert: true,
    }));

    it('7. a cursor that needs a getMore', async () => {
      const { server, client } = await open();
      server.batchSize = 1;
      const result = await client.bulkWrite(upserts, { verboseResults: true });
      expect(result.upsertedCount).toBe(2);
      expect(result.updateResults).toEqual(
        new Map([
          [0, { matchedCount: 1, modifiedCount: 0, upsertedId: 'a', didUpsert: true }],
          [1, { matchedCount: 1, modifiedCount: 0, upsertedId: 'b', didUpsert: true }],
        ]),
      );
      expect(server.of('getMore')).toMatchObject([{ collection: '$cmd.bulkWrite', $db: 'admin', lsid: server.sent[0]?.['lsid'] as unknown }]);
    });

    it('8. a cursor that needs a getMore within a transaction', async () => {
      const { server, client } = await open();
      server.batchSize = 1;
      const session = client.startSession();
      session.startTransaction();
      const result = await client.bulkWrite(upserts, { session, verboseResults: true });
      expect([result.upsertedCount, result.updateResults?.size]).toEqual([2, 2]);
      expect(server.sent).toMatchObject([{ bulkWrite: 1, startTransaction: true, autocommit: false }, { collection: '$cmd.bulkWrite', autocommit: false }]);
      await session.endSession();
    });

    it('9. a getMore that fails', async () => {
      const { server, client } = await open();
      server.batchSize = 1;
      server.replies['getMore'] = [{ ok: 0, code: 8, errmsg: 'it fails' }];
      const error = await bulkError(client.bulkWrite(upserts, { verboseResults: true }));
      expect(error.cause).toBeInstanceOf(MongoServerError);
      expect(error.cause).toMatchObject({ code: 8 });
      expect(error.partialResult).toMatchObject({ upsertedCount: 2, updateResults: { size: 1 } });
      expect(server.sent.map((command) => Object.keys(command)[0])).toEqual(['bulkWrite', 'getMore', 'killCursors']);
    });

    // "Details on size calculations": a command of 43 bytes, an operation of 57 and its text, a namespace of 21.
    const filling = (): AnyClientBulkWriteModel<Document>[] => {
      const bytes = maxMessageSizeBytes - 1122;
      const models = repeated(Math.floor(bytes / maxBsonObjectSize), { a: 'b'.repeat(maxBsonObjectSize - 57) });
      const rest = bytes % maxBsonObjectSize;
      expect(rest).toBeGreaterThanOrEqual(217);
      return [...models, insert({ a: 'b'.repeat(rest - 57) })];
    };

    it('11. case 1: what fits is not split', async () => {
      const { client, sent } = await open();
      const models = [...filling(), insert({ a: 'b' })];
      await expect(client.bulkWrite(models)).resolves.toMatchObject({ insertedCount: models.length });
      expect(lengths(sent)).toEqual([models.length]);
      expect(namespaces(sent)).toEqual([[{ ns: namespace }]]);
    });

    it('11. case 2: a namespace that has no room begins a batch', async () => {
      const { client, sent } = await open();
      const other = `db.${'c'.repeat(200)}`;
      const models = [...filling(), insert({ a: 'b' }, other)];
      await expect(client.bulkWrite(models)).resolves.toMatchObject({ insertedCount: models.length });
      expect(lengths(sent)).toEqual([models.length - 1, 1]);
      expect(namespaces(sent)).toEqual([[{ ns: namespace }], [{ ns: other }]]);
    });

    it.each([
      ['document', insert({ a: 'b'.repeat(maxMessageSizeBytes) })],
      ['namespace', insert({ a: 'b' }, `db.${'c'.repeat(maxMessageSizeBytes)}`)],
    ])('12. a %s that no message has room for is an error of the client', async (_, model) => {
      const { client, sent } = await open();
      await expect(client.bulkWrite([model])).rejects.toThrow(MongoInvalidArgumentError);
      expect(sent).toEqual([]);
    });

    it('15. what is not acknowledged is so in all batches', async () => {
      const { server, client, sent } = await open();
      const count = Math.floor(maxMessageSizeBytes / maxBsonObjectSize) + 1;
      const models = repeated(count, { a: 'b'.repeat(maxBsonObjectSize - 70) });
      await expect(client.bulkWrite(models, { ordered: false, writeConcern: { w: 0 } })).resolves.toMatchObject({ acknowledged: false, insertedCount: 0 });
      expect(lengths(sent)).toEqual([count - 1, 1]);
      expect(sent[0]?.operationId).toBe(sent[1]?.operationId);
      expect(sent.map(({ command }) => command['writeConcern'] as unknown)).toEqual([{ w: 0 }, { w: 0 }]);
      // It has come when what follows it has.
      await client.db('db').command({ ping: 1 });
      expect(server.of('bulkWrite')).toHaveLength(2);
    });
  });
});
