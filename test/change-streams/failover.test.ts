// A change stream outlives its primary: no change is lost, none comes twice.

import { expect, it } from 'vitest';

import { onBothLanes } from '../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../support/mongod.js';
import { openWatched } from './set.js';

describeWithMongod('a change stream', () => {
  const replicaSet = useReplicaSet();

  onBothLanes((lane) => {
    it.each(['read', 'listened to'])('that is %s goes on when the primary is killed', async (mode) => {
      const { collection, stages } = await openWatched(replicaSet.current, lane);
      const stream = await collection.watch([], { maxAwaitTimeMS: 200 }).open();
      const seen: number[] = [];
      const all = new Promise<void>((resolve, reject) => {
        const take = ({ documentKey }: { documentKey: { _id: number } }): void => {
          if (seen.push(documentKey._id) === 20) resolve();
        };
        if (mode === 'read') {
          const read = async (): Promise<void> => {
            while (seen.length < 20) take((await stream.next()) as never);
          };
          read().catch(reject);
        } else {
          stream.on('change', (change) => take(change as never)).on('error', reject);
        }
      });
      const insert = async (from: number): Promise<void> => {
        for (let _id = from; _id < from + 10; _id++) await collection.insertOne({ _id: _id as never });
      };
      await insert(0);
      const primary = await replicaSet.current.primary();
      await primary.kill();
      await insert(10);
      await all;
      expect(seen).toEqual(Array.from({ length: 20 }, (_, _id) => _id));
      expect(stages().length).toBeGreaterThan(1);
      await stream.close();
      await primary.restart();
      await replicaSet.current.ready();
    }, 60_000);
  });
});
