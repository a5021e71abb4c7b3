import type { Document } from 'bson';
import { MongoPoolClosedError, type CloseResult, type Connection } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog, poolEventNames } from '../support/events.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  it('a listener may run commands on the client that emits', async () => {
    const client = openClient(stub.current.uri, { lane });
    const nested: Promise<Document>[] = [];
    client.on('connectionCheckedOut', () => {
      if (nested.length < 20) nested.push(client.db('inner').command({ echo: nested.length }));
    });
    const replies = await Promise.all(Array.from({ length: 20 }, (_, echo) => client.db('outer').command({ echo })));
    expect(replies.map((reply) => reply['echo'] as number)).toEqual(Array.from({ length: 20 }, (_, echo) => echo));
    expect((await Promise.all(nested)).map((reply) => reply['echo'] as number)).toEqual(
      Array.from({ length: 20 }, (_, echo) => echo),
    );
  });

  it('what a listener causes comes after the event that it was called for, to everybody', async () => {
    const pool = openPool(stub.current.address, { lane });
    let taken: Connection | undefined;
    pool.on('connectionCheckedIn', () => {
      taken ??= pool.tryCheckOut();
    });
    const log = new EventLog(pool);
    pool.ready();
    const connection = await pool.checkOut();
    log.clear();
    connection.checkIn();
    expect(taken?.id).toBe(connection.id);
    expect(log.names).toEqual(['connectionCheckedIn', 'connectionCheckOutStarted', 'connectionCheckedOut']);
    taken?.checkIn();
  });

  it('a listener may close the client, and everybody else is settled', async () => {
    // Slow enough for most of them to wait when the first is done.
    await stub.current.control({ latencyMS: 20 });
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 2 });
    const log = new EventLog(client);
    const closed: Promise<CloseResult>[] = [];
    client.on('connectionCheckedIn', () => {
      closed.push(client.close());
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => client.db('test').command({ ping: 1 })));
    const [result] = await Promise.all(closed);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toBeInstanceOf(MongoPoolClosedError);
    expect(outcomes.length - refused.length).toBeGreaterThan(0);
    expect(result).toMatchObject({ interrupted: 0 });
    expect(log.names.filter((name) => name === 'connectionPoolClosed')).toHaveLength(1);
    expect(client.pools()[0]).toMatchObject({ state: 'closed', totalConnectionCount: 0, waitQueueSize: 0 });
  });

  it.each(poolEventNames)('a listener of %s may close the pool', async (name) => {
    const pool = openPool(stub.current.address, { lane, maxPoolSize: 1, minPoolSize: 1 });
    const log = new EventLog(pool);
    const closing: Promise<CloseResult>[] = [];
    pool.on(name, () => closing.push(pool.close()));
    pool.ready();
    const use = async (): Promise<void> => {
      const connection = await pool.checkOut();
      const waiter = pool.checkOut({ timeoutMS: 5 }).then((late) => late.checkIn());
      await waiter.catch(() => undefined);
      connection.checkIn();
      pool.clear();
      await pool.close();
    };
    await use().catch((error: unknown) => expect(error).toBeInstanceOf(MongoPoolClosedError));
    await Promise.all(closing);
    expect(log.names).toContain(name);
    expect(log.names.filter((recorded) => recorded === 'connectionPoolClosed')).toHaveLength(1);
    const { checkOutsStarted, checkedOut, checkOutsFailed } = pool.stats();
    const failed = Object.values(checkOutsFailed).reduce((sum, count) => sum + count, 0);
    expect(checkOutsStarted - checkedOut - failed).toBe(0);
    expect(pool.stats()).toMatchObject({ totalConnectionCount: 0, inUseConnectionCount: 0 });
  });
});
