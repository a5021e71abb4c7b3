import { MongoNetworkError, MongoWaitQueueTimeoutError } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog, commandEventNames, poolEventNames } from '../support/events.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

// Each expectation runs in the very microtask that its promise settles in: nothing has had time to arrive late.
onBothLanes((lane) => {
  it('an established check-out has been announced when its promise resolves', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    const seen = pool.checkOut().then((connection) => ({ connection, names: log.names }));
    const { connection, names } = await seen;
    expect(names.slice(-4)).toEqual(['connectionCheckOutStarted', 'connectionCreated', 'connectionReady', 'connectionCheckedOut']);
    connection.checkIn();
    expect(log.names.at(-1)).toBe('connectionCheckedIn');
  });

  it('so has a command, with its check-out and check-in', async () => {
    const client = openClient(stub.current.uri, { lane });
    await client.connect();
    const log = new EventLog(client, [...poolEventNames, ...commandEventNames]);
    for (let round = 0; round < 50; round += 1) {
      log.clear();
      const names = await client.db('test').command({ ping: 1 }).then(() => log.names);
      expect(names.filter((name) => !['connectionCreated', 'connectionReady'].includes(name))).toEqual([
        'connectionCheckOutStarted',
        'connectionCheckedOut',
        'commandStarted',
        'connectionCheckedIn',
        'commandSucceeded',
      ]);
    }
  });

  it('so have a failed command, and the end of its connection', async () => {
    const pool = openPool(stub.current.address, { lane });
    pool.ready();
    const connection = await pool.checkOut();
    const log = new EventLog(pool, [...poolEventNames, ...commandEventNames]);
    await stub.current.control({ replyMode: 'closeMidReply', commands: ['ping'] });
    const failed = connection.command('admin', { ping: 1 }).catch((error: unknown) => ({ error, names: log.names }));
    const { error, names } = (await failed) as { error: unknown; names: string[] };
    expect(error).toBeInstanceOf(MongoNetworkError);
    expect(names).toEqual(['commandStarted', 'commandFailed']);
    connection.checkIn();
    expect(log.names.slice(2)).toEqual(['connectionCheckedIn', 'connectionClosed']);
  });

  it('so has a failed check-out', async () => {
    const pool = openPool(stub.current.address, { lane, maxPoolSize: 1 });
    const log = new EventLog(pool);
    pool.ready();
    const connection = await pool.checkOut();
    const names = await pool.checkOut({ timeoutMS: 10 }).then(
      () => [],
      (error: unknown) => {
        expect(error).toBeInstanceOf(MongoWaitQueueTimeoutError);
        return log.names;
      },
    );
    expect(names.slice(-2)).toEqual(['connectionCheckOutStarted', 'connectionCheckOutFailed']);
    connection.checkIn();
  });

  it('so has a close', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    (await pool.checkOut()).checkIn();
    const names = await pool.close().then(() => log.names);
    expect(names.slice(-2).toSorted()).toEqual(['connectionClosed', 'connectionPoolClosed']);
  });

  it('what an operation causes at once is announced in the next microtask, while it waits for the rest', async () => {
    const pool = openPool(stub.current.address, { lane, maxPoolSize: 1 });
    pool.ready();
    const connection = await pool.checkOut();
    const log = new EventLog(pool);
    const waiting = [pool.checkOut(), pool.checkOut()];
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    expect(log.names).toEqual(['connectionCheckOutStarted', 'connectionCheckOutStarted']);
    connection.checkIn();
    for (const waiter of waiting) (await waiter).checkIn();
  });

  it('what a synchronous call causes is announced before it returns', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    expect(log.names.at(-1)).toBe('connectionPoolReady');
    (await pool.checkOut()).checkIn();
    log.clear();
    const taken = pool.tryCheckOut();
    expect(log.names).toEqual(['connectionCheckOutStarted', 'connectionCheckedOut']);
    taken?.checkIn();
    expect(log.names.at(-1)).toBe('connectionCheckedIn');
    pool.clear();
    expect(log.names).toContain('connectionPoolCleared');
  });
});
