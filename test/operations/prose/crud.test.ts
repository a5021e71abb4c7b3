// The prose tests of "CRUD", under their numbers; those of `MongoClient.bulkWrite` are in client-bulk-write.test.ts.

import { MongoServerError, MongoWriteConcernError, type CommandSucceededEvent, type Document, type MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useMongod } from '../../support/mongod.js';
import { failPoint, sentBy } from './setting.js';

describeWithMongod('CRUD, prose tests', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    const open = (): MongoClient => openClient(mongod.current.uri, { lane });

    it('1. WriteConcernError.details exposes writeConcernError.errInfo', async () => {
      const errInfo = { writeConcern: { w: 2, wtimeout: 0, provenance: 'clientSupplied' } };
      const writeConcernError = { code: 100, codeName: 'UnsatisfiableWriteConcern', errmsg: 'Not enough data-bearing nodes', errInfo };
      await failPoint(mongod.current, { times: 1 }, { failCommands: ['insert'], writeConcernError });
      const error = await open().db('crud').collection('c').insertOne({}).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(MongoWriteConcernError);
      expect(error).toMatchObject({ code: 100, errInfo, result: { writeConcernError: { errInfo } } });
    });

    it('2. WriteError.details exposes writeErrors[].errInfo', async () => {
      const client = open();
      const name = `validated-${lane}`;
      await client.db('crud').createCollection(name, { validator: { x: { $type: 'string' } } });
      const replies: Document[] = [];
      client.on('commandSucceeded', ({ commandName, reply }: CommandSucceededEvent) => {
        if (commandName === 'insert') replies.push(reply as Document);
      });
      const error = await client.db('crud').collection(name).insertOne({ x: 1 }).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(MongoServerError);
      const [reply] = replies;
      expect(reply?.['writeErrors'][0].errInfo).toHaveProperty('details');
      expect(error).toMatchObject({ code: 121, errInfo: reply?.['writeErrors'][0].errInfo });
    });

    it.each<[string, (client: MongoClient) => Promise<unknown>]>([
      ['by the option', (client) => client.db('explain-test').collection('collection').find({ name: 'john doe' }, { explain: { verbosity: 'queryPlanner', maxTimeMS: 2000 } }).toArray()],
      ['by the cursor', (client) => client.db('explain-test').collection('collection').find({ name: 'john doe' }).explain({ verbosity: 'queryPlanner', maxTimeMS: 2000 })],
    ])('14. explain takes maxTimeMS: %s', async (_, act) => {
      const client = open();
      const sent = sentBy(client, 'explain');
      await act(client);
      expect(sent.map(({ command }) => command['maxTimeMS'])).toEqual([2000]);
    });
  });

  it('16. generated document identifiers are the first field in their document', ({ skip }) =>
    skip('a document gets its _id behind its fields, as by the official driver; to put it first is a recommendation'));
});
