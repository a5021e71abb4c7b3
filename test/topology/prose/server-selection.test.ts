// The prose tests of "Server Selection", by their headings. Round-trip times and the choice between servers are tested with the
// specification's files, in crates/topology.

import { MongoClient, MongoInvalidArgumentError, type ReadPreferenceMode } from 'ferropool';
import { describe, expect, it, onTestFinished } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useMongod, type Mongod } from '../../support/mongod.js';
import { useProxy } from '../../support/proxy.js';

it('read preference document validation: primary with tags', () => {
  const open = (): MongoClient => new MongoClient('mongodb://host', { readPreference: { mode: 'primary', tags: [{ dc: 'ny' }] } });
  expect(open).toThrow(MongoInvalidArgumentError);
});

describeWithMongod('two routers', () => {
  // Each is of a server of its own, so that a fail point is of one alone.
  const servers = [useMongod(), useMongod()] as const;
  const [slow, fast] = servers.map((server) => useProxy(() => server.current, { as: 'mongos' })) as [ReturnType<typeof useProxy>, ReturnType<typeof useProxy>];
  const uri = (): string => `mongodb://${slow.current.address},${fast.current.address}`;

  onBothLanes((lane) => {
    describe('passing read preference to mongos', () => {
      // OP_MSG has no flag SecondaryOk, and secondaryPreferred is passed like the others.
      it.each<[ReadPreferenceMode, { mode: ReadPreferenceMode } | undefined]>([
        ['primary', undefined],
        ['primaryPreferred', { mode: 'primaryPreferred' }],
        ['secondary', { mode: 'secondary' }],
        ['secondaryPreferred', { mode: 'secondaryPreferred' }],
        ['nearest', { mode: 'nearest' }],
      ])('%s', async (readPreference, passed) => {
        const client = openClient(uri(), { lane });
        const log = new EventLog(client, ['commandStarted']);
        await expect(client.db('test').command({ find: 'c' }, { readPreference })).resolves.toMatchObject({ ok: 1 });
        expect((await log.nth('commandStarted')).command['$readPreference']).toEqual(passed);
      });
    });

    it('operationCount-based selection within the latency window', async () => {
      const appName = `loadBalancingTest-${lane}`;
      const blockFinds = (server: Mongod, mode: object | 'off', blockTimeMS: number): Promise<unknown> =>
        server.command('admin', { configureFailPoint: 'failCommand', mode, data: { failCommands: ['find'], blockConnection: true, blockTimeMS, appName } });
      await blockFinds(servers[0].current, { times: 10_000 }, 500);
      onTestFinished(async () => {
        for (const { current } of servers) await blockFinds(current, 'off', 0);
      });
      const client = openClient(uri(), { lane, appName, localThresholdMS: 30_000, minPoolSize: 10, maxPoolSize: 10 });
      const log = new EventLog(client, ['connectionReady', 'commandStarted']);
      await client.connect();
      await log.nth('connectionReady', 20);

      /** Which part of so many finds, by ten tasks at a time, went to the first router. */
      const share = async (each: number): Promise<number> => {
        log.clear();
        await Promise.all(
          Array.from({ length: 10 }, async () => {
            for (let count = 0; count < each; count += 1) await client.db('test').command({ find: 'c', limit: 1, singleBatch: true });
          }),
        );
        expect(log.of('commandStarted')).toHaveLength(10 * each);
        return log.of('commandStarted').filter(({ address }) => address === slow.current.address).length / (10 * each);
      };
      expect(await share(10)).toBeLessThan(0.25);
      // Both take as long, of which a busy machine's whims are a small part.
      for (const { current } of servers) await blockFinds(current, { times: 10_000 }, 30);
      const even = await share(100);
      expect(even).toBeGreaterThan(0.4);
      expect(even).toBeLessThan(0.6);
    });
  });
});

it('random selection within the latency window', ({ skip }) => skip('is for single-threaded drivers; this one counts operations'));

it('application-provided server selector', ({ skip }) => skip('there is no such option: drivers may have one'));
