// What is a time-out ("Error Transformations"), and what its error says.

import { MongoBulkWriteError, MongoOperationTimeoutError, MongoServerError, MongoWriteConcernError, type Collection, type MongoClient } from 'ferropool';
import { describe, expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { failCommand } from './fail-point.js';

const MAX_TIME_EXPIRED = 50;

describeWithMongod('time-outs', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    const open = (timeoutMS?: number): { client: MongoClient; collection: Collection } => {
      const client = openClient(mongod.current.uri, { lane, maxPoolSize: 1, ...(timeoutMS !== undefined && { timeoutMS }) });
      return { client, collection: client.db('csot').collection('timeOuts') };
    };
    const unsatisfied = { writeConcernError: { code: MAX_TIME_EXPIRED, errmsg: 'maxTimeMS expired' } };

    describe('maxTimeMS expired at the server', () => {
      it.each<[string, string, (collection: Collection) => Promise<unknown>]>([
        ['insertOne', 'insert', (collection) => collection.insertOne({})],
        ['updateMany', 'update', (collection) => collection.updateMany({}, { $set: { a: 1 } })],
        ['findOneAndDelete', 'findAndModify', (collection) => collection.findOneAndDelete({})],
        ['createIndex', 'createIndexes', (collection) => collection.createIndex({ a: 1 })],
      ])('waiting for acknowledgement of %s', async (_, command, run) => {
        await failCommand(mongod.current, { times: 2 }, { failCommands: [command], ...unsatisfied });
        await expect(run(open().collection)).rejects.toBeInstanceOf(MongoWriteConcernError);
        const error = (await run(open(10_000).collection).catch((failure: unknown) => failure)) as MongoOperationTimeoutError;
        expect(error).toBeInstanceOf(MongoOperationTimeoutError);
        expect(error.cause).toBeInstanceOf(MongoWriteConcernError);
        expect(error.message).toContain('maxTimeMS expired');
      });

      it('waiting for acknowledgement of a bulk', async () => {
        await failCommand(mongod.current, { times: 2 }, { failCommands: ['insert'], ...unsatisfied });
        await expect(open().collection.insertMany([{}, {}])).rejects.toBeInstanceOf(MongoBulkWriteError);
        await expect(open(10_000).collection.insertMany([{}, {}])).rejects.toMatchObject({
          name: 'MongoOperationTimeoutError',
          cause: { name: 'MongoBulkWriteError', insertedCount: 2 },
        });
      });

      it('in a command of the user’s own, by the client’s timeoutMS', async () => {
        await failCommand(mongod.current, { times: 2 }, { failCommands: ['ping'], errorCode: MAX_TIME_EXPIRED });
        const ping = (client: MongoClient): Promise<unknown> => client.db('csot').command({ ping: 1 });
        await expect(ping(open().client)).rejects.toBeInstanceOf(MongoServerError);
        await expect(ping(open(10_000).client)).rejects.toMatchObject({ name: 'MongoOperationTimeoutError', cause: { code: MAX_TIME_EXPIRED } });
      });
    });

    it('a connection that was not free in time is the cause', async () => {
      const { client, collection } = open();
      const held = await client.checkOut();
      await expect(collection.findOne({}, { timeoutMS: 100 })).rejects.toMatchObject({
        name: 'MongoOperationTimeoutError',
        cause: { name: 'MongoWaitQueueTimeoutError' },
      });
      held.checkIn();
    });
  });
});
