// The test plan of "Causal Consistency", under its numbers.

import type { Timestamp } from 'bson';
import type { Collection, CommandSucceededEvent, Document, MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useMongod, useReplicaSet } from '../../support/mongod.js';
import { reads, writes } from './operations.js';
import { sentBy } from './setting.js';

describeWithMongod('causal consistency, test plan', () => {
  const standalone = useMongod();
  const replicaSet = useReplicaSet({ nodes: 1 });

  onBothLanes((lane) => {
    const open = (): MongoClient => openClient(replicaSet.current.uri, { lane });
    const collectionOf = (client: MongoClient): Collection => client.db('causal').collection('c');
    const afterOf = (command: Document | undefined): Timestamp | undefined => command?.['readConcern']?.afterClusterTime;

    it('1. a session that is new has no operationTime', () => {
      expect(open().startSession().operationTime).toBeUndefined();
    });

    it('2. the first read does not send afterClusterTime', async () => {
      const client = open();
      const sent = sentBy(client);
      await client.withSession({ causalConsistency: true }, (session) => collectionOf(client).findOne({}, { session }));
      expect(sent[0]?.commandName).toBe('find');
      expect(afterOf(sent[0]?.command)).toBeUndefined();
    });

    it.each([
      ['a read', (collection: Collection, session: object) => collection.findOne({}, session)],
      ['a write', (collection: Collection, session: object) => collection.insertOne({}, session)],
      ['a read that fails', (collection: Collection, session: object) => collection.findOne({ $noSuchOperator: 1 }, session)],
      ['a write that fails', (collection: Collection, session: object) => collection.updateOne({}, { $noSuchOperator: 1 }, session)],
    ])('3. the first operation updates operationTime: %s', async (_, act) => {
      for (const causalConsistency of [true, false]) {
        const client = open();
        const replies: Document[] = [];
        client.on('commandSucceeded', ({ reply }: CommandSucceededEvent) => replies.push(reply as Document));
        client.on('commandFailed', ({ failure }) => replies.push((failure as unknown as { errorResponse: Document }).errorResponse));
        const session = client.startSession({ causalConsistency });
        await act(collectionOf(client), { session }).catch(() => {});
        expect(replies[0]?.['operationTime']).toBeDefined();
        expect(session.operationTime).toEqual(replies[0]?.['operationTime']);
        await session.endSession();
      }
    });

    it.each(reads)('4. a read after a findOne sends its operationTime: $name', async ({ run }) => {
      const client = open();
      const session = client.startSession({ causalConsistency: true });
      await collectionOf(client).findOne({}, { session });
      const { operationTime } = session;
      const sent = sentBy(client);
      await run(collectionOf(client), { session }, client);
      expect(operationTime).toBeDefined();
      expect(afterOf(sent[0]?.command)).toEqual(operationTime);
      await session.endSession();
    });

    it.each(writes)('5. a findOne after a write sends its operationTime: $name', async ({ run }) => {
      const client = open();
      const session = client.startSession({ causalConsistency: true });
      await run(collectionOf(client), { session }, client);
      const { operationTime } = session;
      const sent = sentBy(client);
      await collectionOf(client).findOne({}, { session });
      expect(operationTime).toBeDefined();
      expect(afterOf(sent[0]?.command)).toEqual(operationTime);
      await session.endSession();
    });

    it('5. a findOne after a write that failed sends its operationTime', async () => {
      const client = open();
      const session = client.startSession({ causalConsistency: true });
      await expect(collectionOf(client).updateOne({}, { $noSuchOperator: 1 }, { session })).rejects.toMatchObject({ code: 9 });
      const { operationTime } = session;
      const sent = sentBy(client);
      await collectionOf(client).findOne({}, { session });
      expect(operationTime).toBeDefined();
      expect(afterOf(sent[0]?.command)).toEqual(operationTime);
      await session.endSession();
    });

    it.each(reads)('6. a session that is not causally consistent sends none: $name', async ({ run }) => {
      const client = open();
      const session = client.startSession({ causalConsistency: false });
      await collectionOf(client).findOne({}, { session });
      const sent = sentBy(client);
      await run(collectionOf(client), { session }, client);
      expect(sent).not.toEqual([]);
      expect(afterOf(sent[0]?.command)).toBeUndefined();
      await session.endSession();
    });

    it.each(reads)('7. to a deployment without cluster times none is sent: $name', async ({ run }) => {
      const client = openClient(standalone.current.uri, { lane });
      const session = client.startSession({ causalConsistency: true });
      await collectionOf(client).findOne({}, { session });
      const sent = sentBy(client);
      await run(collectionOf(client), { session }, client);
      expect(sent).not.toEqual([]);
      expect(afterOf(sent[0]?.command)).toBeUndefined();
      await session.endSession();
    });

    it.each([
      ["8. the server's default read concern has no level", undefined],
      ['9. a custom read concern is merged with afterClusterTime', 'majority' as const],
    ])('%s', async (_, level) => {
      const client = open();
      const session = client.startSession({ causalConsistency: true });
      const collection = client.db('causal').collection('c', level && { readConcern: { level } });
      await collection.findOne({}, { session });
      const { operationTime } = session;
      const sent = sentBy(client);
      await collection.find({}, { session }).toArray();
      expect(sent[0]?.command['readConcern']).toEqual({ ...(level && { level }), afterClusterTime: operationTime });
      await session.endSession();
    });

    it('11. to a deployment without cluster times no $clusterTime is sent', async () => {
      const client = openClient(standalone.current.uri, { lane });
      await collectionOf(client).findOne();
      const sent = sentBy(client);
      await collectionOf(client).findOne();
      expect(sent[0]?.command).not.toHaveProperty('$clusterTime');
    });

    it('12. to a deployment with cluster times $clusterTime is sent', async () => {
      const client = open();
      // Its reply has the first that a client knows: those of monitors do not count.
      await collectionOf(client).findOne();
      const sent = sentBy(client);
      await collectionOf(client).findOne();
      expect(sent[0]?.command).toHaveProperty('$clusterTime');
    });
  });
});
