// Prose test 5 of "Client Side Operations Timeout", with longer times than its.

import { MongoOperationTimeoutError } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useMongod } from '../../support/mongod.js';
import { block } from '../fail-point.js';

describeWithMongod('5. blocking iteration methods', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    it('tailable cursors: a call is bounded over all its getMores', async () => {
      await mongod.current.command('db', { drop: 'coll' }).catch(() => undefined);
      await mongod.current.command('db', { create: 'coll', capped: true, size: 1_000 });
      await mongod.current.command('db', { insert: 'coll', documents: [{ x: 1 }] });
      await block(mongod.current, 'alwaysOn', ['getMore'], 500);
      const client = openClient(mongod.current.uri, { lane, timeoutMS: 800 });
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

  it.skip('change streams: Collection.watch is not supported yet');
});
