// Two stubs that say they are mongos, and a third server that is none.

import type { MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { expectLegalSequences } from '../support/sequences.js';
import { useStub } from '../support/stub.js';

const routers = [useStub(), useStub()];
const standalone = useStub();

onBothLanes((lane) => {
  const open = async (others: string[] = []): Promise<{ client: MongoClient; log: EventLog }> => {
    for (const { current } of routers) await current.control({ helloOverrides: { msg: 'isdbgrid' } });
    const seeds = [...routers.map(({ current }) => current.address), ...others];
    const client = openClient(`mongodb://${seeds.join(',')}`, { lane, localThresholdMS: 10_000, heartbeatFrequencyMS: 50, minHeartbeatFrequencyMS: 20 });
    const log = new EventLog(client);
    await client.connect();
    await log.nth('connectionPoolReady', routers.length);
    return { client, log };
  };

  it.each(['primary', 'secondary'] as const)('operations with %s are spread over the routers', async (readPreference) => {
    const { client, log } = await open();
    await Promise.all(Array.from({ length: 60 }, () => client.db('test').command({ ping: 1 }, { readPreference })));
    const reached = new Set(log.of('connectionCheckedOut').map(({ address }) => address));
    expect(reached).toEqual(new Set(routers.map(({ current }) => current.address)));
    await client.close();
    expectLegalSequences(log);
  });

  it('a server that is no router has left, with its pool', async () => {
    const { client, log } = await open([standalone.current.address]);
    expect(await log.nth('connectionPoolClosed')).toMatchObject({ address: standalone.current.address });
    const addresses = routers.map(({ current }) => current.address);
    expect(client.pools().map(({ address }) => address).toSorted()).toEqual(addresses.toSorted());
  });

  it('a router that is gone is not asked, and the other one goes on', async () => {
    const { client, log } = await open();
    const [gone, left] = routers.map(({ current }) => current);
    await client.warm({ min: 1 });
    await gone?.control({ refuse: true, closeAll: true });
    expect(await log.nth('connectionPoolCleared')).toMatchObject({ address: gone?.address });
    log.clear();
    const replies = await Promise.all(Array.from({ length: 40 }, () => client.db('test').command({ ping: 1 })));
    expect(replies).toHaveLength(40);
    expect(new Set(log.of('connectionCheckedOut').map(({ address }) => address))).toEqual(new Set([left?.address]));
  });
});
