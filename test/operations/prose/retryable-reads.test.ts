// The prose tests of "Retryable Reads", under their numbers. Routers are proxies in front of one server.

import { MongoServerError, type Document, type MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../../support/mongod.js';
import { useProxy } from '../../support/proxy.js';
import { Arrivals, failPoint, inTurn, median, startPrimary } from './setting.js';

const OVERLOADED = ['RetryableError', 'SystemOverloadedError'];

describeWithMongod('retryable reads, prose tests', () => {
  const replicaSet = useReplicaSet({ parameters: { enableTestCommands: 1 } });
  const primary = () => replicaSet.current.primary();
  const [router, otherRouter] = [useProxy(primary, { as: 'mongos' }), useProxy(primary, { as: 'mongos' })];

  onBothLanes((lane) => {
    /** The command events of one find, and the addresses that they are of. */
    const find = async (client: MongoClient): Promise<{ names: string[]; addresses: string[] }> => {
      await client.connect();
      const log = new EventLog(client, ['commandFailed', 'commandSucceeded']);
      await client.db('reads').collection('c').find().toArray().catch(() => {});
      return { names: log.names, addresses: log.events.map((event) => (event as { address: string }).address) };
    };

    it('1. reads are retried after a PoolClearedError', async () => {
      await failPoint(await primary(), { times: 1 }, { failCommands: ['find'], errorCode: 91, blockConnection: true, blockTimeMS: 1000 });
      const client = openClient(replicaSet.current.uri, { lane, maxPoolSize: 1, retryReads: true, heartbeatFrequencyMS: 100 });
      await client.connect();
      const log = new EventLog(client, ['connectionCheckedOut', 'connectionCheckOutFailed', 'connectionPoolCleared', 'commandStarted']);
      const collection = client.db('reads').collection('c');
      await Promise.all([collection.findOne(), collection.findOne()]);
      const pool = log.names.filter((name) => name !== 'commandStarted');
      expect(pool.slice(0, 3)).toEqual(['connectionCheckedOut', 'connectionPoolCleared', 'connectionCheckOutFailed']);
      expect(log.of('connectionCheckOutFailed')[0]?.reason).toBe('connectionError');
      expect(log.of('commandStarted').filter(({ commandName }) => commandName === 'find')).toHaveLength(3);
    });

    it('2.1 in a sharded cluster reads are retried on a different mongos when one is available', async () => {
      await failPoint(await primary(), { times: 2 }, { failCommands: ['find'], errorCode: 6 });
      const addresses = [router.current.address, otherRouter.current.address];
      const client = openClient(`mongodb://${addresses.join(',')}`, { lane, retryReads: true, localThresholdMS: 10_000 });
      await client.warm({ min: 1 });
      const found = await find(client);
      expect(found.names).toEqual(['commandFailed', 'commandFailed']);
      expect(found.addresses.toSorted()).toEqual(addresses.toSorted());
    });

    it('2.2 in a sharded cluster reads are retried on the same mongos when no others are available', async () => {
      await failPoint(await primary(), { times: 1 }, { failCommands: ['find'], errorCode: 6 });
      const { address } = router.current;
      const found = await find(openClient(`mongodb://${address}/?directConnection=false`, { lane, retryReads: true }));
      expect(found).toEqual({ names: ['commandFailed', 'commandSucceeded'], addresses: [address, address] });
    });

    it.each([
      ['3.1 overload errors, with enableOverloadRetargeting: on a different server', OVERLOADED, true, 2],
      ['3.2 other errors: on the same server', ['RetryableError'], false, 1],
      ['3.3 overload errors, without enableOverloadRetargeting: on the same server', OVERLOADED, false, 1],
    ])('in a replica set reads are retried, %s', async (_, errorLabels, enableOverloadRetargeting, servers) => {
      await failPoint(await primary(), { times: 1 }, { failCommands: ['find'], errorCode: 6, errorLabels });
      const client = openClient(replicaSet.current.uri, { lane, retryReads: true, readPreference: 'primaryPreferred', enableOverloadRetargeting });
      await client.warm({ min: 1 });
      const { names, addresses } = await find(client);
      expect(names).toEqual(['commandFailed', 'commandSucceeded']);
      expect(new Set(addresses).size).toBe(servers);
    });

    const failing = (code: number, errorLabels: string[]): Document => ({ ok: 0, code, errmsg: 'as scripted', errorLabels });

    // What fails an attempt has to be settled before the next comes, so a scripted server fails them.
    it('4. after an overload error all retryable errors are retried a maximum of MAX_RETRIES times', async () => {
      const peer = await startPrimary(inTurn('find', [failing(91, OVERLOADED), failing(91, ['RetryableError'])]));
      const client = openClient(`mongodb://${peer.address}/?replicaSet=scripted`, { lane, minHeartbeatFrequencyMS: 10 });
      await expect(client.db('reads').collection('c').findOne()).rejects.toThrow(MongoServerError);
      expect(peer.commands.filter((command) => 'find' in command)).toHaveLength(3);
    });

    // Random times: what is true of one is seen in many. After error 91 a retry would wait for the server's next check too.
    it('5. no backoff is applied to errors other than overload errors', async () => {
      const arrivals = new Arrivals();
      const peer = await startPrimary((command) => ('find' in command ? failing(6, arrivals.record(command['filter'].n) === 0 ? OVERLOADED : ['RetryableError']) : undefined));
      const client = openClient(`mongodb://${peer.address}/?replicaSet=scripted`, { lane });
      await client.warm({ min: 40 });
      await Promise.allSettled(Array.from({ length: 40 }, (_, n) => client.db('reads').collection('c').findOne({ n })));
      expect(median(arrivals.gaps(0))).toBeGreaterThan(20);
      expect(median(arrivals.gaps(1))).toBeLessThan(median(arrivals.gaps(0)) / 2);
    });
  });
});
