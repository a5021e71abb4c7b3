// Replies around and far beyond the 512 KiB that a turn's slab holds.

import { createHash } from 'node:crypto';

import { Binary } from 'bson';
import { describe, expect, test } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes';
import { describeWithMongod, useMongod } from '../support/mongod';
import { useStub } from '../support/stub';

const MiB = 1 << 20;
const slab = 512 << 10;

describe('replies of any size', () => {
  const stub = useStub();

  onBothLanes((lane) => {
    test('a reply is whole on both sides of what a slab holds, and of what is read at once', async () => {
      const client = openClient(stub.current.uri, { lane, maxPoolSize: 1 });
      const db = client.db('t');
      for (const boundary of [64 << 10, slab]) {
        // The reply around the bytes takes less than 100 of them; every length on the way across is met.
        for (let length = boundary - 110; length <= boundary + 10; length += 1) {
          const { echo } = await db.command({ echo: content(length, length) });
          expect((echo as Binary).length()).toBe(length);
          expect(digest(echo)).toBe(digest(content(length, length)));
        }
      }
    });

    test('small and large replies at once each reach their own caller', async () => {
      const client = openClient(stub.current.uri, { lane, maxPoolSize: 10 });
      const lengths = [10, 70 << 10, 200 << 10, slab - 60, slab, slab + 1, MiB, 3 * MiB];
      const all = Array.from({ length: 96 }, (_, number) => ({ number, length: lengths[number % lengths.length] as number }));
      const seen = await Promise.all(
        all.map(async ({ number, length }) => digest((await client.db('t').command({ echo: content(number, length) }))['echo'])),
      );

      expect(seen).toEqual(all.map(({ number, length }) => digest(content(number, length))));
      expect(client.pools()[0]?.inUseConnectionCount).toBe(0);
    });

    test('a value from a reply stays as it is while later replies arrive', async () => {
      const client = openClient(stub.current.uri, { lane, maxPoolSize: 1 });
      const kept: { number: number; value: unknown }[] = [];
      for (let number = 0; number < 200; number += 1) {
        kept.push({ number, value: (await client.db('t').command({ echo: content(number, 10_000) }))['echo'] });
      }

      for (const { number, value } of kept) expect(digest(value)).toBe(digest(content(number, 10_000)));
    });
  });
});

describeWithMongod('documents of a real server', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    test('documents of 1 MiB, many at once', async () => {
      const db = openClient(mongod.current.uri, { lane, maxPoolSize: 10 }).db(`large_${lane.replace('-', '_')}`);
      const numbers = Array.from({ length: 32 }, (_, number) => number);
      await Promise.all(
        numbers.map((number) => db.command({ insert: 'one', documents: [{ _id: number, data: content(number, MiB) }] })),
      );
      const replies = await Promise.all(numbers.map((number) => db.command({ find: 'one', filter: { _id: number } })));

      for (const [number, { cursor }] of replies.entries()) {
        expect(cursor.firstBatch.map(({ _id }: { _id: number }) => _id)).toEqual([number]);
        expect(digest(cursor.firstBatch[0].data)).toBe(digest(content(number, MiB)));
      }
      await db.command({ dropDatabase: 1 });
    });

    test('the largest document there can be, there and back', async () => {
      const db = openClient(mongod.current.uri, { lane }).db(`large_${lane.replace('-', '_')}`);
      // 16 MiB less what stands around the bytes: lengths, `_id`, the field's name.
      const data = content(16, 16 * MiB - 31);
      expect(await db.command({ insert: 'largest', documents: [{ _id: 16, data }] })).toMatchObject({ n: 1, ok: 1 });
      const { cursor } = await db.command({ find: 'largest', filter: { _id: 16 } });

      expect(digest(cursor.firstBatch[0].data)).toBe(digest(data));
      await db.command({ dropDatabase: 1 });
    });

    test('a batch of many documents that is larger than a slab', async () => {
      const db = openClient(mongod.current.uri, { lane }).db(`large_${lane.replace('-', '_')}`);
      const documents = Array.from({ length: 3_000 }, (_, number) => ({ _id: number, text: `${number} `.repeat(150) }));
      await db.command({ insert: 'many', documents });
      const { cursor } = await db.command({ find: 'many', sort: { _id: 1 }, batchSize: documents.length });

      expect(cursor.firstBatch).toEqual(documents);
      await db.command({ dropDatabase: 1 });
    });
  });
});

/** Bytes that are the same for the same number, and different in every place. */
function content(number: number, length: number): Binary {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(Math.imul(number + 1, at ^ 0x9e3779b1) >>> 0, at);
  return new Binary(bytes);
}

function digest(value: unknown): string {
  return createHash('sha1').update((value as Binary).value()).digest('hex');
}
