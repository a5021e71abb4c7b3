import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  it('a pool that is larger than its load uses one connection, and lets the others grow idle', async () => {
    const pool = openPool(stub.current.address, { lane, maxPoolSize: 5, maxIdleTimeMS: 300 });
    const log = new EventLog(pool, ['connectionClosed', 'connectionCheckedOut']);
    pool.ready();
    const burst = await Promise.all(Array.from({ length: 5 }, () => pool.checkOut()));
    for (const connection of burst) connection.checkIn();
    const last = burst.at(-1)?.id;
    // Its own use keeps it from growing idle, and nothing else is used.
    const use = setInterval(() => pool.tryCheckOut()?.checkIn(), 20);
    await log.nth('connectionClosed', 4);
    clearInterval(use);
    expect(log.of('connectionClosed').map(({ reason }) => reason)).toEqual(['idle', 'idle', 'idle', 'idle']);
    expect(log.of('connectionClosed').map(({ connectionId }) => connectionId)).not.toContain(last);
    expect(new Set(log.of('connectionCheckedOut').slice(5).map(({ connectionId }) => connectionId))).toEqual(new Set([last]));
    expect(pool.stats()).toMatchObject({ totalConnectionCount: 1, connectionsCreated: 5 });
  });
});
