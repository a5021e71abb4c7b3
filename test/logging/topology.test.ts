import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { LogBook } from '../support/logs.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  it("tells of a topology's whole life", async () => {
    const book = new LogBook();
    const client = openClient(stub.current.uri, { lane, ...book.options({ topology: 'debug' }) });
    const events = new EventLog(client, ['topologyOpening']);
    await client.connect();
    await client.close();
    expect(book.messages).toEqual([
      'Starting topology monitoring',
      'Topology description changed',
      'Starting server monitoring',
      'Server heartbeat started',
      'Server heartbeat succeeded',
      'Topology description changed',
      'Stopped server monitoring',
      'Topology description changed',
      'Stopped topology monitoring',
    ]);
    const { topologyId } = await events.nth('topologyOpening');
    const base = { t: expect.any(Date), c: 'topology', s: 'debug', topologyId };
    const server = { serverHost: '127.0.0.1', serverPort: stub.current.port };
    expect(book.of('Starting server monitoring')).toEqual([{ ...base, ...server, message: 'Starting server monitoring' }]);
    expect(book.of('Server heartbeat started')).toEqual([
      { ...base, ...server, message: 'Server heartbeat started', awaited: false, driverConnectionId: 1 },
    ]);
    const [succeeded] = book.of('Server heartbeat succeeded');
    expect(succeeded).toEqual({
      ...base,
      ...server,
      message: 'Server heartbeat succeeded',
      awaited: false,
      driverConnectionId: 1,
      serverConnectionId: expect.any(Number),
      durationMS: expect.any(Number),
      reply: expect.any(String),
    });
    expect(JSON.parse(succeeded?.['reply'] as string)).toMatchObject({ ok: 1, connectionId: succeeded?.['serverConnectionId'] });
    const [, known] = book.of('Topology description changed');
    const { servers } = JSON.parse(known?.['newDescription'] as string) as { servers: Record<string, object> };
    expect(servers[stub.current.address]).toMatchObject({ type: 'Standalone', error: null });
    expect(JSON.parse(known?.['previousDescription'] as string)).toMatchObject({ servers: { [stub.current.address]: { type: 'Unknown' } } });
  });

  it('numbers the connections of a monitor, and knows the number that the server gave', async () => {
    const book = new LogBook();
    const client = openClient(stub.current.uri, { lane, ...book.options({ topology: 'debug' }), heartbeatFrequencyMS: 50, minHeartbeatFrequencyMS: 10 });
    await client.connect();
    const { serverConnectionId } = await book.first('Server heartbeat succeeded');
    await stub.current.control({ closeAll: true });
    const failed = await book.first('Server heartbeat failed');
    expect(failed).toMatchObject({ driverConnectionId: 1, serverConnectionId, failure: { name: 'MongoNetworkError' } });
    await client.connect();
    const again = book.of('Server heartbeat succeeded').at(-1);
    expect(again).toMatchObject({ driverConnectionId: 2 });
    expect(again?.['serverConnectionId']).not.toBe(serverConnectionId);
  });
});
