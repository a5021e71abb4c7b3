// What a large write was serialized to is freed when the core has it: left to the collector, it would gather and then cost a collection of everything.

import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';

describeWithMongod('a write of 12 MB', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    it('leaves none of its memory behind, whether it is inserted or replaced in bulk', async () => {
      const client = openClient(mongod.current.uri, { lane, monitorCommands: false });
      const collection = client.db('large').collection<{ _id: number; text: string }>(`writes_${lane}`);
      const text = 'a text '.repeat(150_000);
      const documents = Array.from({ length: 12 }, (_, _id) => ({ _id, text }));
      const insert = async (): Promise<unknown> => {
        await collection.deleteMany({});
        return collection.insertMany(documents);
      };
      const replace = (): Promise<unknown> => collection.bulkWrite(documents.map(({ _id }) => ({ replaceOne: { filter: { _id }, replacement: { text } } })));
      // So much room is kept from then on.
      await insert();
      await replace();
      for (const write of [insert, replace, insert, replace]) {
        const { external } = process.memoryUsage();
        await write();
        expect(process.memoryUsage().external - external).toBeLessThan(2_000_000);
      }
      await expect(collection.find({ text }).sort({ _id: 1 }).toArray()).resolves.toEqual(documents);
      await client.close();
    });
  });
});
