import { MongoPoolClosedError, type MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

const uses: [title: string, use: (client: MongoClient) => Promise<unknown>][] = [
  ['a command', (client) => client.db('test').command({ ping: 1 })],
  ['a check-out', (client) => client.checkOut()],
  ['connect()', (client) => client.connect()],
  ['warm()', (client) => client.warm({ min: 2 })],
];

onBothLanes((lane) => {
  it.each(uses)('%s that waits for the server fails at once when the client is closed', async (_title, use) => {
    await stub.current.control({ acceptAndStaySilent: true });
    const client = openClient(stub.current.uri, { lane });
    const waiting = use(client);
    const refused = expect(waiting).rejects.toThrow(MongoPoolClosedError);
    await expect(client.close()).resolves.toMatchObject({ interrupted: 0 });
    await refused;
    expect(client.pools()[0]).toMatchObject({ state: 'closed', totalConnectionCount: 0, waitQueueSize: 0 });
  });

  it('warm() fails when the client is closed before its connections are established', async () => {
    const client = openClient(stub.current.uri, { lane });
    await client.connect();
    await stub.current.control({ helloDelayMS: 60_000 });
    const log = new EventLog(client);
    const warming = expect(client.warm({ min: 2 })).rejects.toThrow(MongoPoolClosedError);
    await log.nth('connectionCreated');
    await client.close();
    await warming;
  });

  it('nobody watches the server after the close', async () => {
    const client = openClient(stub.current.uri, { lane, appName: lane, heartbeatFrequencyMS: 20, minHeartbeatFrequencyMS: 10 });
    await client.warm({ min: 3 });
    await client.close();
    await stub.current.until(({ connectionsByAppName }) => (connectionsByAppName[lane] ?? 0) === 0);
    const { helloSeen } = await stub.current.status();
    // Five heartbeats' time, in which there is none.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await stub.current.status()).helloSeen).toBe(helloSeen);
  });
});
