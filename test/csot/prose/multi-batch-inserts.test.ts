// Prose test 1 of "Client Side Operations Timeout". The times are longer than its, for machines that encode slowly.

import { MongoOperationTimeoutError } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useMongod } from '../../support/mongod.js';
import { block } from '../fail-point.js';

describeWithMongod('1. multi-batch inserts', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    it('are bounded as a whole', async () => {
      await mongod.current.command('db', { drop: 'coll' }).catch(() => undefined);
      await block(mongod.current, { times: 2 }, ['insert'], 4_000);
      const client = openClient(mongod.current.uri, { lane, timeoutMS: 7_600 });
      const log = new EventLog(client, ['commandStarted']);
      const documents = Array.from({ length: 50 }, () => ({ a: 'b'.repeat(1 << 20) }));
      await expect(client.db('db').collection('coll').insertMany(documents)).rejects.toBeInstanceOf(MongoOperationTimeoutError);
      expect(log.of('commandStarted').map(({ commandName }) => commandName)).toEqual(['insert', 'insert']);
    });
  });
});
