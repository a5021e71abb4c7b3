// The numbers in `find` and `getMore` ("Find, getMore and killCursors commands").

import type { Document } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { numbered, openCollection } from './collection.js';

describeWithMongod('limits and batch sizes', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    it.each([
      ['no numbers', {}, [{ find: {} }], 10],
      ['a limit', { limit: 4 }, [{ find: { limit: 4 } }], 4],
      ['batches', { batchSize: 4 }, [{ find: { batchSize: 4 } }, { getMore: { batchSize: 4 } }, { getMore: { batchSize: 4 } }], 10],
      ['a limit within batches', { limit: 5, batchSize: 4 }, [{ find: { limit: 5, batchSize: 4 } }, { getMore: { batchSize: 1 } }], 5],
      ['a batch as large as the limit', { limit: 4, batchSize: 4 }, [{ find: { limit: 4, batchSize: 5 } }], 4],
      ['a batch larger than the limit', { limit: 4, batchSize: 9 }, [{ find: { limit: 4, batchSize: 9 } }], 4],
      ['a negative limit', { limit: -4 }, [{ find: { limit: 4, singleBatch: true } }], 4],
      ['a negative batch size', { batchSize: -4 }, [{ find: { limit: 4, singleBatch: true } }], 4],
      ['an empty first batch', { batchSize: 0 }, [{ find: { batchSize: 0 } }, { getMore: {} }], 10],
    ])('%s', async (_, options, commands, count) => {
      const { collection, drain } = openCollection(mongod.current, lane);
      await collection.insertMany(numbered(10) as never[]);
      drain();
      await expect(collection.find({}, options).toArray()).resolves.toHaveLength(count);
      expect(drain().map(numbersOf)).toEqual(commands);
    });

    it('findOne asks for a single batch of one, whatever its options say', async () => {
      const { collection, drain } = openCollection(mongod.current, lane);
      await collection.findOne({}, { batchSize: 7, limit: 3, noCursorTimeout: true } as never);
      expect(drain()).toEqual([{ find: collection.collectionName, filter: {}, limit: 1, singleBatch: true, $db: 'crud' }]);
    });

    it('an aggregation that writes has no batch size', async () => {
      const { collection, drain } = openCollection(mongod.current, lane);
      const target = `${collection.collectionName}_out`;
      await collection.aggregate([{ $match: {} }], { batchSize: 5 }).toArray();
      await collection.aggregate([{ $out: target }], { batchSize: 5 }).toArray();
      expect(drain().map(({ cursor }) => cursor as unknown)).toEqual([{ batchSize: 5 }, {}]);
    });
  });
});

/** The fields in question, under the command's name. */
function numbersOf(command: Document): Document {
  const [name] = Object.keys(command) as [string];
  const fields = ['limit', 'batchSize', 'singleBatch'].filter((field) => field in command).map((field) => [field, command[field] as unknown]);
  return { [name]: Object.fromEntries(fields) as unknown };
}
