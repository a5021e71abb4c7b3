import { ConnectionPool, MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  it('delivers the creation in a microtask, to whoever listens synchronously after it', async () => {
    const pool = openPool(stub.current.address, { lane, minPoolSize: 1, maxIdleTimeMS: 250 });
    const log = new EventLog(pool);
    expect(log.names).toEqual([]);
    // One microtask, no turn of the event loop.
    await Promise.resolve();
    expect(log.names).toEqual(['connectionPoolCreated']);
    expect(log.of('connectionPoolCreated')[0]?.options).toEqual({ minPoolSize: 1, maxIdleTimeMS: 250 });
  });

  it("shows a client's pool options of both the connection string and the object", async () => {
    const client = openClient(`${stub.current.uri}&maxPoolSize=7&maxConnecting=3&appName=shown`, { lane, maxPoolSize: 9 });
    const { options } = await new EventLog(client).nth('connectionPoolCreated');
    expect(options).toEqual({ maxPoolSize: 9, maxConnecting: 3 });
  });

  it('comes first even where the pool is made ready at once', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    expect(log.names).toEqual(['connectionPoolCreated', 'connectionPoolReady']);
  });

  it('is not repeated to a second listener, and nobody who comes late gets it', async () => {
    const pool = openPool(stub.current.address, { lane });
    const first = new EventLog(pool);
    await first.nth('connectionPoolCreated');
    const second = new EventLog(pool);
    pool.ready();
    expect(first.names).toEqual(['connectionPoolCreated', 'connectionPoolReady']);
    expect(second.names).toEqual(['connectionPoolReady']);
  });

  it('belongs to pools and clients alike', async () => {
    const opened = [new ConnectionPool(stub.current.address, { lane }), new MongoClient(stub.current.uri, { lane })];
    const logs = opened.map((each) => new EventLog(each, ['connectionPoolCreated']));
    await Promise.resolve();
    expect(logs.map((log) => log.names)).toEqual([['connectionPoolCreated'], ['connectionPoolCreated']]);
    await Promise.all(opened.map((each) => each.close()));
  });
});
