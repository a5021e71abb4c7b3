import { MongoNetworkTimeoutError } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { lanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';

describeWithMongod('socketTimeoutMS', () => {
  const mongod = useMongod();

  it.each(lanes)('bounds an exchange, on connections of the pool and of a user (%s)', async (lane) => {
    const appName = `silent-${lane}`;
    const client = openClient(mongod.current.uri, { lane, appName, maxPoolSize: 1, socketTimeoutMS: 100 });
    const log = new EventLog(client);
    await client.db('test').command({ ping: 1 });
    const failPoint = { configureFailPoint: 'failCommand', data: { failCommands: ['find'], blockConnection: true, blockTimeMS: 2000, appName } };
    await mongod.current.command('admin', { ...failPoint, mode: { times: 2 } });

    const find = { find: 'none' };
    await expect(client.db('test').command(find)).rejects.toBeInstanceOf(MongoNetworkTimeoutError);
    const connection = await client.checkOut();
    await expect(connection.command('test', find)).rejects.toBeInstanceOf(MongoNetworkTimeoutError);
    connection.checkIn();

    // What is quick is not touched, however long its connection is available or held in between.
    await client.db('test').command({ ping: 1 });
    expect(log.of('connectionClosed')).toMatchObject([{ reason: 'error' }, { reason: 'error' }]);
    expect(log.of('connectionPoolCleared')).toEqual([]);
  });

  it.each(lanes)('gives way to a timeoutMS (%s)', async (lane) => {
    const appName = `patient-${lane}`;
    const client = openClient(mongod.current.uri, { lane, appName, socketTimeoutMS: 50 });
    await client.db('test').command({ ping: 1 });
    const failPoint = { configureFailPoint: 'failCommand', data: { failCommands: ['find'], blockConnection: true, blockTimeMS: 200, appName } };
    await mongod.current.command('admin', { ...failPoint, mode: { times: 1 } });

    await expect(client.db('test').command({ find: 'none' }, { timeoutMS: 5000 })).resolves.toMatchObject({ ok: 1 });
  });
});
