import { expect, it } from 'vitest';

import { EventLog, poolEventNames, topologyEventNames } from '../support/events.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const streaming = useStub(['--hello', JSON.stringify({ topologyVersion: { counter: 1 } })]);

onBothLanes((lane) => {
  it('says nothing of the topology before its first use', async () => {
    const client = openClient(stub.current.uri, { lane });
    const log = new EventLog(client, [...poolEventNames, ...topologyEventNames]);
    await log.nth('connectionPoolCreated');
    await client.close();
    expect(log.names).toEqual(['connectionPoolCreated', 'connectionPoolClosed']);
  });

  it('tells a whole life in order', async () => {
    const client = openClient(stub.current.uri, { lane });
    const log = new EventLog(client, [...topologyEventNames, 'connectionPoolReady', 'connectionPoolClosed']);
    await client.connect();
    await client.close();
    expect(log.names).toEqual([
      'topologyOpening',
      'topologyDescriptionChanged',
      'serverOpening',
      'serverHeartbeatStarted',
      'serverHeartbeatSucceeded',
      'serverDescriptionChanged',
      'connectionPoolReady',
      'topologyDescriptionChanged',
      'connectionPoolClosed',
      'serverClosed',
      'topologyDescriptionChanged',
      'topologyClosed',
    ]);
    const [first, second, last] = log.of('topologyDescriptionChanged');
    expect(first?.previousDescription).toMatchObject({ type: 'Unknown', servers: new Map() });
    expect(first?.newDescription.type).toBe('Single');
    expect(second?.newDescription.servers.get(stub.current.address)?.type).toBe('Standalone');
    expect(last?.newDescription).toMatchObject({ type: 'Unknown', servers: new Map() });
    const ids = log.events.flatMap((event) => ('topologyId' in event ? [event.topologyId] : []));
    expect(new Set(ids).size).toBe(1);
  });

  it('shows descriptions that are frozen, with the fields of the official driver', async () => {
    const client = openClient(stub.current.uri, { lane, heartbeatFrequencyMS: 1234, localThresholdMS: 17 });
    const log = new EventLog(client, topologyEventNames);
    await client.connect();
    const { address, previousDescription, newDescription } = await log.nth('serverDescriptionChanged');
    expect(address).toBe(stub.current.address);
    expect(previousDescription).toMatchObject({ type: 'Unknown', roundTripTime: -1, lastUpdateTime: -1, error: null });
    expect(newDescription).toMatchObject({
      address,
      type: 'Standalone',
      hosts: [],
      passives: [],
      arbiters: [],
      tags: {},
      error: null,
      topologyVersion: null,
      minWireVersion: 0,
      maxWireVersion: 21,
      lastWriteDate: 0,
      me: null,
      primary: null,
      setName: null,
      setVersion: null,
      electionId: null,
      logicalSessionTimeoutMinutes: 30,
      maxBsonObjectSize: 16_777_216,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
    });
    expect(newDescription.roundTripTime).toBeGreaterThan(0);
    expect(newDescription.lastUpdateTime).toBeGreaterThan(0);
    expect(Object.isFrozen(newDescription)).toBe(true);
    const topology = (await log.nth('topologyDescriptionChanged', 2)).newDescription;
    expect(topology).toMatchObject({ compatible: true, heartbeatFrequencyMS: 1234, localThresholdMS: 17, maxElectionId: null });
    expect(Object.isFrozen(topology)).toBe(true);
  });

  it('tells of streamed heartbeats that they are awaited', async () => {
    const client = openClient(streaming.current.uri, { lane, heartbeatFrequencyMS: 500 });
    const log = new EventLog(client, topologyEventNames);
    await client.connect();
    const { awaited, duration, reply, connectionId } = await log.nth('serverHeartbeatSucceeded', 2);
    expect({ awaited, connectionId, ok: reply['ok'] }).toEqual({ awaited: true, connectionId: streaming.current.address, ok: 1 });
    expect(duration).toBeGreaterThan(490);
    expect(reply['topologyVersion'].processId._bsontype).toBe('ObjectId');
    const started = log.of('serverHeartbeatStarted').map((event) => event.awaited);
    expect(started.slice(0, 2)).toEqual([false, true]);
    // What is known has not changed since.
    expect(log.of('serverDescriptionChanged').length).toBe(1);
  });

  it('tells of a failed heartbeat before what it changes, and of that before the pool is cleared', async () => {
    const client = openClient(streaming.current.uri, { lane, heartbeatFrequencyMS: 60_000 });
    await client.connect();
    // The next check's start comes a moment after the first one's end, and may be seen or not.
    const names = [...topologyEventNames, 'connectionPoolCleared', 'connectionPoolReady'] as const;
    const log = new EventLog(client, names.filter((name) => name !== 'serverHeartbeatStarted'));
    await streaming.current.control({ closeAll: true });
    await log.nth('connectionPoolReady');
    expect(log.names.slice(0, 4)).toEqual([
      'serverHeartbeatFailed',
      'serverDescriptionChanged',
      'topologyDescriptionChanged',
      'connectionPoolCleared',
    ]);
    const { failure, awaited } = await log.nth('serverHeartbeatFailed');
    expect({ name: failure.name, awaited }).toEqual({ name: 'MongoNetworkError', awaited: true });
    const { newDescription } = await log.nth('serverDescriptionChanged');
    const { type, error } = newDescription;
    expect({ type, message: error?.message }).toEqual({ type: 'Unknown', message: failure.message });
  });

  it('tells whoever begins to listen of what happens from then on', async () => {
    const client = openClient(stub.current.uri, { lane });
    await client.connect();
    const log = new EventLog(client, topologyEventNames);
    await client.close();
    expect(log.names).toEqual(['serverClosed', 'topologyDescriptionChanged', 'topologyClosed']);
  });

  it('is not for a pool without a topology', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool, topologyEventNames);
    pool.ready();
    pool.checkIn(await pool.checkOut());
    await pool.close();
    expect(log.names).toEqual([]);
  });
});
