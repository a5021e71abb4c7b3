import { MongoPoolClosedError } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';

// What a server that is slow, and does not know that it is being left, makes of a close.
describeWithMongod('with a real server', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    /** Pings of this client, and of no other, take so long. */
    const blockPings = (blockTimeMS: number): Promise<unknown> =>
      mongod.current.command('admin', {
        configureFailPoint: 'failCommand',
        mode: 'alwaysOn',
        data: { failCommands: ['ping'], blockConnection: true, blockTimeMS, appName: lane },
      });

    it('commands in flight complete', async () => {
      await blockPings(150);
      const client = openClient(mongod.current.uri, { lane, appName: lane, maxPoolSize: 3 });
      await client.warm({ min: 3 });
      const log = new EventLog(client, ['commandStarted', 'connectionPoolClosed', 'connectionClosed']);
      const commands = [1, 2, 3].map(() => client.db('test').command({ ping: 1 }));
      await log.nth('commandStarted', 3);
      const closing = client.close();
      for (const reply of await Promise.all(commands)) expect(reply).toMatchObject({ ok: 1 });
      await expect(closing).resolves.toEqual({ drained: 3, interrupted: 0, rejected: 0 });
      expect(log.of('connectionClosed').map(({ reason }) => reason)).toEqual(['poolClosed', 'poolClosed', 'poolClosed']);
    });

    it('unless drainMS ends before them; those that wait are rejected at once', async () => {
      await blockPings(5_000);
      const client = openClient(mongod.current.uri, { lane, appName: lane, maxPoolSize: 2 });
      await client.warm({ min: 2 });
      const log = new EventLog(client, ['commandStarted', 'connectionCheckOutFailed']);
      const outcomes = Promise.allSettled([1, 2, 3, 4, 5].map(() => client.db('test').command({ ping: 1 })));
      await log.nth('commandStarted', 2);
      const closing = client.close({ drainMS: 100 });
      await log.nth('connectionCheckOutFailed', 3);
      await expect(closing).resolves.toEqual({ drained: 0, interrupted: 2, rejected: 3 });
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(MongoPoolClosedError) as Error });
      }
      expect(client.pools()[0]).toMatchObject({ totalConnectionCount: 0, inUseConnectionCount: 0, waitQueueSize: 0 });
    });
  });
});
