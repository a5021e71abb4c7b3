import { expect, it } from 'vitest';

import { onBothLanes } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { failure, openCollection } from './collection.js';

describeWithMongod('an explanation', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    it('of reads and writes, which are not done', async () => {
      const { collection } = openCollection(mongod.current, lane);
      const documents = [{ _id: 1, a: 0 }] as never[];
      await collection.insertMany(documents);
      const explain = 'queryPlanner';
      const explanations = [
        collection.findOne({}, { explain }),
        collection.distinct('a', {}, { explain }),
        collection.updateMany({}, { $set: { a: 1 } }, { explain, upsert: true }),
        collection.deleteOne({}, { explain }),
        collection.findOneAndUpdate({}, { $set: { a: 1 } }, { explain, upsert: true }),
      ];
      for (const explanation of await Promise.all(explanations)) expect(explanation).toHaveProperty('queryPlanner');
      await expect(collection.find().toArray()).resolves.toEqual(documents);
    });

    it('has a bound of its own, beside that of what it explains', async () => {
      const { collection, drain } = openCollection(mongod.current, lane);
      await collection.find({}, { maxTimeMS: 10_000, comment: 'why' }).explain({ verbosity: 'queryPlanner', maxTimeMS: 20_000 });
      expect(drain()).toEqual([
        {
          explain: { find: collection.collectionName, filter: {}, maxTimeMS: 10_000, comment: 'why' },
          verbosity: 'queryPlanner',
          maxTimeMS: 20_000,
          $db: 'crud',
        },
      ]);
    });

    it.each([
      [true, 'allPlansExecution'],
      [false, 'queryPlanner'],
      ['executionStats', 'executionStats'],
    ])('%j is %s', async (explain, verbosity) => {
      const { collection, drain } = openCollection(mongod.current, lane);
      await collection.find({}, { explain }).toArray();
      expect(drain()).toMatchObject([{ verbosity }]);
    });

    it('cannot be bounded twice', async () => {
      const { collection } = openCollection(mongod.current, lane);
      const error = await failure(collection.find().explain({ verbosity: 'queryPlanner', maxTimeMS: 5 }, { timeoutMS: 5 }));
      expect(error.message).toBe('Cannot use maxTimeMS with timeoutMS for explain commands.');
    });
  });
});
