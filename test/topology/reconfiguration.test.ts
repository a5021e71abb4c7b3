// The set itself changes: members leave, come back and are renamed. In a file of its own, for it does so to all tests.

import type { MongoClient } from 'ferropool';
import { expect, it, vi } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { addressOf, addressesOf, describeWithMongod, secondariesOf, useReplicaSet, type Member } from '../support/mongod.js';
import { reconfigure, type Configuration } from '../support/reconfiguration.js';
import { expectLegalSequences } from '../support/sequences.js';

type Members = Configuration['members'];

describeWithMongod('a replica set that is reconfigured', () => {
  const replicaSet = useReplicaSet();

  const change = async (to: (members: Members) => Members): Promise<void> => {
    const primary = await replicaSet.current.primary();
    await reconfigure(primary, to);
    // The next one is refused until a majority has this one.
    await vi.waitUntil(async () => {
      const { commitmentStatus } = await primary.command('admin', { replSetGetConfig: 1, commitmentStatus: true });
      return commitmentStatus;
    }, 10_000);
  };

  onBothLanes((lane) => {
    const open = (uri = replicaSet.current.uri): MongoClient =>
      openClient(uri, { lane, heartbeatFrequencyMS: 100, minHeartbeatFrequencyMS: 50, localThresholdMS: 10_000 });

    it('the pool of a member that is removed is closed, and one that is added gets one', async () => {
      const client = open();
      const log = new EventLog(client);
      await client.connect();
      await log.nth('connectionPoolReady', 3);
      const [removed] = (await secondariesOf(replicaSet.current)) as [Member];
      const address = addressOf(removed);
      await client.warm({ min: 2 });
      const others = addressesOf(replicaSet.current).filter((other) => other !== address);
      let entry: Members = [];

      await change((members) => {
        entry = members.filter(({ host }) => host === address);
        return members.filter(({ host }) => host !== address);
      });
      expect(await log.nth('connectionPoolClosed')).toMatchObject({ address });
      await log.nth('connectionClosed', 2);
      expect(log.of('connectionClosed').map((event) => [event.address, event.reason])).toEqual([
        [address, 'poolClosed'],
        [address, 'poolClosed'],
      ]);
      expect(client.pools().map((pool) => pool.address).toSorted()).toEqual(others);
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => client.db('admin').command({ hello: 1 }, { readPreference: 'nearest' })),
      );
      for (const { me } of replies) expect(others).toContain(me);

      await change((members) => [...members, ...entry]);
      expect(await log.nth('connectionPoolCreated', 4)).toMatchObject({ address });
      expect(await log.nth('connectionPoolReady', 4)).toMatchObject({ address });
      await replicaSet.current.ready();
      await client.close();
      expect(log.of('connectionPoolClosed')).toHaveLength(4);
      expectLegalSequences(log);
    });

    it('names of hosts have no case', async () => {
      let before: Members = [];
      await change((members) => {
        before = members;
        return members.map((member) => ({ ...member, host: member.host.replace('127.0.0.1', 'LocalHost') }));
      });
      try {
        const ports = replicaSet.current.members.map(({ port }) => port);
        const client = open(`mongodb://LOCALHOST:${ports[0]},localhost:${ports[1]}/?replicaSet=rs0`);
        const log = new EventLog(client);
        await client.connect();
        await log.nth('connectionPoolReady', 3);
        // Nobody was taken for two, nor for somebody else.
        const created = log.of('connectionPoolCreated').map(({ address }) => address);
        expect(created.toSorted()).toEqual(ports.map((port) => `localhost:${port}`).toSorted());
        expect(log.of('connectionPoolClosed')).toEqual([]);
        const { me } = await client.db('admin').command({ hello: 1 });
        expect(me).toMatch(/^LocalHost:/);
      } finally {
        await change(() => before);
        await replicaSet.current.ready();
      }
    });
  });
});
