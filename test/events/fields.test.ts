import { MongoNetworkError, MongoPoolClearedError } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog, type AnyEvent } from '../support/events.js';
import { onBothLanes, openPool, type Lane } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

// `serviceId`, the one field of the specification that is missing here, needs a load balancer: `test/topology/load-balanced.test.ts`.
onBothLanes((lane) => {
  it('shows all eleven events with the fields of the specification, in the order they happened', async () => {
    const { address } = stub.current;
    const log = await provokeEach(lane);
    const durationMS = expect.any(Number) as number;
    expect(log.events.map(fieldsOf)).toEqual([
      { name: 'connectionPoolCreated', address, options: { maxPoolSize: 1, waitQueueTimeoutMS: 5_000 } },
      { name: 'connectionPoolReady', address },
      { name: 'connectionCheckOutStarted', address },
      { name: 'connectionCreated', address, connectionId: 1 },
      { name: 'connectionReady', address, connectionId: 1, durationMS },
      { name: 'connectionCheckedOut', address, connectionId: 1, durationMS },
      { name: 'connectionCheckOutStarted', address },
      { name: 'connectionPoolCleared', address, interruptInUseConnections: true },
      { name: 'connectionCheckOutFailed', address, reason: 'connectionError', durationMS, error: expect.any(MongoPoolClearedError) as Error },
      { name: 'connectionCheckedIn', address, connectionId: 1 },
      { name: 'connectionClosed', address, connectionId: 1, reason: 'stale', error: null },
      { name: 'connectionPoolClosed', address },
    ]);
  });

  it('gives times and durations that a clock could have given', async () => {
    const before = Date.now();
    const log = await provokeEach(lane);
    const after = Date.now();
    let earlier = before - 1;
    for (const event of log.events) {
      expect(event).toHaveProperty('time', expect.any(Date));
      const { time } = event as { time: Date };
      // The core's clock and this one may round differently.
      expect(time.getTime()).toBeGreaterThanOrEqual(earlier);
      expect(time.getTime()).toBeLessThanOrEqual(after + 1);
      earlier = time.getTime() - 1;
      if ('durationMS' in event) {
        expect(event.durationMS).toBeGreaterThanOrEqual(0);
        expect(event.durationMS).toBeLessThanOrEqual(after - before + 1);
      }
    }
  });

  it('measures the establishment and the whole wait', async () => {
    await stub.current.control({ helloDelayMS: 60 });
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    (await pool.checkOut()).checkIn();
    expect((await log.nth('connectionReady')).durationMS).toBeGreaterThanOrEqual(55);
    expect((await log.nth('connectionCheckedOut')).durationMS).toBeGreaterThanOrEqual(55);
  });

  it('says what an errored connection failed with', async () => {
    await stub.current.control({ replyMode: 'closeMidReply', commands: ['ping'] });
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    const connection = await pool.checkOut();
    const failure = await connection.command('admin', { ping: 1 }).catch((error: unknown) => error);
    connection.checkIn();
    const closed = await log.nth('connectionClosed');
    expect(closed.reason).toBe('error');
    expect(closed.error).toBeInstanceOf(MongoNetworkError);
    expect(closed.error?.message).toBe((failure as Error).message);
  });

  it('clears without an interruption unless it is asked for', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    pool.clear();
    expect(log.of('connectionPoolCleared').map((event) => event.interruptInUseConnections)).toEqual([false]);
  });
});

/** The shortest story in which every event happens. */
async function provokeEach(lane: Lane): Promise<EventLog> {
  const pool = openPool(stub.current.address, { lane, maxPoolSize: 1, waitQueueTimeoutMS: 5_000 });
  const log = new EventLog(pool);
  await log.nth('connectionPoolCreated');
  pool.ready();
  const connection = await pool.checkOut();
  const waiter = pool.checkOut();
  pool.clear({ interruptInUseConnections: true });
  await expect(waiter).rejects.toThrow(MongoPoolClearedError);
  connection.checkIn();
  await pool.close();
  return log;
}

function fieldsOf(event: AnyEvent): Record<string, unknown> {
  const { time: _, ...fields } = event as AnyEvent & { time: Date };
  return fields;
}
