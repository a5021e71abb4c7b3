// How long the server waits for a cursor's documents ("Tailable awaitData Cursors").

import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';

describeWithMongod('getMore of a cursor that waits', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    const open = async () => {
      await mongod.current.command('csot', { drop: 'capped' }).catch(() => undefined);
      await mongod.current.command('csot', { create: 'capped', capped: true, size: 1_000 });
      await mongod.current.command('csot', { insert: 'capped', documents: [{ _id: 0 }] });
      const client = openClient(mongod.current.uri, { lane });
      const log = new EventLog(client, ['commandStarted']);
      const waits = (): unknown[] => log.of('commandStarted').filter(({ commandName }) => commandName === 'getMore').map(({ command }) => command['maxTimeMS']);
      return { database: client.db('csot'), waits };
    };

    it('says maxAwaitTimeMS', async () => {
      const { database, waits } = await open();
      await using cursor = database.collection('capped').find({}, { tailable: true, awaitData: true, maxAwaitTimeMS: 20 });
      await cursor.next();
      await expect(cursor.tryNext()).resolves.toBeNull();
      expect(waits()).toEqual([20]);
    });

    it('says no more than what is left', async () => {
      const { database, waits } = await open();
      const command = { find: 'capped', tailable: true, awaitData: true };
      await using cursor = database.runCursorCommand(command, { tailable: true, awaitData: true, timeoutMS: 500 }).setMaxTimeMS(20_000);
      await cursor.next();
      await expect(cursor.next()).rejects.toMatchObject({ name: 'MongoOperationTimeoutError' });
      expect(waits()[0]).toBeGreaterThan(0);
      expect(waits()[0]).toBeLessThanOrEqual(500);
    });
  });
});
