// Prose test 5 of "Client Side Operations Timeout", with longer times than its.

import { MongoOperationTimeoutError } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useMongod, useReplicaSet } from '../../support/mongod.js';
import { block } from '../fail-point.js';

describeWithMongod('5. blocking iteration methods', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    it('tailable cursors: a call is bounded over all its getMores', async () => {
      await mongod.current.command('db', { drop: 'coll' }).catch(() => undefined);
      await mongod.current.command('db', { create: 'coll', capped: true, size: 1_000 });
      await mongod.current.command('db', { insert: 'coll', documents: [{ x: 1 }] });
      await block(mongod.current, 'alwaysOn', ['getMore'], 1_000);
      const client = openClient(mongod.current.uri, { lane, timeoutMS: 1_900 });
      const log = new EventLog(client, ['commandStarted']);
      const names = (): string[] => log.of('commandStarted').map(({ commandName }) => commandName);
      const cursor = client.db('db').collection('coll').find({}, { tailable: true });
      await expect(cursor.next()).resolves.toMatchObject({ x: 1 });
      expect(cursor.id?.isZero()).toBe(false);
      expect(names()).toEqual(['find']);
      await expect(cursor.next()).rejects.toBeInstanceOf(MongoOperationTimeoutError);
      expect(names()).toEqual(['find', 'getMore', 'getMore']);
    });
  });
});

describeWithMongod('5. blocking iteration methods', () => {
  const replicaSet = useReplicaSet({ nodes: 1 });

  onBothLanes((lane) => {
    it('change streams: a call is bounded over all its getMores', async () => {
      const primary = await replicaSet.current.primary();
      await primary.command('db', { drop: 'coll' }).catch(() => undefined);
      await block(primary, 'alwaysOn', ['getMore'], 1_000);
      const client = openClient(replicaSet.current.uri, { lane, timeoutMS: 1_900 });
      const log = new EventLog(client, ['commandStarted']);
      // The server's own patience would be longer than the call's.
      await using stream = client.db('db').collection('coll').watch([], { maxAwaitTimeMS: 10 });
      await expect(stream.next()).rejects.toBeInstanceOf(MongoOperationTimeoutError);
      expect(log.of('commandStarted').map(({ commandName }) => commandName)).toEqual(['aggregate', 'getMore', 'getMore']);
    });
  });
});
