// A replica set's primary behind proxies: as two routers, and as services behind a load balancer.

import { Long, UUID, type Document } from 'bson';
import { MongoNetworkError } from 'ferropool';
import { expect, it } from 'vitest';

import { command } from '../../scripts/mongod/wire.mjs';
import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../support/mongod.js';
import { useProxy } from '../support/proxy.js';
import { expectLegalSequences } from '../support/sequences.js';

describeWithMongod('a primary behind proxies', () => {
  const set = useReplicaSet({ nodes: 1, parameters: { enableTestCommands: 1 } });
  const primary = () => set.current.primary();
  const [router, otherRouter] = [useProxy(primary, { as: 'mongos' }), useProxy(primary, { as: 'mongos' })];
  const balancer = useProxy(primary, { as: 'load-balancer', services: 2 });

  it('a transaction through a router has recovery tokens, which the server takes', async () => {
    await (await primary()).command('test', { create: 'transaction' });
    const lsid = { id: new UUID() };
    const through = (body: Document): Promise<Document> =>
      command({ host: '127.0.0.1', port: router.current.port }, 'test', { ...body, lsid, txnNumber: Long.ONE, autocommit: false });
    const { recoveryToken } = await through({ insert: 'transaction', documents: [{ _id: 1 }], startTransaction: true });
    expect(recoveryToken).toEqual({ recoveryShardId: expect.stringMatching(/^shard-/) });
    const admin = { host: '127.0.0.1', port: otherRouter.current.port };
    // Any router recovers it.
    await command(admin, 'admin', { commitTransaction: 1, lsid, txnNumber: Long.ONE, autocommit: false, recoveryToken });
    await expect(command(admin, 'test', { count: 'transaction' })).resolves.toMatchObject({ n: 1 });
  });

  onBothLanes((lane) => {
    it('two routers are a sharded cluster, and both are used', async () => {
      const addresses = [router, otherRouter].map(({ current }) => current.address);
      const client = openClient(`mongodb://${addresses.join(',')}`, { lane, localThresholdMS: 10_000 });
      const log = new EventLog(client, ['connectionPoolReady', 'connectionCheckedOut', 'topologyDescriptionChanged']);
      await client.connect();
      await log.nth('connectionPoolReady', 2);
      expect(log.of('topologyDescriptionChanged').at(-1)?.newDescription).toMatchObject({ type: 'Sharded', setName: null });
      const collection = `routed-${lane}`;
      const insert = (number: number): Promise<unknown> => client.db('test').command({ insert: collection, documents: [{ number }] });
      await Promise.all(Array.from({ length: 40 }, (_, number) => insert(number)));
      await expect(client.db('test').command({ count: collection })).resolves.toMatchObject({ n: 40 });
      expect(new Set(log.of('connectionCheckedOut').map(({ address }) => address))).toEqual(new Set(addresses));
    });

    it('a router says nothing of the set', async () => {
      const client = openClient(router.current.uri, { lane });
      const hello = await client.db('admin').command({ hello: 1 });
      expect(hello).toMatchObject({ msg: 'isdbgrid', isWritablePrimary: true });
      for (const field of ['setName', 'hosts', 'me', 'primary', 'electionId', 'setVersion', 'lastWrite']) expect(hello).not.toHaveProperty(field);
    });

    it('a load balancer has connections of its services', async () => {
      const client = openClient(balancer.current.uri, { lane, maxPoolSize: 4, maxConnecting: 4 });
      const log = new EventLog(client);
      await client.connect();
      await client.warm({ min: 4 });
      const replies = await Promise.all(Array.from({ length: 20 }, () => client.db('test').command({ count: 'c' })));
      expect(replies).toHaveLength(20);
      await client.close();
      expectLegalSequences(log);
    });

    it('a fail point of the server fails what goes through', async () => {
      const appName = `proxied-${lane}`;
      const client = openClient(balancer.current.uri, { lane, appName });
      const log = new EventLog(client);
      const member = await primary();
      await member.command('admin', { configureFailPoint: 'failCommand', mode: { times: 1 }, data: { failCommands: ['ping'], closeConnection: true, appName } });
      await expect(client.db('admin').command({ ping: 1 })).rejects.toThrow(MongoNetworkError);
      await expect(client.db('admin').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
      expect(String((await log.nth('connectionPoolCleared')).serviceId)).toMatch(/^(01|02){12}$/);
    });
  });
});
