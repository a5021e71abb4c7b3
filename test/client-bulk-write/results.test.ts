import {
  MongoClientBulkWriteError,
  MongoNetworkError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  type AnyClientBulkWriteModel,
  type Document,
} from 'ferropool';
import { describe, expect, it } from 'vitest';

import { failure } from '../crud/collection.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import type { PeerConnection } from '../support/peer.js';
import { startBulkServer } from './server.js';

const insert = (_id: unknown): AnyClientBulkWriteModel<Document> => ({ name: 'insertOne', namespace: 'db.a', document: { _id } as Document });
/** The reply to a command of one insertion. */
const inserted = { ok: 1, nInserted: 1, nErrors: 0, cursor: { id: 0, ns: 'admin.$cmd.bulkWrite', firstBatch: [] } };

const three: AnyClientBulkWriteModel<Document>[] = [
  insert(1),
  { name: 'updateOne', namespace: 'db.a', filter: { _id: 1 } as Document, update: { $set: { a: 1 } } },
  { name: 'deleteMany', namespace: 'db.b', filter: {} },
];

describe('what a client’s bulk comes to', () => {
  onBothLanes((lane) => {
    const open = async (hello: Document = {}, options: Document = {}) => {
      const server = await startBulkServer(hello);
      return { server, client: openClient(server.uri, { lane, retryWrites: false, ...options }) };
    };
    const bulkError = async (bulk: Promise<unknown>): Promise<MongoClientBulkWriteError> => {
      const error = await failure(bulk);
      expect(error).toBeInstanceOf(MongoClientBulkWriteError);
      expect(error.name).toBe('MongoClientBulkWriteError');
      return error as MongoClientBulkWriteError;
    };

    it('counts alone', async () => {
      const { client } = await open();
      await expect(client.bulkWrite(three)).resolves.toEqual({
        acknowledged: true,
        insertedCount: 1,
        upsertedCount: 0,
        matchedCount: 1,
        modifiedCount: 1,
        deletedCount: 1,
        insertResults: undefined,
        updateResults: undefined,
        deleteResults: undefined,
      });
    });

    it('each write by its place, over batches and batches of cursors', async () => {
      const { server, client } = await open({ maxWriteBatchSize: 2 });
      server.batchSize = 1;
      const result = await client.bulkWrite(three, { verboseResults: true });
      expect(result.insertResults).toEqual(new Map([[0, { insertedId: 1 }]]));
      expect(result.updateResults).toEqual(new Map([[1, { matchedCount: 1, modifiedCount: 1, didUpsert: false }]]));
      expect(result.deleteResults).toEqual(new Map([[2, { deletedCount: 1 }]]));
    });

    it('the same where the client’s documents stay raw, or keep their types', async () => {
      const { client } = await open({}, { raw: true, promoteValues: false });
      await expect(client.bulkWrite(three, { verboseResults: true })).resolves.toMatchObject({ insertedCount: 1, matchedCount: 1, deletedCount: 1, insertResults: { size: 1 } });
    });

    it('writes that failed, by their places, without order', async () => {
      const { client } = await open({ maxWriteBatchSize: 2 });
      const error = await bulkError(client.bulkWrite([insert(1), insert(1), insert(1), insert(2)], { ordered: false, verboseResults: true }));
      expect(error.message).toBe('Mongo client bulk write encountered errors during execution.');
      expect([...error.writeErrors.keys()]).toEqual([1, 2]);
      expect(error.partialResult).toMatchObject({ insertedCount: 2, insertResults: new Map([[0, { insertedId: 1 }], [3, { insertedId: 2 }]]) });
    });

    it('in order the first that failed, and what was done before it', async () => {
      const { server, client } = await open({ maxWriteBatchSize: 2 });
      const error = await bulkError(client.bulkWrite([insert(1), insert(2), insert(1), insert(3)]));
      expect(error.message).toBe('Mongo client ordered bulk write encountered a write error.');
      expect([...error.writeErrors]).toEqual([[2, { code: 11000, message: 'E11000 duplicate key error' }]]);
      expect(error.partialResult?.insertedCount).toBe(2);
      expect(server.of('bulkWrite')).toHaveLength(2);
    });

    it('a command that failed: its error is the cause, with what was done before it', async () => {
      const { server, client } = await open({ maxWriteBatchSize: 1 });
      const reply = { ok: 0, code: 8, codeName: 'UnknownError', errmsg: 'it fails', errorLabels: ['TransientTransactionError'] };
      server.replies['bulkWrite'] = [reply];
      const first = await bulkError(client.bulkWrite([insert(1)]));
      expect(first.partialResult).toBeUndefined();
      expect(first.errorResponse).toMatchObject(reply);
      expect(first.hasErrorLabel('TransientTransactionError')).toBe(true);
      expect(first.cause).toBeInstanceOf(MongoServerError);
      const bulk = client.bulkWrite([insert(1), insert(2)], { comment: 'second' });
      await expect(bulk).resolves.toMatchObject({ insertedCount: 2 });
    });

    it('a connection that failed: raw where nothing was done, the cause where something was', async () => {
      const { server, client } = await open({ maxWriteBatchSize: 1 });
      const breaks = ({ socket }: PeerConnection): Document => {
        socket.destroy();
        return {};
      };
      server.replies['bulkWrite'] = [breaks];
      expect(await failure(client.bulkWrite([insert(1), insert(2)]))).toBeInstanceOf(MongoNetworkError);
      server.replies['bulkWrite'] = [inserted, breaks];
      const error = await bulkError(client.bulkWrite([insert(1), insert(2)]));
      expect(error.cause).toBeInstanceOf(MongoNetworkError);
      expect(error.partialResult?.insertedCount).toBe(1);
    });

    it('no server: the error of the selection', async () => {
      const client = openClient('mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=20', { lane });
      expect(await failure(client.bulkWrite(three))).toBeInstanceOf(MongoServerSelectionError);
    });

    it('one time-out for all its commands, whatever was done before', async () => {
      const { server, client } = await open({ maxWriteBatchSize: 1 });
      server.replies['bulkWrite'] = [
        inserted,
        { ok: 0, code: 50, errmsg: 'operation exceeded time limit' },
      ];
      const error = await failure(client.bulkWrite([insert(1), insert(2)], { timeoutMS: 5000 }));
      expect(error).toBeInstanceOf(MongoOperationTimeoutError);
      expect((error.cause as MongoClientBulkWriteError).partialResult?.insertedCount).toBe(1);
      const [first, second] = server.sent.map(({ maxTimeMS }) => Number(maxTimeMS)) as [number, number];
      expect(first).toBeLessThanOrEqual(5000);
      expect(second).toBeLessThanOrEqual(first);
    });

    it('a signal’s reason', async () => {
      const { server, client } = await open();
      const controller = new AbortController();
      server.replies['bulkWrite'] = [
        () => {
          controller.abort(new Error('enough'));
          return inserted;
        },
      ];
      await expect(client.bulkWrite(three, { signal: controller.signal })).rejects.toThrow('enough');
    });
  });
});
