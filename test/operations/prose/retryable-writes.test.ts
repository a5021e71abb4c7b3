// The prose tests of "Retryable Writes", under their numbers. Routers are proxies in front of one server; where a retry has
// to meet something else than the attempt before it, a scripted server answers.

import { MongoServerError, type Document, type MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../../support/mongod.js';
import { useProxy } from '../../support/proxy.js';
import { Arrivals, failPoint, inTurn, median, startPrimary } from './setting.js';

const OVERLOADED = ['RetryableError', 'SystemOverloadedError'];
const NOT_PERFORMED = [...OVERLOADED, 'NoWritesPerformed'];

describeWithMongod('retryable writes, prose tests', () => {
  const replicaSet = useReplicaSet({ nodes: 1, parameters: { enableTestCommands: 1 } });
  const primary = () => replicaSet.current.primary();
  const [router, otherRouter] = [useProxy(primary, { as: 'mongos' }), useProxy(primary, { as: 'mongos' })];

  onBothLanes((lane) => {
    const insert = (client: MongoClient): Promise<unknown> => client.db('writes').collection('c').insertOne({});
    const failing = (code: number, errorLabels: string[] = [], errmsg = 'as scripted'): Document => ({ ok: 0, code, errmsg, errorLabels });

    /** The error of an insert whose attempts get these replies, and how many there were. */
    const scripted = async (replies: Document[]): Promise<{ error: MongoServerError; attempts: number }> => {
      const peer = await startPrimary(inTurn('insert', replies));
      const client = openClient(`mongodb://${peer.address}/?replicaSet=scripted`, { lane, retryWrites: true, minHeartbeatFrequencyMS: 10 });
      const error = (await insert(client).catch((error: unknown) => error)) as MongoServerError;
      expect(error).toBeInstanceOf(MongoServerError);
      return { error, attempts: peer.commands.filter((command) => 'insert' in command).length };
    };

    it('1. a server without retryable writes says how to do without them', async () => {
      const { error } = await scripted([failing(20, [], 'Transaction numbers are only allowed on a replica set member or mongos')]);
      expect(error.message).toBe('This MongoDB deployment does not support retryable writes. Please add retryWrites=false to your connection string.');
      expect(error.code).toBe(20);
    });

    it('2. writes are retried after a PoolClearedError', async () => {
      const data = { failCommands: ['insert'], errorCode: 91, blockConnection: true, blockTimeMS: 1000, errorLabels: ['RetryableWriteError'] };
      await failPoint(await primary(), { times: 1 }, data);
      const client = openClient(replicaSet.current.uri, { lane, maxPoolSize: 1, retryWrites: true, heartbeatFrequencyMS: 100 });
      await client.connect();
      const log = new EventLog(client, ['connectionCheckedOut', 'connectionCheckOutFailed', 'connectionPoolCleared', 'commandStarted']);
      await Promise.all([insert(client), insert(client)]);
      const pool = log.names.filter((name) => name !== 'commandStarted');
      expect(pool.slice(0, 3)).toEqual(['connectionCheckedOut', 'connectionPoolCleared', 'connectionCheckOutFailed']);
      expect(log.of('connectionCheckOutFailed')[0]?.reason).toBe('connectionError');
      expect(log.of('commandStarted').filter(({ commandName }) => commandName === 'insert')).toHaveLength(3);
    });

    it('3. the original error is returned after a WriteConcernError with a RetryableWriteError label', async () => {
      const unsatisfied = { ok: 1, n: 1, writeConcernError: { code: 91, errmsg: 'as scripted' }, errorLabels: ['RetryableWriteError'] };
      const { error, attempts } = await scripted([unsatisfied, failing(10107, ['RetryableWriteError', 'NoWritesPerformed'])]);
      expect({ code: error.code, attempts }).toEqual({ code: 91, attempts: 2 });
    });

    it('4. in a sharded cluster writes are retried on a different mongos when one is available', async () => {
      await failPoint(await primary(), { times: 2 }, { failCommands: ['insert'], errorCode: 6, errorLabels: ['RetryableWriteError'] });
      const addresses = [router.current.address, otherRouter.current.address];
      const client = openClient(`mongodb://${addresses.join(',')}`, { lane, retryWrites: true, localThresholdMS: 10_000 });
      await client.warm({ min: 1 });
      const log = new EventLog(client, ['commandFailed']);
      await expect(insert(client)).rejects.toMatchObject({ code: 6 });
      expect(log.of('commandFailed').map(({ address }) => address).toSorted()).toEqual(addresses.toSorted());
    });

    it('5. in a sharded cluster writes are retried on the same mongos when no others are available', async () => {
      const data = { failCommands: ['insert'], errorCode: 6, errorLabels: ['RetryableWriteError'], closeConnection: true };
      await failPoint(await primary(), { times: 1 }, data);
      const { address } = router.current;
      const client = openClient(`mongodb://${address}/?directConnection=false`, { lane, retryWrites: true });
      const log = new EventLog(client, ['commandFailed', 'commandSucceeded']);
      await insert(client);
      expect(log.events.map((event) => [event.name, (event as { address: string }).address])).toEqual([
        ['commandFailed', address],
        ['commandSucceeded', address],
      ]);
    });

    it('6.1 the last of errors without NoWritesPerformed is returned', async () => {
      const { error } = await scripted([failing(91, OVERLOADED), failing(10107, OVERLOADED)]);
      expect(error.code).toBe(10107);
    });

    it('6.2 the first of errors with NoWritesPerformed is returned', async () => {
      const { error } = await scripted([failing(91, NOT_PERFORMED), failing(10107, NOT_PERFORMED)]);
      expect(error.code).toBe(91);
    });

    it('6.3 the last error without NoWritesPerformed is returned', async () => {
      const { error } = await scripted([failing(91, OVERLOADED), failing(91, NOT_PERFORMED)]);
      expect(error.code).toBe(91);
      expect(error.errorLabels).not.toContain('NoWritesPerformed');
    });

    it('6.4 after an overload error all retryable errors are retried a maximum of MAX_RETRIES times', async () => {
      const { attempts } = await scripted([failing(91, OVERLOADED), failing(91, ['RetryableError', 'RetryableWriteError'])]);
      expect(attempts).toBe(3);
    });

    // Random times: what is true of one is seen in many. After error 91 a retry would wait for the server's next check too.
    it('6.5 no backoff is applied to errors other than overload errors', async () => {
      const arrivals = new Arrivals();
      const labels = (attempt: number): string[] => (attempt === 0 ? OVERLOADED : ['RetryableError', 'RetryableWriteError']);
      const peer = await startPrimary((command) => ('insert' in command ? failing(6, labels(arrivals.record(command['comment']))) : undefined));
      const client = openClient(`mongodb://${peer.address}/?replicaSet=scripted`, { lane, retryWrites: true });
      await client.warm({ min: 40 });
      await Promise.allSettled(Array.from({ length: 40 }, (_, comment) => client.db('writes').collection('c').insertOne({}, { comment })));
      expect(median(arrivals.gaps(0))).toBeGreaterThan(20);
      expect(median(arrivals.gaps(1))).toBeLessThan(median(arrivals.gaps(0)) / 2);
    });
  });
});
