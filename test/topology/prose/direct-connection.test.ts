// The prose tests of "Server Discovery and Monitoring" on topology discovery and direct connection, by their headings.

import type { MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../../support/lanes.js';
import { addressOf, describeWithMongod, secondariesOf, useReplicaSet, type Member } from '../../support/mongod.js';

describeWithMongod('a secondary as the only host', () => {
  const set = useReplicaSet({ nodes: 2 });

  onBothLanes((lane) => {
    const open = async (options: string): Promise<MongoClient> => {
      const [secondary] = (await secondariesOf(set.current)) as [Member];
      return openClient(`mongodb://${addressOf(secondary)}/${options}`, { lane });
    };
    const write = (client: MongoClient): Promise<unknown> => client.db('test').command({ insert: 'c', documents: [{}] });

    it('topology discovery', async () => {
      await expect(write(await open('?directConnection=false'))).resolves.toMatchObject({ ok: 1, n: 1 });
    });

    it('direct connection', async () => {
      await expect(write(await open('?directConnection=true'))).rejects.toMatchObject({ codeName: 'NotWritablePrimary' });
    });

    it('existing behavior', async () => {
      // A host that is a member leads to its set, as `directConnection=false` says.
      await expect(write(await open(''))).resolves.toMatchObject({ ok: 1, n: 1 });
    });
  });
});
