import { MongoServerError, type MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { addressOf, describeWithMongod, secondariesOf, useReplicaSet, type Member } from '../support/mongod.js';

describeWithMongod('a secondary that is connected to directly', () => {
  const replicaSet = useReplicaSet();

  onBothLanes((lane) => {
    const open = (member: Member, options = ''): MongoClient =>
      openClient(`mongodb://${addressOf(member)}/?directConnection=true${options}`, { lane });

    it.each(['', '&replicaSet=rs0'])('is used as it is, with the options "%s"', async (options) => {
      const [secondary] = await secondariesOf(replicaSet.current);
      const client = open(secondary as Member, options);
      const hello = await client.db('admin').command({ hello: 1 });
      expect(hello).toMatchObject({ me: addressOf(secondary as Member), secondary: true, isWritablePrimary: false });
      expect(client.pools().map(({ address }) => address)).toEqual([addressOf(secondary as Member)]);
    });

    it('answers reads of the primary, which are sent as primaryPreferred, and others as they are', async () => {
      const database = `direct_${lane.replace('-', '_')}`;
      const primary = await replicaSet.current.primary();
      const [secondary] = (await secondariesOf(replicaSet.current)) as [Member, Member];
      const insert = { insert: 'c', documents: [{ _id: 1 }], writeConcern: { w: 3 } };
      await primary.command(database, insert);
      await secondary.command(database, { profile: 2, $readPreference: { mode: 'secondaryPreferred' } });
      const client = open(secondary);
      for (const readPreference of [undefined, 'primary', 'secondary', 'nearest'] as const) {
        const comment = `reads ${readPreference}`;
        const reply = await client.db(database).command({ find: 'c', comment }, readPreference ? { readPreference } : {});
        expect(reply['cursor']).toMatchObject({ firstBatch: [{ _id: 1 }] });
      }
      const connection = await client.checkOut();
      await connection.command(database, { find: 'c', comment: 'reads held' });
      connection.checkIn();

      const { cursor } = await secondary.command(database, {
        find: 'system.profile',
        filter: { 'command.comment': /^reads/ },
        sort: { ts: 1 },
        $readPreference: { mode: 'secondaryPreferred' },
      });
      const sent = (cursor as { firstBatch: { command: { comment: string; $readPreference: object } }[] }).firstBatch;
      expect(sent.map(({ command }) => [command.comment, command.$readPreference])).toEqual([
        ['reads undefined', { mode: 'primaryPreferred' }],
        ['reads primary', { mode: 'primaryPreferred' }],
        ['reads secondary', { mode: 'secondary' }],
        ['reads nearest', { mode: 'nearest' }],
        ['reads held', { mode: 'primaryPreferred' }],
      ]);
    });

    it('refuses writes by itself, and is checked at once for it', async () => {
      const [secondary] = (await secondariesOf(replicaSet.current)) as [Member, Member];
      const client = open(secondary);
      const failure = client.db('test').command({ insert: 'c', documents: [{}] });
      await expect(failure).rejects.toThrow(MongoServerError);
      await expect(failure).rejects.toMatchObject({ codeName: 'NotWritablePrimary', address: addressOf(secondary) });
      // Not by a time-out: the server is known again as soon as it was checked.
      await expect(client.db('test').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
      expect(client.pools()[0]).toMatchObject({ cleared: 0, connectionsCreated: 1 });
    });
  });
});
