import { afterAll, beforeAll, expect, it } from 'vitest';

import { startReplicaSet } from '../../scripts/mongod.mjs';
import { EventLog, topologyEventNames } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod } from '../support/mongod.js';

type ReplicaSet = Awaited<ReturnType<typeof startReplicaSet>>;

const names = [...topologyEventNames, 'connectionPoolCreated', 'connectionPoolReady', 'connectionPoolClosed'] as const;

describeWithMongod('a replica set', () => {
  let set: ReplicaSet;
  beforeAll(async () => {
    set = await startReplicaSet();
    await set.ready();
  }, 60_000);
  afterAll(() => set?.stop());

  const addresses = (): string[] => set.members.map(({ host, port }: { host: string; port: number }) => `${host}:${port}`);

  onBothLanes((lane) => {
    it('is found from one seed, and what is none of its members leaves', async () => {
      const [seed] = addresses();
      // Port 1 refuses, and is no member.
      const stranger = `${set.members[0]?.host}:1`;
      const client = openClient(`mongodb://${stranger},${seed}/?replicaSet=${set.name}`, { lane });
      const log = new EventLog(client, names);
      const isWhole = () => {
        const servers = log.of('topologyDescriptionChanged').at(-1)?.newDescription.servers ?? new Map();
        return servers.size === 3 && [...servers.values()].every(({ type }) => type === 'RSPrimary' || type === 'RSSecondary');
      };
      await client.connect();
      await log.until(isWhole);
      const known = log.of('topologyDescriptionChanged').at(-1)?.newDescription;
      expect(known).toMatchObject({ type: 'ReplicaSetWithPrimary', setName: set.name });
      expect([...(known?.servers.keys() ?? [])].toSorted()).toEqual(addresses().toSorted());

      const at = (name: string, address: string) =>
        log.events.findIndex((event) => event.name === name && 'address' in event && event.address === address);
      for (const found of addresses().slice(1)) {
        expect(at('serverOpening', found)).toBeGreaterThan(-1);
        expect(at('connectionPoolCreated', found)).toBeGreaterThan(at('serverOpening', found));
        expect(at('connectionPoolReady', found)).toBeGreaterThan(at('serverDescriptionChanged', found));
      }
      expect(at('connectionPoolClosed', stranger)).toBeGreaterThan(-1);
      expect(at('serverClosed', stranger)).toBeGreaterThan(at('connectionPoolClosed', stranger));
    });

    it('is watched over two connections for each member', async () => {
      const appName = `watched-${lane}`;
      const client = openClient(set.uri, { lane, appName, heartbeatFrequencyMS: 500 });
      const log = new EventLog(client, topologyEventNames);
      await client.connect();
      // Each member has been waited for twice: both of its connections have been there for a while.
      const awaited = (address: string) =>
        log.of('serverHeartbeatSucceeded').filter((event) => event.awaited && event.connectionId === address).length;
      await log.until(() => addresses().every((address) => awaited(address) >= 2));
      for (const member of set.members) {
        const { cursor } = await member.command('admin', {
          aggregate: 1,
          pipeline: [{ $currentOp: { allUsers: true, idleConnections: true } }, { $match: { appName } }],
          cursor: {},
          $readPreference: { mode: 'secondaryPreferred' },
        });
        expect(cursor.firstBatch.length).toBe(2);
      }
    });

    it('tells of an election at once', async () => {
      const client = openClient(set.uri, { lane, heartbeatFrequencyMS: 60_000 });
      const log = new EventLog(client, topologyEventNames);
      const primary = () => {
        const servers = log.of('topologyDescriptionChanged').at(-1)?.newDescription.servers ?? new Map();
        return [...servers.values()].find(({ type }) => type === 'RSPrimary')?.address as string | undefined;
      };
      await client.connect();
      const before = primary();
      expect(before).toBeDefined();
      const stepping = await set.primary();
      await stepping?.command('admin', { replSetStepDown: 5, force: true });
      await log.until(() => primary() === undefined);
      await log.until(() => primary() !== undefined);
      expect(log.of('serverHeartbeatFailed')).toEqual([]);
      await set.ready();
    }, 30_000);
  });
});
