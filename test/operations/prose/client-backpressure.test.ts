// The prose tests of "Client Backpressure", under their numbers. The random part of a backoff cannot be chosen from outside,
// so what the specification asserts of one time is asserted of many.

import { MongoServerError, type Document, type MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useMongod } from '../../support/mongod.js';
import { failPoint, median, sentBy, startPrimary } from './setting.js';

const errorLabels = ['SystemOverloadedError', 'RetryableError'];

/** How long inserts took that are under way together, all of which fail. */
async function durations(client: MongoClient, count: number): Promise<number[]> {
  await client.warm({ min: count });
  const collection = client.db('backpressure').collection('c');
  const one = async (): Promise<number> => {
    const start = performance.now();
    await expect(collection.insertOne({ a: 1 })).rejects.toThrow(MongoServerError);
    return performance.now() - start;
  };
  return Promise.all(Array.from({ length: count }, one));
}

describeWithMongod('client backpressure, prose tests', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    it('1. retries use exponential backoff', async () => {
      await failPoint(mongod.current, 'alwaysOn', { failCommands: ['insert'], errorCode: 2, errorLabels });
      const without = await durations(openClient(mongod.current.uri, { lane, maxAdaptiveRetries: 0 }), 40);
      const withBackoff = await durations(openClient(mongod.current.uri, { lane }), 40);
      // Two random parts of 0.2 and 0.4 seconds.
      expect(median(withBackoff) - median(without)).toBeGreaterThan(150);
      expect(median(withBackoff) - median(without)).toBeLessThan(600);
    });

    it.each([
      ['3. overload errors are retried a maximum of MAX_RETRIES times', {}, 3],
      ['4. overload errors are retried a maximum of maxAdaptiveRetries times when configured', { maxAdaptiveRetries: 1 }, 2],
    ])('%s', async (_, options, attempts) => {
      await failPoint(mongod.current, 'alwaysOn', { failCommands: ['find'], errorCode: 462, errorLabels });
      const client = openClient(mongod.current.uri, { lane, ...options });
      const sent = sentBy(client, 'find');
      const error = (await client.db('backpressure').collection('c').findOne().catch((error: unknown) => error)) as MongoServerError;
      expect(error.errorLabels).toEqual(expect.arrayContaining(errorLabels));
      expect(sent).toHaveLength(attempts);
    });

    // MongoDB 9.0 says how long the first backoff is; a scripted server says it in its stead.
    it('5. baseBackoffMS overrides the base of the backoff', async () => {
      const overloaded = { ok: 0, code: 462, errmsg: 'as scripted', errorLabels };
      const against = async (reply: Document): Promise<number> => {
        const peer = await startPrimary((command) => ('insert' in command ? reply : undefined));
        return median(await durations(openClient(`mongodb://${peer.address}/?replicaSet=scripted`, { lane }), 100));
      };
      const [usual, shorter] = [await against(overloaded), await against({ ...overloaded, baseBackoffMS: 50 })];
      expect(shorter).toBeLessThan(usual * 0.75);
    });
  });
});
