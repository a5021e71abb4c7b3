// Behind a load balancer every connection may be another server's, which its hello names. The stub stands for all of them.

import { MongoInvalidArgumentError, MongoNetworkError, MongoServerError, type Connection, type MongoClient, type MongoClientOptions } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient, type Lane } from '../support/lanes.js';
import { expectLegalSequences } from '../support/sequences.js';
import { useStub } from '../support/stub.js';

const stub = useStub(['--service-ids=2']);

const open = (lane: Lane, options: MongoClientOptions = {}): MongoClient =>
  openClient(`mongodb://${stub.current.address}/?loadBalanced=true`, { lane, appName: 'balanced', heartbeatFrequencyMS: 20, minHeartbeatFrequencyMS: 10, ...options });

/** Which of the services a connection is of; the stub gives them to its connections in turn. */
async function serviceOf(connection: Connection): Promise<string> {
  const { serviceId } = await connection.command('admin', { hello: 1 });
  return String(serviceId);
}

onBothLanes((lane) => {
  it('nobody watches it', async () => {
    const client = open(lane);
    const before = await stub.current.status();
    await client.connect();
    await client.warm({ min: 4 });
    // Ten heartbeats' time, in which there is none.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { accepted, handshakes } = await stub.current.status();
    expect(accepted - before.accepted).toBe(4);
    for (const hello of handshakes.slice(-4)) expect(hello).toMatchObject({ hello: 1, loadBalanced: true });
  });

  it('nothing is dialled before it is used', async () => {
    const before = await stub.current.status();
    const client = open(lane);
    await client.connect();
    expect((await stub.current.status()).accepted).toBe(before.accepted);
    expect(client.pools()).toMatchObject([{ address: stub.current.address, state: 'ready', totalConnectionCount: 0 }]);
  });

  it('a network error clears the connections of its service alone', async () => {
    const client = open(lane, { maxPoolSize: 4, maxConnecting: 4 });
    const log = new EventLog(client);
    const held = await Promise.all([1, 2, 3, 4].map(() => client.checkOut()));
    const [failing, ...others] = held as [Connection, ...Connection[]];
    const service = await serviceOf(failing);
    const ofIt: Connection[] = [];
    for (const other of others) if ((await serviceOf(other)) === service) ofIt.push(other);
    expect(ofIt).toHaveLength(1);
    await stub.current.failPoint({ times: 1 }, { failCommands: ['ping'], closeConnection: true });
    await expect(failing.command('admin', { ping: 1 })).rejects.toThrow(MongoNetworkError);
    for (const other of others) await expect(other.command('admin', { ping: 1 })).resolves.toMatchObject({ ok: 1 });
    for (const connection of held) connection.checkIn();

    await log.nth('connectionClosed', 2);
    expect(log.of('connectionPoolCleared').map(({ serviceId }) => String(serviceId))).toEqual([service]);
    const closed = log.of('connectionClosed').map(({ connectionId, reason, serviceId }) => [connectionId, reason, String(serviceId)]);
    expect(closed).toEqual([
      [failing.id, 'error', service],
      [ofIt[0]?.id, 'stale', service],
    ]);
    expect(client.pools()[0]).toMatchObject({ state: 'ready', cleared: 1, availableConnectionCount: 2 });
    await client.close();
    expectLegalSequences(log);
  });

  it('as does authentication that fails, once hello has named the service', async () => {
    const auth = { username: 'user', password: 'pencil' };
    await stub.current.failPoint('alwaysOn', { failCommands: ['saslStart'], errorCode: 18 });
    const client = open(lane, { auth, authMechanism: 'SCRAM-SHA-256' });
    const log = new EventLog(client);
    const error = await client.db('admin').command({ ping: 1 }).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(MongoServerError);
    await log.nth('connectionClosed');
    const [cleared] = log.of('connectionPoolCleared');
    expect(String(cleared?.serviceId)).toMatch(/^[0-9a-f]{24}$/);
    expect(log.of('connectionClosed')[0]).toMatchObject({ reason: 'error', error: { code: 18 } });
    expect(client.pools()[0]).toMatchObject({ state: 'ready' });
    await client.close();
    expectLegalSequences(log);
  });

  it('an error before hello clears nothing', async () => {
    // It may mean that the server is overloaded: then the command would be sent again.
    const client = open(lane, { maxAdaptiveRetries: 0 });
    const log = new EventLog(client);
    await stub.current.control({ closeOnAccept: 1 });
    await expect(client.db('admin').command({ ping: 1 })).rejects.toThrow(MongoNetworkError);
    await expect(client.db('admin').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
    expect(log.names).not.toContain('connectionPoolCleared');
  });

  it('a server that says that it shuts down is cleared, and does not become unknown', async () => {
    const client = open(lane, { maxPoolSize: 2, maxConnecting: 2 });
    const log = new EventLog(client);
    const held = (await Promise.all([client.checkOut(), client.checkOut()])) as [Connection, Connection];
    const service = await serviceOf(held[0]);
    await stub.current.failPoint({ times: 1 }, { failCommands: ['ping'], errorCode: 91 });
    await expect(held[0].command('admin', { ping: 1 })).rejects.toMatchObject({ code: 91 });
    for (const connection of held) connection.checkIn();
    expect(log.of('connectionPoolCleared').map(({ serviceId }) => String(serviceId))).toEqual([service]);
    await expect(client.db('admin').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
  });

  it('a server that knows nothing of load balancers is refused', async () => {
    await stub.current.control({ helloOverrides: { serviceId: null } });
    const client = open(lane);
    const error = await client.db('admin').command({ ping: 1 }).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(MongoInvalidArgumentError);
    expect(error).toMatchObject({
      message: 'Driver attempted to initialize in load balancing mode, but the server does not support this mode.',
      address: stub.current.address,
    });
  });

  it('read preferences are passed on, and choose nothing', async () => {
    const client = open(lane);
    const log = new EventLog(client, ['commandStarted']);
    for (const readPreference of ['primary', 'secondary', 'nearest'] as const) {
      await expect(client.db('admin').command({ ping: 1 }, { readPreference })).resolves.toMatchObject({ ok: 1 });
    }
    expect(log.of('commandStarted').map(({ command }) => command['$readPreference'] as unknown)).toEqual([
      undefined,
      { mode: 'secondary' },
      { mode: 'nearest' },
    ]);
  });
});
