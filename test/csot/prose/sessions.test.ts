// Prose tests 9 and 10 of "Client Side Operations Timeout", with longer times than theirs.

import { MongoOperationTimeoutError } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../../support/mongod.js';
import { block } from '../fail-point.js';

const timeoutMS = 500;
const blockTimeMS = 1_000;

describeWithMongod('sessions', () => {
  const replicaSet = useReplicaSet({ nodes: 1 });

  onBothLanes((lane) => {
    it.each([
      ['the client', { timeoutMS }, {}, {}],
      ['the session', {}, { defaultTimeoutMS: timeoutMS }, {}],
      ['endSession', {}, {}, { timeoutMS }],
    ])('9. endSession fails with a time-out of %s', async (_, ofClient, ofSession, ofEnd) => {
      const primary = await replicaSet.current.primary();
      await primary.command('db', { drop: 'coll' }).catch(() => undefined);
      await block(primary, { times: 1 }, ['abortTransaction'], blockTimeMS);
      const client = openClient(replicaSet.current.uri, { lane, ...ofClient });
      const session = client.startSession(ofSession);
      session.startTransaction();
      await client.db('db').collection('coll').insertOne({ x: 1 }, { session });
      const began = performance.now();
      await expect(session.endSession(ofEnd)).rejects.toBeInstanceOf(MongoOperationTimeoutError);
      expect(performance.now() - began).toBeLessThan(blockTimeMS);
      expect(session.hasEnded).toBe(true);
    });

    it('10. timeoutMS is refreshed for abortTransaction if the callback fails', async () => {
      const primary = await replicaSet.current.primary();
      await primary.command('db', { drop: 'coll' }).catch(() => undefined);
      await block(primary, { times: 2 }, ['insert', 'abortTransaction'], blockTimeMS);
      const client = openClient(replicaSet.current.uri, { lane, timeoutMS });
      const log = new EventLog(client, ['commandStarted', 'commandSucceeded', 'commandFailed']);
      const session = client.startSession();
      const transaction = session.withTransaction(async () => {
        await client.db('db').collection('coll').insertOne({ x: 1 }, { session });
      });
      await expect(transaction).rejects.toBeInstanceOf(MongoOperationTimeoutError);
      const told = log.events.map((event) => `${event.name} ${(event as { commandName?: string }).commandName}`);
      expect(told).toEqual(['commandStarted insert', 'commandFailed insert', 'commandStarted abortTransaction', 'commandFailed abortTransaction']);
      await session.endSession();
    });
  });
});
