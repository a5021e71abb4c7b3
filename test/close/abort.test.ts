import type { Document } from 'bson';
import { expect, it } from 'vitest';

import { commandEventNames, EventLog } from '../support/events.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  it('before: nothing is started, and the reason is what was given', async () => {
    const client = openClient(stub.current.uri, { lane });
    await client.connect();
    const reason = new TypeError('changed my mind');
    const signal = AbortSignal.abort(reason);
    await expect(client.db('test').command({ ping: 1 }, { signal })).rejects.toBe(reason);
    await expect(client.checkOut({ signal })).rejects.toBe(reason);
    await expect(client.warm({ min: 1, signal })).rejects.toBe(reason);
    expect(client.pools()[0]).toMatchObject({ checkOutsStarted: 0, connectionsCreated: 0 });
  });

  it('while the server is being selected: at once, without a check-out', async () => {
    await stub.current.control({ acceptAndStaySilent: true });
    const client = openClient(stub.current.uri, { lane });
    for (const begin of [
      (signal: AbortSignal) => client.db('test').command({ ping: 1 }, { signal }),
      (signal: AbortSignal) => client.checkOut({ signal }),
    ]) {
      const controller = new AbortController();
      const outcome = expect(begin(controller.signal)).rejects.toThrow(controller.signal.reason as Error);
      controller.abort();
      await outcome;
    }
    expect(client.pools()[0]).toMatchObject({ checkOutsStarted: 0, waitQueueSize: 0 });
    await stub.current.reset();
  });

  it('while waiting in the queue: it leaves at once, and those behind it move up', async () => {
    const pool = openPool(stub.current.address, { lane, maxPoolSize: 1 });
    pool.ready();
    const held = await pool.checkOut();
    const controllers = Array.from({ length: 5 }, () => new AbortController());
    const order: number[] = [];
    const waiters = controllers.map(async ({ signal }, index) => {
      const connection = await pool.checkOut({ signal });
      order.push(index);
      connection.checkIn();
    });
    expect(pool.stats().waitQueueSize).toBe(5);
    controllers[1]?.abort();
    controllers[3]?.abort();
    expect(pool.stats().waitQueueSize).toBe(3);
    held.checkIn();
    const outcomes = await Promise.allSettled(waiters);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
    expect(order).toEqual([0, 2, 4]);
    expect(outcomes[1]).toHaveProperty('reason', controllers[1]?.signal.reason);
    expect(pool.stats()).toMatchObject({ availableConnectionCount: 1, waitQueueSize: 0, checkOutsFailed: { connectionError: 2 } });
  });

  it('while its connection is being established: the establishment goes on, and the connection becomes available', async () => {
    await stub.current.control({ helloDelayMS: 50 });
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool);
    pool.ready();
    const controller = new AbortController();
    const outcome = expect(pool.checkOut({ signal: controller.signal })).rejects.toHaveProperty('name', 'AbortError');
    await log.nth('connectionCreated');
    controller.abort();
    await outcome;
    await log.nth('connectionReady');
    expect(pool.stats()).toMatchObject({ availableConnectionCount: 1, inUseConnectionCount: 0 });
    expect(pool.tryCheckOut()?.id).toBe(1);
  });

  it('while running: at once, and the connection goes back when its reply has come', async () => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 1 });
    await client.warm({ min: 1 });
    const log = new EventLog(client, [...commandEventNames, 'connectionCheckedIn', 'connectionClosed']);
    await stub.current.control({ latencyMS: 100 });
    const controller = new AbortController();
    const command = client.db('test').command({ echo: 'abandoned' }, { signal: controller.signal });
    await log.nth('commandStarted');
    controller.abort();
    await expect(command).rejects.toBe(controller.signal.reason);
    expect(client.pools()[0]).toMatchObject({ inUseConnectionCount: 1, availableConnectionCount: 0 });
    // The next command waits for the connection, and gets its own reply, not the abandoned one's.
    await expect(client.db('test').command({ echo: 'next' })).resolves.toMatchObject({ echo: 'next' });
    const uses = log.names.filter((name) => ['commandStarted', 'connectionCheckedIn', 'connectionClosed'].includes(name));
    expect(uses).toEqual(['commandStarted', 'connectionCheckedIn', 'commandStarted', 'connectionCheckedIn']);
    expect(log.of('commandSucceeded').map(({ reply }) => (reply as Document)['echo'] as unknown)).toEqual(['abandoned', 'next']);
    expect(client.pools()[0]).toMatchObject({ inUseConnectionCount: 0, availableConnectionCount: 1, connectionsCreated: 1 });
  });

  it('while running on a connection that is held: the connection is usable after the reply', async () => {
    const pool = openPool(stub.current.address, { lane });
    const log = new EventLog(pool, commandEventNames);
    pool.ready();
    const connection = await pool.checkOut();
    await stub.current.control({ latencyMS: 60 });
    const controller = new AbortController();
    const command = connection.command('admin', { echo: 'abandoned' }, { signal: controller.signal });
    controller.abort();
    await expect(command).rejects.toBe(controller.signal.reason);
    await expect(connection.command('admin', { echo: 'too early' })).rejects.toThrow('A command is running on the connection');
    await log.nth('commandSucceeded');
    await expect(connection.command('admin', { echo: 'next' })).resolves.toMatchObject({ echo: 'next' });
    connection.checkIn();
  });

  it('after: nothing happens, and no listener stays on the signal', async () => {
    const client = openClient(stub.current.uri, { lane });
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners += 1;
      add(...given);
    };
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...given);
    };
    for (let round = 0; round < 20; round += 1) {
      await client.db('test').command({ ping: 1 }, { signal });
      (await client.checkOut({ signal })).checkIn();
    }
    await expect(client.db('test').command({ nonsense: 1 }, { signal })).rejects.toThrow();
    expect(listeners).toBe(0);
    controller.abort();
    await expect(client.db('test').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
  });

  it('warm() is given up alone: population goes on', async () => {
    await stub.current.control({ helloDelayMS: 50 });
    const client = openClient(stub.current.uri, { lane, minPoolSize: 2, minHeartbeatFrequencyMS: 10 });
    const log = new EventLog(client);
    const controller = new AbortController();
    const warming = expect(client.warm({ min: 2, signal: controller.signal })).rejects.toHaveProperty('name', 'AbortError');
    controller.abort();
    await warming;
    await log.nth('connectionReady', 2);
  });
});

onBothLanes((lane) => {
  it('a signal for many commands has one listener, and gives each of them up', async () => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 1 });
    const controller = new AbortController();
    let listeners = 0;
    const add = controller.signal.addEventListener.bind(controller.signal);
    controller.signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners += 1;
      add(...given);
    };
    const holder = await client.checkOut();
    const commands = Array.from({ length: 100 }, () => client.db('test').command({ ping: 1 }, { signal: controller.signal }));
    const settled = Promise.allSettled(commands);
    controller.abort();
    const outcomes = await settled;
    expect(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason === controller.signal.reason)).toBe(true);
    expect(listeners).toBe(1);
    holder.checkIn();
  });
});
