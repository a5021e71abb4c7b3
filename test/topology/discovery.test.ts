import net from 'node:net';
import { once } from 'node:events';

import { MongoServerSelectionError, type MongoClient } from 'ferropool';
import { expect, it, vi } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { addressesOf, addressOf, describeWithMongod, secondariesOf, useMongod, useReplicaSet } from '../support/mongod.js';
import { expectLegalSequences } from '../support/sequences.js';

describeWithMongod('a replica set is discovered', () => {
  const replicaSet = useReplicaSet();
  const standalone = useMongod();

  onBothLanes((lane) => {
    const open = (seeds: string, options = ''): MongoClient =>
      openClient(`mongodb://${seeds}/?${options}`, { lane, serverSelectionTimeoutMS: 10_000 });
    /** Once every member has a pool that is ready, and there is no other pool. */
    const discovered = (client: MongoClient): Promise<void> =>
      vi.waitFor(() => {
        const pools = client.pools().map(({ address, state }) => ({ address, state }));
        const all = addressesOf(replicaSet.current).map((address) => ({ address, state: 'ready' }));
        expect(pools.toSorted((one, other) => one.address.localeCompare(other.address))).toEqual(all);
      }, 10_000);

    it.each(['', 'replicaSet=rs0'])('from a secondary as the only seed, with the options "%s"', async (options) => {
      const [seed] = (await secondariesOf(replicaSet.current)).map(addressOf);
      const client = open(seed as string, options);
      await client.connect();
      await discovered(client);
      const { me } = await client.db('admin').command({ hello: 1 });
      expect(me).toBe(addressOf(await replicaSet.current.primary()));
    });

    it('from the primary as the only seed', async () => {
      const client = open(addressOf(await replicaSet.current.primary()));
      await client.connect();
      await discovered(client);
    });

    it('in spite of a seed that is dead and one that is of no set', async () => {
      const dead = await deadAddress();
      const seeds = [dead, addressOf(standalone.current), addressOf(await replicaSet.current.primary())];
      const client = open(seeds.join(','), 'replicaSet=rs0');
      const log = new EventLog(client);
      await client.connect();
      await discovered(client);
      const created = log.of('connectionPoolCreated').map(({ address }) => address);
      expect(created.toSorted()).toEqual([...addressesOf(replicaSet.current), ...seeds.slice(0, 2)].toSorted());
      await vi.waitFor(() => {
        const closed = log.of('connectionPoolClosed').map(({ address }) => address);
        expect(closed.toSorted()).toEqual(seeds.slice(0, 2).toSorted());
      });
      await client.close();
      expectLegalSequences(log);
    });

    it('whose members know themselves by other names than the seeds', async () => {
      const [member] = replicaSet.current.members;
      const client = open(`LocalHost:${member?.port}`);
      await client.db('admin').command({ ping: 1 });
      await discovered(client);
    });

    it('but not one of another name', async () => {
      const client = openClient(replicaSet.current.uri.replace('rs0', 'other'), { lane, serverSelectionTimeoutMS: 500 });
      const error = await client.connect().catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(MongoServerSelectionError);
      expect(error).toMatchObject({ details: { topology: 'ReplicaSetNoPrimary "other" []' } });
    });

    it('and a member that is asked for by the wrong name says so', async () => {
      const address = addressOf(await replicaSet.current.primary());
      const client = openClient(`mongodb://${address}/?directConnection=true&replicaSet=other`, { lane, serverSelectionTimeoutMS: 500 });
      const error = await client.connect().catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(MongoServerSelectionError);
      const { topology } = (error as MongoServerSelectionError).details as { topology: string };
      expect(topology).toMatch(new RegExp(`^Single "other" \\[${address}: Unknown.*, error: .*rs0`));
    });
  });
});

/** Where nobody listens. */
async function deadAddress(): Promise<string> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}
