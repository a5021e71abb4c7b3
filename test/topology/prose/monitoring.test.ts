// The prose tests of "Server Discovery and Monitoring" on monitors, under their numbers and headings.

import net, { type AddressInfo } from 'node:net';
import { once } from 'node:events';

import { MongoClient } from 'ferropool';
import { describe, expect, it, onTestFinished } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useMongod, useReplicaSet, type Member } from '../../support/mongod.js';
import { useProxy } from '../../support/proxy.js';
import { reconfigure } from '../../support/reconfiguration.js';

const hello = ['hello', 'isMaster'];

const failHello = (member: Member, appName: string, mode: object | 'off', failure: object = {}): Promise<unknown> =>
  member.command('admin', { configureFailPoint: 'failCommand', mode, data: { failCommands: hello, appName, ...failure } });

onBothLanes((lane) => {
  it('all servers unavailable', async () => {
    const client = openClient('mongodb://127.0.0.1:1,127.0.0.1:2', { lane });
    expect(client).toBeInstanceOf(MongoClient);
    expect(client.pools().map(({ state }) => state)).toEqual(['paused', 'paused']);
  });
});

describeWithMongod('a standalone', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    it('monitors sleep at least minHeartbeatFrequencyMS between checks', async () => {
      const appName = `SDAMMinHeartbeatFrequencyTest-${lane}`;
      await failHello(mongod.current, appName, { times: 5 }, { errorCode: 1234 });
      const client = openClient(mongod.current.uri, { lane, appName, serverSelectionTimeoutMS: 5_000 });
      const begun = performance.now();
      await client.db('admin').command({ ping: 1 });
      const elapsed = performance.now() - begun;
      expect(elapsed).toBeGreaterThanOrEqual(2_000);
      expect(elapsed).toBeLessThanOrEqual(3_500);
    });

    it('connection pool management', async () => {
      const appName = `SDAMPoolManagementTest-${lane}`;
      const client = openClient(mongod.current.uri, { lane, appName, heartbeatFrequencyMS: 500 });
      const log = new EventLog(client, ['serverHeartbeatSucceeded', 'serverHeartbeatFailed', 'connectionPoolReady', 'connectionPoolCleared']);
      await client.connect();
      await log.nth('connectionPoolReady');
      expect(log.names.slice(0, 2)).toEqual(['serverHeartbeatSucceeded', 'connectionPoolReady']);

      log.clear();
      await failHello(mongod.current, appName, { times: 2 }, { errorCode: 1234 });
      await log.nth('connectionPoolReady');
      await failHello(mongod.current, appName, 'off');
      const failed = log.names.indexOf('serverHeartbeatFailed');
      expect(failed).toBeGreaterThanOrEqual(0);
      const cleared = log.names.indexOf('connectionPoolCleared');
      expect(cleared).toBeGreaterThan(failed);
      const succeeded = log.names.indexOf('serverHeartbeatSucceeded', cleared);
      expect(succeeded).toBeGreaterThan(cleared);
      expect(log.names.indexOf('connectionPoolReady')).toBeGreaterThan(succeeded);
    });
  });
});

describeWithMongod('streaming protocol', () => {
  const standalone = useMongod();
  const set = useReplicaSet({ nodes: 1, parameters: { enableTestCommands: 1 } });
  const router = useProxy(() => set.current.primary(), { as: 'mongos' });

  describe.each([
    ['a standalone', () => standalone.current.uri],
    ['a replica set', () => set.current.uri],
    ['a sharded cluster', () => router.current.uri],
  ])('of %s', (_, uri) => {
    it('1: replies are processed at heartbeatFrequencyMS', async () => {
      const client = openClient(uri(), { heartbeatFrequencyMS: 500 });
      const log = new EventLog(client, ['serverHeartbeatSucceeded']);
      await client.connect();
      await log.nth('serverHeartbeatSucceeded', 2);
      const begun = performance.now();
      await log.nth('serverHeartbeatSucceeded', 6);
      const interval = (performance.now() - begun) / 4;
      expect(interval).toBeGreaterThan(400);
      expect(interval).toBeLessThan(700);
      expect(log.of('serverHeartbeatSucceeded').map(({ awaited }) => awaited)).toEqual([false, true, true, true, true, true]);
    });
  });

  it('RTT 1: it is updated while replies are streamed', async () => {
    const appName = 'streamingRttTest';
    const primary = await set.current.primary();
    const client = openClient(set.current.uri, { appName, heartbeatFrequencyMS: 500 });
    const log = new EventLog(client, ['serverDescriptionChanged', 'serverHeartbeatSucceeded']);
    await client.db('test').command({ find: 'c' });
    await log.nth('serverHeartbeatSucceeded', 4);
    for (const { newDescription } of log.of('serverDescriptionChanged')) expect(newDescription.roundTripTime).toBeGreaterThan(0);

    await failHello(primary, appName, { times: 1_000 }, { blockConnection: true, blockTimeMS: 500 });
    onTestFinished(async () => {
      await failHello(primary, appName, 'off');
    });
    // A description is shown when something but the time has changed.
    const changed = (): number => log.of('serverDescriptionChanged').length;
    const latest = (): number => log.of('serverDescriptionChanged').at(-1)?.newDescription.roundTripTime ?? 0;
    const begun = performance.now();
    while (latest() <= 250) {
      const before = changed();
      await reconfigure(primary);
      await log.until(() => changed() > before);
    }
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

describe('heartbeats', () => {
  it('1: serverHeartbeatStarted comes before the socket', async () => {
    const events: string[] = [];
    const server = net.createServer((socket) => {
      events.push('client connected');
      socket.on('error', () => socket.destroy());
      socket.on('data', () => {
        events.push('client hello received');
        socket.destroy();
      });
    });
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    // The lane that tells of events in the loop which sees the sockets: another thread's news may come after either.
    const client = openClient(`mongodb://127.0.0.1:${port}`, { lane: 'event-loop', serverSelectionTimeoutMS: 500 });
    for (const name of ['serverHeartbeatStarted', 'serverHeartbeatFailed'] as const) client.on(name, () => events.push(name));
    await expect(client.connect()).rejects.toThrow();
    expect(events.slice(0, 4)).toEqual(['serverHeartbeatStarted', 'client connected', 'client hello received', 'serverHeartbeatFailed']);
  });
});
