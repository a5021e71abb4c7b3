import { MongoOperationTimeoutError } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { lanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';

describeWithMongod('a command that runs longer than its timeoutMS', () => {
  const mongod = useMongod();

  it.each(lanes)('fails at its deadline and takes its connection with it (%s)', async (lane) => {
    const client = openClient(mongod.current.uri, { lane, appName: `slow-${lane}`, maxPoolSize: 1 });
    const log = new EventLog(client);
    await client.db('test').command({ ping: 1 });
    const failPoint = { configureFailPoint: 'failCommand', data: { failCommands: ['find'], blockConnection: true, blockTimeMS: 2000, appName: `slow-${lane}` } };
    await mongod.current.command('admin', { ...failPoint, mode: { times: 1 } });

    const error = await client.db('test').command({ find: 'none' }, { timeoutMS: 100 }).catch((failure: unknown) => failure);

    expect(error).toBeInstanceOf(MongoOperationTimeoutError);
    expect(error).toMatchObject({ code: 'FERROPOOL_OPERATION_TIMEOUT', message: `connection 1 to ${client.address} timed out` });
    // A slow operation says nothing about the server: the pool is not cleared, and has room for another.
    await expect(client.db('test').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
    expect(log.of('connectionPoolCleared')).toEqual([]);
    expect(log.of('connectionClosed')).toMatchObject([{ connectionId: 1, reason: 'error' }]);
    expect(log.of('connectionCheckedOut').at(-1)).toMatchObject({ connectionId: 2 });
  });
});
