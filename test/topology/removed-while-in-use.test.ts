// A member leaves the set while its connections are in use. A mongod closes them then; these members, which are stubs, do not.

import type { Connection, MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient, openUnheardClient, type Lane } from '../support/lanes.js';
import { expectLegalSequences } from '../support/sequences.js';
import { useStub } from '../support/stub.js';

const primary = useStub();
const secondary = useStub();

/** A client that knows both members, with a connection to the secondary that is held. */
async function holdSecondary(lane: Lane, open = openClient): Promise<{ client: MongoClient; log: EventLog; held: Connection }> {
  const hosts = [primary.current.address, secondary.current.address];
  const member = { setName: 'rs', hosts, setVersion: 1 };
  await primary.current.control({ helloOverrides: { ...member, me: hosts[0] } });
  await secondary.current.control({ helloOverrides: { ...member, me: hosts[1], isWritablePrimary: false, secondary: true } });
  const client = open(`mongodb://${hosts[0]}/?replicaSet=rs`, { lane, heartbeatFrequencyMS: 20, minHeartbeatFrequencyMS: 10 });
  const log = new EventLog(client);
  await client.connect();
  await log.nth('connectionPoolReady', 2);
  const held = await client.checkOut({ readPreference: 'secondary' });
  expect(held.address).toBe(hosts[1]);
  return { client, log, held };
}

const removeSecondary = (): Promise<void> =>
  primary.current.control({
    helloOverrides: { setName: 'rs', hosts: [primary.current.address], me: primary.current.address, setVersion: 2 },
  });

onBothLanes((lane) => {
  it('a connection that is held works until it is returned, and is closed then', async () => {
    const { client, log, held } = await holdSecondary(lane);
    await removeSecondary();
    expect(await log.nth('connectionPoolClosed')).toMatchObject({ address: held.address });
    expect(client.pools().map(({ address }) => address)).toEqual([primary.current.address]);
    await expect(held.command('admin', { ping: 1 })).resolves.toMatchObject({ ok: 1 });
    expect(log.of('connectionClosed')).toEqual([]);
    held.checkIn();
    expect(await log.nth('connectionClosed')).toMatchObject({ address: held.address, connectionId: held.id, reason: 'poolClosed' });
    await client.close();
    expectLegalSequences(log);
  });

  it('a command that is under way gets its reply', async () => {
    const { client, log, held } = await holdSecondary(lane);
    held.checkIn();
    await secondary.current.control({ latencyMS: 300 });
    const started = new EventLog(client, ['commandStarted']);
    const reply = client.db('admin').command({ ping: 1 }, { readPreference: 'secondary' });
    await started.nth('commandStarted');
    await removeSecondary();
    await log.nth('connectionPoolClosed');
    await expect(reply).resolves.toMatchObject({ ok: 1 });
    expect(await log.nth('connectionClosed')).toMatchObject({ address: held.address, reason: 'poolClosed' });
    await client.close();
    expectLegalSequences(log);
  });

  it('close() waits for it, or interrupts it', async () => {
    for (const drainMS of [undefined, 0]) {
      const { client, log, held } = await holdSecondary(lane);
      await removeSecondary();
      await log.nth('connectionPoolClosed');
      const closing = client.close(drainMS === undefined ? {} : { drainMS });
      if (drainMS === undefined) held.checkIn();
      const [drained, interrupted] = drainMS === undefined ? [1, 0] : [0, 1];
      await expect(closing).resolves.toEqual({ drained, interrupted, rejected: 0 });
      expectLegalSequences(log);
    }
  });

  it('a member that comes back has another pool', async () => {
    // Of two pools at an address, both with a connection 1 in use, events do not say which one is meant.
    const { client, log, held } = await holdSecondary(lane, openUnheardClient);
    await removeSecondary();
    await log.nth('connectionPoolClosed');
    const hosts = [primary.current.address, secondary.current.address];
    await primary.current.control({ helloOverrides: { setName: 'rs', hosts, me: hosts[0], setVersion: 3 } });
    await log.nth('connectionPoolReady', 3);
    const next = await client.checkOut({ readPreference: 'secondary' });
    // The numbers of a pool begin at 1.
    expect([next.address, next.id, held.id]).toEqual([held.address, 1, 1]);
    await expect(held.command('admin', { ping: 1 })).resolves.toMatchObject({ ok: 1 });
    held.checkIn();
    await expect(next.command('admin', { ping: 1 })).resolves.toMatchObject({ ok: 1 });
    next.checkIn();
    expect(client.pools().find(({ address }) => address === next.address)).toMatchObject({ availableConnectionCount: 1 });
  });
});
