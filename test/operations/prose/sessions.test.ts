// The prose tests of "Driver Sessions", under their numbers. Their replica set has one member: what they say is of the client.

import { Timestamp, type Document } from 'bson';
import { MongoBulkWriteError, MongoCompatibilityError, MongoExpiredSessionError, MongoInvalidArgumentError, type Collection, type CommandSucceededEvent, type MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useMongod, useReplicaSet } from '../../support/mongod.js';
import { ScriptedPeer } from '../../support/peer.js';
import { useProxy } from '../../support/proxy.js';
import { operations } from './operations.js';
import { sentBy, sessionOf } from './setting.js';

/** What a promise is rejected with; a bulk write's error says what it failed with. */
function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: Error) => (error instanceof MongoBulkWriteError ? error.cause : error));
}

describeWithMongod('driver sessions, prose tests', () => {
  const standalone = useMongod();
  const replicaSet = useReplicaSet({ nodes: 1, parameters: { enableTestCommands: 1 } });
  const router = useProxy(() => replicaSet.current.primary(), { as: 'mongos' });

  onBothLanes((lane) => {
    const open = (options = {}): MongoClient => openClient(replicaSet.current.uri, { lane, ...options });
    let collections = 0;
    const fresh = async (client: MongoClient, documents: Document[] = []): Promise<Collection> => {
      const collection = client.db(`sessions_${lane}`.replace('-', '_')).collection(`c${++collections}`);
      await collection.insertMany([{ x: 0 }, ...documents]);
      await collection.deleteOne({ x: 0 });
      return collection;
    };

    it('1. setting both snapshot and causalConsistency to true is not allowed', () => {
      expect(() => open().startSession({ snapshot: true, causalConsistency: true })).toThrow(MongoInvalidArgumentError);
    });

    it('2. the pool is LIFO', async () => {
      const client = open();
      const [a, b] = [client.startSession(), client.startSession()];
      const ids = [a.id, b.id];
      await a.endSession();
      await b.endSession();
      expect([client.startSession().id, client.startSession().id]).toEqual(ids.toReversed());
    });

    it.each<[string, (collection: Collection) => Promise<unknown>]>([
      ['ping', ({ db }) => db.command({ ping: 1 })],
      ['aggregate', (collection) => collection.aggregate().toArray()],
      ['find', (collection) => collection.find().toArray()],
      ['insert', (collection) => collection.insertOne({})],
    ])('3. $clusterTime in commands: %s', async (name, act) => {
      const client = open();
      const collection = client.db('sessions').collection('times');
      await collection.findOne();
      const sent = sentBy(client, name);
      const succeeded: CommandSucceededEvent[] = [];
      client.on('commandSucceeded', (event) => succeeded.push(event));
      await act(collection);
      expect(sent[0]?.command).toHaveProperty('$clusterTime');
      const $clusterTime = (succeeded[0]?.reply as Document | undefined)?.['$clusterTime'] as Document;
      expect($clusterTime).toBeDefined();
      await act(collection);
      expect(sent[1]?.command['$clusterTime']).toEqual($clusterTime);
    });

    it.each(operations)('4. explicit and implicit session arguments: $name', async ({ name, run }) => {
      const client = open();
      const collection = await fresh(client, [{ x: 0 }]);
      const session = client.startSession();
      if (name.startsWith('dropIndex')) await collection.createIndex({ x: 1 });
      if (/^Db\.(rename|drop)/.test(name)) for (const suffix of ['other', 'new']) await collection.db.createCollection(`${collection.collectionName}_${suffix}`);
      if (name === 'Db.renameCollection') await collection.db.dropCollection(`${collection.collectionName}_new`);
      const sent = sentBy(client);
      await run(collection, { session }, client);
      const { id } = session.id as { id: { toHexString(): string } };
      expect(new Set(sent.map(sessionOf))).toEqual(new Set([id.toHexString()]));
      // What it refuses now, for it has been done, was sent all the same.
      await Promise.resolve(run(collection, {}, client)).catch(() => {});
      const implicit = sessionOf(sent.at(-1) as (typeof sent)[number]);
      expect(implicit).toMatch(/^[0-9a-f-]{32,36}$/);
      expect(implicit).not.toBe(id.toHexString());
      await session.endSession();
    });

    it.each(operations)('5. the session argument is for the right client: $name', async ({ run }) => {
      const [client, other] = [open(), open()];
      const session = other.startSession();
      const sent = sentBy(client);
      const act = async (): Promise<unknown> => run(client.db('sessions').collection('c'), { session }, client);
      await expect(refusal(act())).resolves.toBeInstanceOf(MongoInvalidArgumentError);
      expect(sent).toEqual([]);
    });

    it.each(operations)('6. no further operations can be performed with a session that has ended: $name', async ({ run }) => {
      const client = open();
      const [ended, disposed] = [client.startSession(), client.startSession()];
      await ended.endSession();
      await disposed[Symbol.asyncDispose]();
      const sent = sentBy(client);
      for (const session of [ended, disposed]) {
        const act = async (): Promise<unknown> => run(client.db('sessions').collection('c'), { session }, client);
        await expect(refusal(act())).resolves.toBeInstanceOf(MongoExpiredSessionError);
      }
      expect(sent).toEqual([]);
    });

    it('8. a cursor that exhausts its results on the initial query returns its implicit session at once', async () => {
      const client = open();
      const collection = await fresh(client, [{}, {}]);
      const sent = sentBy(client);
      const cursor = collection.find();
      await cursor.next();
      await client.db('sessions').command({ ping: 1 });
      expect(sent.map(({ commandName }) => commandName)).toEqual(['find', 'ping']);
      expect(new Set(sent.map(sessionOf)).size).toBe(1);
    });

    it('9. a cursor that exhausts its results after a getMore returns its implicit session at once', async () => {
      const client = open();
      const collection = await fresh(client, [{}, {}, {}, {}, {}]);
      const sent = sentBy(client);
      const cursor = collection.find({}, { batchSize: 3 });
      for (let read = 0; read < 4; read += 1) await cursor.next();
      await client.db('sessions').command({ ping: 1 });
      expect(sent.map(({ commandName }) => commandName)).toEqual(['find', 'getMore', 'ping']);
      expect(new Set(sent.map(sessionOf)).size).toBe(1);
      expect(cursor.bufferedCount()).toBe(1);
    });

    it('10. no sessions remain checked out', async () => {
      const client = open();
      const sent = sentBy(client);
      for (const { run } of operations) await Promise.resolve(run(await fresh(client, [{ x: 0 }]), {}, client)).catch(() => {});
      // Each was there for the next.
      expect(new Set(sent.map(sessionOf)).size).toBe(1);
    });

    const deployments = {
      'a standalone': () => standalone.current.uri,
      'a replica set': () => replicaSet.current.uri,
      'a router': () => router.current.uri,
    };
    const preferences = ['primary', 'primaryPreferred', 'secondaryPreferred', 'nearest'] as const;
    it.each(Object.entries(deployments).flatMap(([name, uri]) => preferences.map((readPreference) => ({ name, uri, readPreference }))))(
      '11. find and getMore send the same session id: $name, $readPreference',
      async ({ uri, readPreference }) => {
        const client = openClient(uri(), { lane });
        const collection = await fresh(client, [{}, {}, {}]);
        const sent = sentBy(client);
        await expect(collection.find({}, { batchSize: 2, readPreference }).toArray()).resolves.toHaveLength(3);
        expect(sent.map(({ commandName }) => commandName)).toEqual(['find', 'getMore']);
        const [find, getMore] = sent.map(sessionOf);
        expect(find).toMatch(/[1-9a-f]/);
        expect(getMore).toBe(find);
      },
    );

    it('14. implicit sessions are allocated only after a successful check-out', async () => {
      const distinct: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const client = open({ maxPoolSize: 1, retryWrites: true });
        const collection = client.db('sessions').collection('implicit');
        const sent = sentBy(client);
        await Promise.all([
          collection.insertOne({}),
          collection.deleteOne({}),
          collection.updateOne({}, { $set: { a: 1 } }),
          collection.bulkWrite([{ updateOne: { filter: {}, update: { $set: { a: 1 } } } }]),
          collection.findOneAndDelete({}),
          collection.findOneAndUpdate({}, { $set: { a: 1 } }),
          collection.findOneAndReplace({}, { a: 1 }),
          collection.find().toArray(),
        ]);
        expect(sent).toHaveLength(8);
        distinct.push(new Set(sent.map(sessionOf)).size);
        await client.close();
      }
      expect(Math.min(...distinct)).toBe(1);
      expect(Math.max(...distinct)).toBeLessThan(8);
    });

    // By default the scripted peer says nothing of how long it keeps sessions.
    it('18. implicit sessions are ignored if the connection does not support sessions', async () => {
      const peer = await ScriptedPeer.start();
      const client = openClient(`mongodb://${peer.address}`, { lane });
      const sent = sentBy(client);
      await client.db('sessions').collection('c').findOne().catch(() => {});
      await client.db('sessions').collection('c').insertOne({}).catch(() => {});
      expect(sent.map(({ commandName }) => commandName)).toEqual(['find', 'insert']);
      for (const { command } of [...sent, ...peer.commands.map((command) => ({ command }))]) expect(command).not.toHaveProperty('lsid');
    });

    it('19. explicit sessions are an error if the connection does not support sessions', async () => {
      const peer = await ScriptedPeer.start();
      const client = openClient(`mongodb://${peer.address}`, { lane });
      const collection = client.db('sessions').collection('c');
      const session = client.startSession();
      await expect(collection.findOne({}, { session })).rejects.toThrow(MongoCompatibilityError);
      await expect(collection.insertOne({}, { session })).rejects.toThrow(MongoCompatibilityError);
      expect(peer.commands).toEqual([]);
    });

    it('20. $clusterTime is not gossiped by the commands of monitors', async () => {
      const { uri } = await replicaSet.current.primary();
      const client = openClient(uri, { lane, heartbeatFrequencyMS: 10, minHeartbeatFrequencyMS: 10, serverMonitoringMode: 'poll' });
      const log = new EventLog(client, ['serverHeartbeatSucceeded']);
      const { $clusterTime } = await client.db('admin').command({ ping: 1 });
      await open().db('sessions').collection('c').insertOne({ advance: '$clusterTime' });
      await log.nth('serverHeartbeatSucceeded', log.of('serverHeartbeatSucceeded').length + 2);
      const sent = sentBy(client);
      await client.db('admin').command({ ping: 1 });
      expect(sent[0]?.command['$clusterTime']).toEqual($clusterTime);
    });

    it('21. a snapshotTime without snapshot is not allowed', () => {
      const snapshotTime = new Timestamp(1n);
      expect(() => open().startSession({ snapshot: false, snapshotTime })).toThrow(MongoInvalidArgumentError);
    });

    it('22. a session without snapshot has no snapshotTime, which is undefined as in the official driver', () => {
      expect(open().startSession({ snapshot: false }).snapshotTime).toBeUndefined();
    });

    it('23. snapshotTime is read-only', () => {
      const session = open().startSession({ snapshot: true });
      const assign = (): void => void Object.assign(session, { snapshotTime: new Timestamp(1n) });
      expect(assign).toThrow(TypeError);
      expect(session.snapshotTime).toBeUndefined();
    });
  });

  it('7. authenticating as multiple users suppresses implicit sessions', ({ skip }) => skip('a client has one user'));
  it('12. the session pool can be cleared after forking', ({ skip }) => skip('Node.js does not fork: a child process starts anew'));
  it('13. existing sessions are not checked into a cleared pool after forking', ({ skip }) => skip('Node.js does not fork: a child process starts anew'));
  it('16. authenticating as a second user after starting a session', ({ skip }) => skip('the user of a client does not change'));
  it('17. the session is owned by the current user', ({ skip }) => skip('the user of a client does not change'));
});
