// Prose test 4 of "Client Side Operations Timeout", with longer times than its.

import { expect, it } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useMongod } from '../../support/mongod.js';
import { block } from '../fail-point.js';

describeWithMongod('4. background connection pooling', () => {
  const mongod = useMongod({ auth: true });

  onBothLanes((lane) => {
    it('timeoutMS is used for handshake commands', async () => {
      const appName = `timeoutBackgroundPoolTest-${lane}`;
      await block(mongod.current, { times: 1 }, ['saslContinue'], 1_000, { appName });
      const client = openClient(mongod.current.uri, { lane, appName, minPoolSize: 1, timeoutMS: 100 });
      const log = new EventLog(client, ['connectionCreated', 'connectionClosed']);
      await client.connect();
      await log.nth('connectionCreated');
      await expect(log.nth('connectionClosed')).resolves.toMatchObject({ reason: 'error' });
    });

    it('timeoutMS is refreshed for each handshake command', async () => {
      const appName = `refreshTimeoutBackgroundPoolTest-${lane}`;
      await block(mongod.current, 'alwaysOn', ['hello', 'isMaster', 'saslContinue'], 300, { appName });
      const client = openClient(mongod.current.uri, { lane, appName, minPoolSize: 1, timeoutMS: 500 });
      const log = new EventLog(client, ['connectionCreated', 'connectionReady', 'connectionClosed']);
      await client.connect();
      await log.nth('connectionReady');
      expect(log.names.slice(0, 2)).toEqual(['connectionCreated', 'connectionReady']);
    });
  });
});
