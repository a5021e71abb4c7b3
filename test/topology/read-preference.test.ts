import type { MongoClient, ReadPreferenceMode } from 'ferropool';
import { describe, expect, it, vi } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { addressOf, addressesOf, describeWithMongod, secondariesOf, useReplicaSet, type Member } from '../support/mongod.js';

describeWithMongod('read preference', () => {
  const replicaSet = useReplicaSet();

  onBothLanes((lane) => {
    /** A client that knows all members, with a window that has them all. */
    const open = async (): Promise<MongoClient> => {
      const client = openClient(replicaSet.current.uri, { lane, localThresholdMS: 10_000 });
      await client.connect();
      await vi.waitFor(() => expect(client.pools().map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']));
      return client;
    };
    /** Where each of 60 commands went, by what the servers say: every one that can be drawn is drawn. */
    const reached = async (client: MongoClient, readPreference?: ReadPreferenceMode): Promise<string[]> => {
      const options = readPreference ? { readPreference } : {};
      const replies = await Promise.all(
        Array.from({ length: 60 }, () => client.db('admin').command({ hello: 1 }, options)),
      );
      return [...new Set(replies.map(({ me }) => me as string))].toSorted();
    };
    const secondaries = async (): Promise<string[]> => (await secondariesOf(replicaSet.current)).map(addressOf).toSorted();

    it('primary is the default, and goes to the primary, as does primaryPreferred', async () => {
      const client = await open();
      const primary = [addressOf(await replicaSet.current.primary())];
      expect(await reached(client)).toEqual(primary);
      expect(await reached(client, 'primary')).toEqual(primary);
      expect(await reached(client, 'primaryPreferred')).toEqual(primary);
    });

    it('secondary and secondaryPreferred go to the secondaries, each of them', async () => {
      const client = await open();
      expect(await reached(client, 'secondary')).toEqual(await secondaries());
      expect(await reached(client, 'secondaryPreferred')).toEqual(await secondaries());
    });

    it('nearest goes to all members in the window', async () => {
      const client = await open();
      expect(await reached(client, 'nearest')).toEqual(addressesOf(replicaSet.current));
    });

    it('of servers that are equally near, one that is slow gets few operations', async () => {
      const client = openClient(replicaSet.current.uri, { lane, appName: lane, localThresholdMS: 10_000, readPreference: 'secondary' });
      await client.connect();
      await vi.waitFor(() => expect(client.pools().map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']));
      const [slow] = (await secondariesOf(replicaSet.current)) as [Member];
      const data = { failCommands: ['ping'], blockConnection: true, blockTimeMS: 500, appName: lane };
      await slow.command('admin', { configureFailPoint: 'failCommand', mode: 'alwaysOn', data });
      const log = new EventLog(client, ['commandStarted']);
      let left = 200;
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          while (left-- > 0) await client.db('admin').command({ ping: 1 }, { readPreference: 'secondary' });
        }),
      );
      await slow.command('admin', { configureFailPoint: 'failCommand', mode: 'off' });
      const toSlow = log.of('commandStarted').filter(({ address }) => address === addressOf(slow)).length;
      expect(log.events).toHaveLength(200);
      expect(toSlow).toBeGreaterThan(0);
      expect(toSlow).toBeLessThan(50);
    });

    describe('of a check-out', () => {
      it.each<[ReadPreferenceMode, (primary: string, secondaries: string[]) => string[]]>([
        ['primary', (primary) => [primary]],
        ['secondary', (_, secondaries) => secondaries],
        ['nearest', (primary, secondaries) => [primary, ...secondaries]],
      ])('%s', async (readPreference, allowed) => {
        const client = await open();
        const addresses = allowed(addressOf(await replicaSet.current.primary()), await secondaries());
        for (let count = 0; count < 10; count += 1) {
          const connection = await client.checkOut({ readPreference });
          expect(addresses).toContain(connection.address);
          const { me } = await connection.command('admin', { hello: 1 });
          expect(me).toBe(connection.address);
          connection.checkIn();
        }
      });

      it('tryCheckOut takes what is available of a server that may answer, and nothing else', async () => {
        const client = await open();
        const primary = addressOf(await replicaSet.current.primary());
        const first = await client.checkOut();
        expect(first.address).toBe(primary);
        first.checkIn();
        // Only the primary's pool has a connection.
        expect(client.tryCheckOut({ readPreference: 'secondary' })).toBeUndefined();
        const taken = client.tryCheckOut();
        expect(taken).toMatchObject({ address: primary, id: first.id });
        expect(client.tryCheckOut({ readPreference: 'primaryPreferred' })).toBeUndefined();
        taken?.checkIn();
        await client.warm({ min: 1 });
        const secondary = client.tryCheckOut({ readPreference: 'secondary' });
        expect(await secondaries()).toContain(secondary?.address);
        expect(await secondary?.command('admin', { hello: 1 })).toMatchObject({ me: secondary?.address });
        secondary?.checkIn();
      });
    });
  });
});
