import { MongoNetworkError, MongoServerError } from 'ferropool';
import { expect, it } from 'vitest';

import { commandEventNames, EventLog, poolEventNames } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';

// The same events as from the stub, of a server that nobody wrote for these tests.
describeWithMongod('with a real server', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    const failOnce = (data: object): Promise<unknown> =>
      mongod.current.command('admin', { configureFailPoint: 'failCommand', mode: { times: 1 }, data: { ...data, appName: lane } });

    it("a client's whole life, in order", async () => {
      const client = openClient(mongod.current.uri, { lane, appName: lane, maxPoolSize: 1 });
      const log = new EventLog(client, [...poolEventNames, ...commandEventNames]);
      const collection = `life_${lane.replace('-', '_')}`;
      await client.db('test').command({ insert: collection, documents: [1, 2, 3].map((_id) => ({ _id })) });
      const reply = await client.db('test').command({ find: collection, sort: { _id: 1 } });
      expect(reply).toMatchObject({ ok: 1, cursor: { firstBatch: [{ _id: 1 }, { _id: 2 }, { _id: 3 }] } });
      await client.close();
      const use = ['connectionCheckOutStarted', 'connectionCheckedOut', 'commandStarted', 'connectionCheckedIn', 'commandSucceeded'];
      expect(log.names).toEqual([
        'connectionPoolCreated',
        'connectionPoolReady',
        'connectionCheckOutStarted',
        'connectionCreated',
        'connectionReady',
        ...use.slice(1),
        ...use,
        // The session that both had is ended: there is no reply to wait for.
        'connectionCheckOutStarted',
        'connectionCheckedOut',
        'commandStarted',
        'commandSucceeded',
        'connectionCheckedIn',
        ...log.names.slice(-2),
      ]);
      expect(log.names.slice(-2).toSorted()).toEqual(['connectionClosed', 'connectionPoolClosed']);
      expect(log.of('commandStarted').map(({ commandName }) => commandName)).toEqual(['insert', 'find', 'endSessions']);
    });

    it('a server error leaves the connection where it is', async () => {
      const client = openClient(mongod.current.uri, { lane, appName: lane, maxPoolSize: 1 });
      const log = new EventLog(client, [...poolEventNames, ...commandEventNames]);
      await failOnce({ failCommands: ['ping'], errorCode: 50, errorLabels: ['Labelled'] });
      const error = await client.db('test').command({ ping: 1 }).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(MongoServerError);
      expect(error).toMatchObject({ code: 50, codeName: 'MaxTimeMSExpired', address: client.address, ok: 0 });
      expect((error as MongoServerError).hasErrorLabel('Labelled')).toBe(true);
      expect(log.of('commandFailed')[0]?.failure).toBe(error);
      await client.db('test').command({ ping: 1 });
      expect(log.names).not.toContain('connectionClosed');
      expect(log.names).not.toContain('connectionPoolCleared');
    });

    it('a connection that the server closes clears the pool, which is ready again after a check', async () => {
      const client = openClient(mongod.current.uri, { lane, appName: lane, maxPoolSize: 1, minHeartbeatFrequencyMS: 20 });
      await client.db('test').command({ ping: 1 });
      const log = new EventLog(client);
      await failOnce({ failCommands: ['ping'], closeConnection: true });
      const error = await client.db('test').command({ ping: 1 }).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(MongoNetworkError);
      expect(error).toHaveProperty('address', client.address);
      await expect(client.db('test').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
      expect(log.names.filter((name) => !name.startsWith('connectionChecked') && name !== 'connectionCheckOutStarted')).toEqual([
        'connectionPoolCleared',
        'connectionClosed',
        'connectionPoolReady',
        'connectionCreated',
        'connectionReady',
      ]);
      expect(log.of('connectionClosed')[0]).toMatchObject({ connectionId: 1, reason: 'error', error: { message: (error as Error).message } });
    });

    it('a document that only the server finds too large is its to refuse, and the connection goes on', async () => {
      const client = openClient(mongod.current.uri, { lane, appName: lane, maxPoolSize: 1 });
      const large = { _id: lane, s: 'x'.repeat(16 * 1024 * 1024) };
      const reply = await client.db('test').command({ insert: 'large', documents: [large] });
      expect(reply).toMatchObject({ n: 0, writeErrors: [{ errmsg: expect.stringContaining('too large') as string }] });
      await expect(client.db('test').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
      expect(client.pools()[0]).toMatchObject({ connectionsCreated: 1, inUseConnectionCount: 0 });
    });
  });
});
