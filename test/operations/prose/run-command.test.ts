// "Run Command" has no prose tests; these are what its text says of one call, beside its unified tests.

import type { Document, MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../../support/mongod.js';
import { failPoint, sentBy } from './setting.js';

describeWithMongod('run command', () => {
  const replicaSet = useReplicaSet({ nodes: 1, parameters: { enableTestCommands: 1 } });

  onBothLanes((lane) => {
    const open = (options = {}): MongoClient => openClient(replicaSet.current.uri, { lane, ...options });

    it('takes neither readConcern nor writeConcern from the database or the client', async () => {
      const client = open({ readConcernLevel: 'majority', w: 'majority' });
      const sent = sentBy(client);
      await client.db('run', { readConcern: { level: 'local' }, writeConcern: { w: 1 } }).command({ find: 'c' });
      expect(Object.keys(sent[0]?.command as Document)).not.toContain('readConcern');
      expect(Object.keys(sent[0]?.command as Document)).not.toContain('writeConcern');
    });

    it('goes to the primary, whatever the client prefers', async () => {
      const client = open({ readPreference: 'secondaryPreferred' });
      const sent = sentBy(client);
      await client.db('run').command({ ping: 1 });
      expect(sent[0]?.command).not.toHaveProperty('$readPreference');
    });

    it('does not change the document that it is given', async () => {
      const command = Object.freeze({ ping: 1 });
      await expect(open().db('run').command(command)).resolves.toMatchObject({ ok: 1 });
      expect(command).toEqual({ ping: 1 });
    });

    it('is not retried', async () => {
      await failPoint(await replicaSet.current.primary(), { times: 1 }, { failCommands: ['find'], errorCode: 91 });
      const client = open();
      const sent = sentBy(client, 'find');
      await expect(client.db('run').command({ find: 'c' })).rejects.toMatchObject({ code: 91 });
      expect(sent).toHaveLength(1);
    });
  });
});
