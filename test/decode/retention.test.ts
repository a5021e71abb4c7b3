// A string that is kept keeps little else: not its batch, and no more of its document than is worth it.

import { expect, test } from 'vitest';

import { runWithFlags } from './child';

const FIELDS = ['short', 'name', 'line', 'body', 'wide'];

test.each(FIELDS)('one %s of each of 1,000 batches retains at most 3 times what bson makes one retain', async (field) => {
  const program = `
    const documents = (batch) => Array.from({ length: 100 }, (_, number) => ({
      _id: number, short: 'user ' + batch, name: 'the name of ' + batch, line: ('a line ' + batch + ' ').repeat(8),
      other: 'another line of text'.repeat(6), body: ('lorem ipsum ' + batch + ' ').repeat(30), last: 'the last text', wide: ('日本語 ' + batch).repeat(5),
    }));
    const decoder = newDecoder();
    const retained = (decode) => {
      const keep = (kept) => { for (let batch = 0; batch < kept.length; batch += 1) {
        const bytes = Buffer.from(reply(documents(batch + 1000)));
        slab.set(bytes);
        kept[batch] = decode(bytes).cursor.firstBatch[batch % 100][${JSON.stringify(field)}];
      } };
      keep(new Array(100).fill(''));
      const kept = new Array(1000).fill('');
      globalThis.gc();
      const before = process.memoryUsage().heapUsed;
      keep(kept);
      globalThis.gc();
      globalThis.gc();
      const bytes = process.memoryUsage().heapUsed - before;
      return kept.length && bytes;
    };
    const tape = retained((bytes) => decoder.decode(slab, 0, bytes.length));
    const bson = retained((bytes) => deserialize(bytes));
    print({ tape, bson });
  `;
  const { tape, bson } = (await runWithFlags(['--expose-gc'], program)) as { tape: number; bson: number };
  expect(tape).toBeLessThanOrEqual(3 * bson + 20_000);
});
