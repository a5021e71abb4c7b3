// Behind a load balancer a change stream has a connection of its own, which is free once it is closed.

import { expect, it } from 'vitest';

import { failure } from '../crud/collection.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../support/mongod.js';
import { useProxy } from '../support/proxy.js';
import { namesOf } from './set.js';

describeWithMongod('behind a load balancer, a change stream', () => {
  const replicaSet = useReplicaSet({ nodes: 1 });
  const proxy = useProxy(() => replicaSet.current.primary(), { as: 'load-balancer', services: 1 });

  onBothLanes((lane) => {
    it('that is closed while a change is waited for is killed when its server has answered', async () => {
      const client = openClient(proxy.current.uri, { lane });
      const collection = client.db('watched').collection(`balanced_${lane.replace('-', '_')}`);
      await collection.insertOne({});
      const sent: object[] = [];
      client.on('commandStarted', ({ command, commandName }) => commandName !== 'ping' && sent.push(command));
      const stream = await collection.watch([], { maxAwaitTimeMS: 300 }).open();
      const waiting = failure(stream.next());
      const inUse = (): number => client.pools().reduce((sum, { inUseConnectionCount }) => sum + inUseConnectionCount, 0);
      expect(inUse()).toBe(1);
      await stream.close();
      await expect(waiting).resolves.toMatchObject({ message: 'ChangeStream is closed' });
      expect(namesOf(sent)).toEqual(['aggregate', 'getMore', 'killCursors']);
      expect(inUse()).toBe(0);
    });

    it('goes on where its connection breaks', async () => {
      const client = openClient(proxy.current.uri, { lane });
      const collection = client.db('watched').collection(`balanced_${lane.replace('-', '_')}`);
      const stream = await collection.watch([], { maxAwaitTimeMS: 300 }).open();
      await collection.insertOne({ _id: `${lane}` as never });
      const primary = await replicaSet.current.primary();
      await primary.command('admin', { configureFailPoint: 'failCommand', mode: { times: 1 }, data: { failCommands: ['getMore'], closeConnection: true } });
      await expect(stream.next()).resolves.toMatchObject({ documentKey: { _id: lane } });
      await stream.close();
    });
  });
});
