import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { addressesOf, describeWithMongod, useReplicaSet } from '../support/mongod.js';
import { expectLegalSequences } from '../support/sequences.js';
import { afterAccepting, StallingPeer } from '../support/stalling.js';

describeWithMongod('a pool for every server', () => {
  const replicaSet = useReplicaSet();

  onBothLanes((lane) => {
    const addresses = (): string[] => addressesOf(replicaSet.current);

    it('the options hold for each of them', async () => {
      const client = openClient(replicaSet.current.uri, { lane, minPoolSize: 2, maxPoolSize: 4, localThresholdMS: 10_000 });
      const log = new EventLog(client);
      await client.connect();
      await log.until(() => log.of('connectionReady').length === 6);
      expect(log.of('connectionPoolCreated').map(({ options }) => options)).toEqual(
        addresses().map(() => ({ minPoolSize: 2, maxPoolSize: 4 })),
      );
      const commands = Array.from({ length: 300 }, () => client.db('test').command({ ping: 1 }, { readPreference: 'nearest' }));
      await Promise.all(commands);
      for (const pool of client.pools()) {
        expect(pool.totalConnectionCount).toBeGreaterThanOrEqual(2);
        expect(pool.totalConnectionCount).toBeLessThanOrEqual(4);
        expect(pool).toMatchObject({ checkOutsFailed: { poolClosed: 0, timeout: 0, connectionError: 0 }, inUseConnectionCount: 0 });
      }
      expect(client.pools().reduce((sum, { checkedOut }) => sum + checkedOut, 0)).toBe(300);
      await client.close();
      expectLegalSequences(log);
    });

    it('warm() establishes as many connections on each, also as the first use of a client with one seed', async () => {
      const [seed] = addresses();
      const client = openClient(`mongodb://${seed}/?replicaSet=rs0`, { lane, maxPoolSize: 10 });
      await client.warm({ min: 5 });
      const counts = client.pools().map(({ address, availableConnectionCount }) => [address, availableConnectionCount]);
      expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(addresses().map((address) => [address, 5])));
    });

    it('warm() leaves out a seed that is no member', async () => {
      const peer = await StallingPeer.start(afterAccepting);
      const dead = peer.address;
      await peer.close();
      const client = openClient(`mongodb://${dead},${addresses().join(',')}/?replicaSet=rs0`, { lane });
      await client.warm({ min: 2 });
      const warmed = client.pools().filter(({ availableConnectionCount }) => availableConnectionCount === 2);
      expect(warmed.map(({ address }) => address).toSorted()).toEqual(addresses());
    });

    it('each event is of the pool whose address it has, and each pool is created, ready and closed once', async () => {
      const client = openClient(replicaSet.current.uri, { lane, localThresholdMS: 10_000 });
      const log = new EventLog(client);
      const commands = new EventLog(client, ['commandStarted', 'commandSucceeded']);
      await client.connect();
      await log.until(() => log.of('connectionPoolReady').length === 3);
      const replies = await Promise.all(
        Array.from({ length: 60 }, () => client.db('admin').command({ hello: 1 }, { readPreference: 'nearest' })),
      );
      const [checkedOut, checkedIn] = [log.of('connectionCheckedOut'), log.of('connectionCheckedIn')];
      const [started, succeeded] = [commands.of('commandStarted'), commands.of('commandSucceeded')];
      await client.close();

      for (const name of ['connectionPoolCreated', 'connectionPoolReady', 'connectionPoolClosed'] as const) {
        expect(log.of(name).map(({ address }) => address).toSorted(), name).toEqual(addresses());
      }
      const served = (address: string): number => replies.filter(({ me }) => me === address).length;
      for (const address of addresses()) {
        const of = (events: { address: string }[]): number => events.filter((event) => event.address === address).length;
        expect(served(address)).toBeGreaterThan(0);
        expect(of(checkedOut)).toBe(served(address));
        expect(of(checkedIn)).toBe(served(address));
        expect(of(started)).toBe(served(address));
        expect(of(succeeded)).toBe(served(address));
      }
      for (const { address, reply } of succeeded) expect(reply).toMatchObject({ me: address });
      expectLegalSequences(log);
    });
  });
});
