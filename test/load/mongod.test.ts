// Ten thousand commands one after another, and as many with 64 at a time, on a real server: every document is compared.

import { Long, type Document } from 'bson';
import type { Db, MongoClient } from 'ferropool';
import { expect, test } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes';
import { describeWithMongod, useMongod } from '../support/mongod';

const commands = 10_000;

describeWithMongod('many commands on a real server', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    test('one after another', async () => {
      const client = openClient(mongod.current.uri, { lane });
      const db = client.db(`sequential_${lane.replace('-', '_')}`);
      await rounds(client, db, 0, commands);

      expect(await db.command({ count: 'c' })).toMatchObject({ n: commands / 4 });
      // One at a time is one connection's work.
      expect(client.pools()[0]).toMatchObject({ connectionsCreated: 1, checkedOut: commands + 1, inUseConnectionCount: 0 });
      await db.command({ dropDatabase: 1 });
    }, 60_000);

    test('64 at a time', async () => {
      const client = openClient(mongod.current.uri, { lane, maxPoolSize: 10 });
      const db = client.db(`concurrent_${lane.replace('-', '_')}`);
      const each = Math.ceil(commands / 64 / 4) * 4;
      await Promise.all(Array.from({ length: 64 }, (_, worker) => rounds(client, db, worker * each, each)));

      expect(await db.command({ count: 'c' })).toMatchObject({ n: (64 * each) / 4 });
      expect(client.pools()[0]).toMatchObject({ checkedOut: 64 * each + 1, inUseConnectionCount: 0, waitQueueSize: 0 });
      expect(client.pools()[0]?.totalConnectionCount).toBeLessThanOrEqual(10);
      await db.command({ dropDatabase: 1 });
    }, 60_000);
  });
});

/** `count` commands, four for each document: written, found, and asked for by a cursor whose first batch is empty. */
async function rounds(client: MongoClient, db: Db, first: number, count: number): Promise<void> {
  // A cursor belongs to the session that opened it.
  await using session = client.startSession();
  for (let number = first; number < first + count; number += 4) {
    const document = documentOf(number);
    expect(await db.command({ insert: 'c', documents: [document] })).toMatchObject({ n: 1 });
    const found = await db.command({ find: 'c', filter: { _id: number }, projection: { _id: 1, big: 1, nested: 1, text: 1 } });
    expect(found['cursor']).toMatchObject({ id: Long.ZERO.toNumber(), firstBatch: [document] });
    const { cursor } = await db.command({ find: 'c', filter: { _id: { $lte: number } }, sort: { _id: -1 }, batchSize: 0 }, { session });
    expect(cursor.firstBatch).toEqual([]);
    const more = await db.command({ getMore: Long.fromValue(cursor.id), collection: 'c', batchSize: 1 }, { session });
    expect(more['cursor'].nextBatch).toEqual([document]);
  }
}

function documentOf(number: number): Document {
  return { _id: number, text: `döcument ${number}`, big: number * 2 ** 31 + 0.5, nested: { list: [number, null, true, `${number}`] } };
}
