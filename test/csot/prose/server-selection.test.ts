// Prose test 8 of "Client Side Operations Timeout". What has to pass first is a tenth of a second, what must not is beyond the
// test's own patience, instead of differences of milliseconds.

import { MongoOperationTimeoutError, MongoServerSelectionError, type MongoClientOptions } from 'ferropool';
import { describe, expect, it } from 'vitest';

import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useMongod } from '../../support/mongod.js';
import { block } from '../fail-point.js';

const SOON = 100;
const NEVER = 60_000;

describe('8. server selection', () => {
  onBothLanes((lane) => {
    const ping = (options: MongoClientOptions): Promise<unknown> =>
      // Nothing listens there.
      openClient('mongodb://127.0.0.1:1', { lane, ...options }).db('admin').command({ ping: 1 });

    it.each<[string, MongoClientOptions]>([
      ['serverSelectionTimeoutMS is honoured if timeoutMS is not set', { serverSelectionTimeoutMS: SOON }],
      ['serverSelectionTimeoutMS is honoured if it is lower than timeoutMS', { serverSelectionTimeoutMS: SOON, timeoutMS: NEVER }],
      ['serverSelectionTimeoutMS is honoured if timeoutMS is 0', { serverSelectionTimeoutMS: SOON, timeoutMS: 0 }],
    ])('%s', async (_, options) => {
      await expect(ping(options)).rejects.toBeInstanceOf(MongoServerSelectionError);
    });

    it('timeoutMS is honoured if it is lower than serverSelectionTimeoutMS', async () => {
      await expect(ping({ timeoutMS: SOON, serverSelectionTimeoutMS: NEVER })).rejects.toMatchObject({
        name: 'MongoOperationTimeoutError',
        cause: { name: 'MongoServerSelectionError' },
      });
    });
  });
});

describeWithMongod('8. server selection, with authentication', () => {
  const mongod = useMongod({ auth: true });

  onBothLanes((lane) => {
    it.each<[string, MongoClientOptions]>([
      ['timeoutMS is honoured for handshake commands if it is lower than serverSelectionTimeoutMS', { timeoutMS: 500, serverSelectionTimeoutMS: NEVER }],
      ['serverSelectionTimeoutMS is honoured for handshake commands if it is lower than timeoutMS', { timeoutMS: NEVER, serverSelectionTimeoutMS: 500 }],
    ])('%s', async (_, options) => {
      await block(mongod.current, { times: 1 }, ['saslContinue'], 3_000);
      const client = openClient(mongod.current.uri, { lane, ...options });
      const began = performance.now();
      await expect(client.db('db').collection('coll').insertOne({ x: 1 })).rejects.toBeInstanceOf(MongoOperationTimeoutError);
      expect(performance.now() - began).toBeLessThan(2_500);
    });
  });
});
