// The prose tests of "Convenient API for Transactions".

import { MongoOperationTimeoutError, MongoServerError, type Collection, type MongoClient } from 'ferropool';
import { expect, it, onTestFinished, vi } from 'vitest';

import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../../support/mongod.js';
import { failPoint, sentBy } from './setting.js';

describeWithMongod('convenient API for transactions, prose tests', () => {
  const replicaSet = useReplicaSet({ nodes: 1, parameters: { enableTestCommands: 1 } });

  /** A clock that `pass` sets forward. */
  const useClock = (): { pass: (ms: number) => void } => {
    let passed = 0;
    const now = performance.now.bind(performance);
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() + passed);
    onTestFinished(() => spy.mockRestore());
    return { pass: (ms) => void (passed += ms) };
  };

  onBothLanes((lane) => {
    const open = async (): Promise<{ client: MongoClient; collection: Collection }> => {
      const client = openClient(replicaSet.current.uri, { lane });
      const collection = client.db('convenient').collection(`c-${lane}`);
      await collection.insertOne({});
      return { client, collection };
    };

    it('an error of the callback that has no label is propagated', async () => {
      const { client } = await open();
      const callback = vi.fn(() => Promise.reject(new RangeError('of its own')));
      await expect(client.withSession((session) => session.withTransaction(callback))).rejects.toThrow(new RangeError('of its own'));
      expect(callback).toHaveBeenCalledOnce();
    });

    it("the callback's value is propagated", async () => {
      const { client } = await open();
      await expect(client.withSession((session) => session.withTransaction(() => Promise.resolve({ an: 'object' })))).resolves.toEqual({ an: 'object' });
    });

    it.each([
      ['the callback fails with TransientTransactionError', undefined, ['TransientTransactionError']],
      ['the commit fails with UnknownTransactionCommitResult', { errorCode: 8000, errorLabels: ['UnknownTransactionCommitResult'] }, ['UnknownTransactionCommitResult']],
      ['the commit fails with TransientTransactionError', { errorCode: 251 }, ['TransientTransactionError']],
    ])('the retry timeout is enforced if %s', async (_, commit, labels) => {
      if (commit) await failPoint(await replicaSet.current.primary(), 'alwaysOn', { failCommands: ['commitTransaction'], ...commit });
      const clock = useClock();
      for (const timeoutMS of [undefined, 5000]) {
        const { client, collection } = await open();
        const sent = sentBy(client, 'commitTransaction');
        const callback = vi.fn(async (session) => {
          await collection.insertOne({}, { session });
          // A time-out of the operation's own ends the commit before it is sent.
          clock.pass(timeoutMS && commit ? 0 : 120_000);
          if (!commit) throw new MongoServerError({ errmsg: 'again', errorLabels: labels });
        });
        if (timeoutMS && commit) client.on('commandFailed', () => clock.pass(timeoutMS));
        const error = (await client.withSession((session) => session.withTransaction(callback, timeoutMS === undefined ? {} : { timeoutMS })).catch((error: unknown) => error)) as MongoServerError;
        expect(callback).toHaveBeenCalledOnce();
        expect(sent).toHaveLength(commit ? 1 : 0);
        expect(error).toBeInstanceOf(timeoutMS ? MongoOperationTimeoutError : MongoServerError);
        expect(error.errorLabels).toEqual(labels);
        if (timeoutMS) expect(error.cause).toBeInstanceOf(MongoServerError);
      }
    });

    it('the retry backoff is enforced', async () => {
      const { client, collection } = await open();
      const duration = async (random: number): Promise<number> => {
        await failPoint(await replicaSet.current.primary(), { times: 13 }, { failCommands: ['commitTransaction'], errorCode: 251 });
        const spy = vi.spyOn(Math, 'random').mockReturnValue(random);
        const start = performance.now();
        await client.withSession((session) => session.withTransaction(() => collection.insertOne({}, { session })));
        spy.mockRestore();
        return performance.now() - start;
      };
      const without = await duration(0);
      const withBackoff = await duration(0.999_999);
      // What 13 backoffs are together.
      expect(Math.abs(withBackoff - (without + 2300))).toBeLessThan(500);
    });
  });
});
