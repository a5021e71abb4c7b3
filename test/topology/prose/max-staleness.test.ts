// The prose tests of "Max Staleness", by their headings.

import { MongoClient, MongoInvalidArgumentError, ReadPreference } from 'ferropool';
import { describe, expect, it } from 'vitest';

import { startPrimary } from '../../operations/prose/setting.js';
import { EventLog } from '../../support/events.js';
import { openClient } from '../../support/lanes.js';
import { helloReply } from '../../support/messages.js';
import { describeWithMongod, useMongod, useReplicaSet } from '../../support/mongod.js';
import { isHello, ScriptedPeer } from '../../support/peer.js';
import { reconfigure } from '../../support/reconfiguration.js';

describe('connection string', () => {
  const optionsOf = (uri: string): unknown => new MongoClient(uri).options;

  it('basic', () => {
    const options = optionsOf('mongodb://host/?readPreference=secondary&maxStalenessSeconds=120');
    expect(options).toMatchObject({ readPreference: { mode: 'secondary', maxStalenessSeconds: 120 } });
  });

  it.each(['mongodb://host/?maxStalenessSeconds=120', 'mongodb://host/?readPreference=primary&maxStalenessSeconds=120'])(
    'no maxStalenessSeconds with mode "primary": %s',
    (uri) => expect(() => new MongoClient(uri)).toThrow('maxStalenessSeconds'),
  );

  it('specifying "no max staleness" with -1', () => {
    const without = optionsOf('mongodb://host/?readPreference=secondary');
    expect(optionsOf('mongodb://host/?readPreference=secondary&maxStalenessSeconds=-1')).toEqual(without);
    expect(() => optionsOf('mongodb://host/?readPreference=primary&maxStalenessSeconds=-1')).not.toThrow();
  });

  it('no validation', () => {
    expect(() => optionsOf('mongodb://host/?readPreference=secondary&maxStalenessSeconds=1')).not.toThrow();
  });
});

describe('a maxStalenessSeconds that is too small', () => {
  const refused = 'Option "maxStalenessSeconds" must be at least 90 seconds with a heartbeat every 10000 ms, received 30';

  it('is an error of the selection in a replica set, wherever it was said', async () => {
    const peer = await startPrimary(() => ({ ok: 1, cursor: { id: 0, ns: 'db.c', firstBatch: [] } }));
    const uri = `mongodb://${peer.address}/?replicaSet=scripted`;
    const stale = openClient(`${uri}&readPreference=nearest&maxStalenessSeconds=30`, {}).db('db').collection('c');
    await expect(stale.findOne()).rejects.toThrow(new MongoInvalidArgumentError(refused));
    const readPreference = new ReadPreference('nearest', [], { maxStalenessSeconds: 30 });
    const collection = openClient(uri, {}).db('db').collection('c');
    await expect(collection.findOne({}, { readPreference })).rejects.toThrow(new MongoInvalidArgumentError(refused));
    await expect(collection.findOne()).resolves.toBeNull();
    expect(peer.commands.filter((command) => 'find' in command)).toHaveLength(1);
  });

  it('is a router’s to judge', async () => {
    const peer = await ScriptedPeer.start((command) => (isHello(command) ? { ...helloReply, msg: 'isdbgrid' } : { ok: 1, cursor: { id: 0, ns: 'db.c', firstBatch: [] } }));
    const client = openClient(`mongodb://${peer.address}/?readPreference=nearest&maxStalenessSeconds=30`, {});
    await client.db('db').collection('c').findOne();
    expect(peer.commands).toMatchObject([{ $readPreference: { mode: 'nearest', maxStalenessSeconds: 30 } }]);
  });
});

describeWithMongod('a standalone', () => {
  const mongod = useMongod();

  it('heartbeatFrequencyMS is configurable', async () => {
    const { host, port } = mongod.current;
    const client = openClient(`mongodb://${host}:${port}/?heartbeatFrequencyMS=500`, { serverMonitoringMode: 'poll' });
    const log = new EventLog(client, ['serverHeartbeatSucceeded']);
    await client.connect();
    const begun = performance.now();
    await log.nth('serverHeartbeatSucceeded', 5);
    const each = (performance.now() - begun) / 4;
    expect(each).toBeGreaterThan(400);
    expect(each).toBeLessThan(700);
  });
});

describeWithMongod('a replica set', () => {
  const set = useReplicaSet({ nodes: 1 });

  it('parse lastWriteDate', async () => {
    const primary = await set.current.primary();
    const client = openClient(set.current.uri, { heartbeatFrequencyMS: 500 });
    const log = new EventLog(client, ['serverDescriptionChanged']);
    await client.connect();
    const aSecond = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_000));
    /** What the client knows a second after a write; a description is shown when something but the date has changed. */
    const lastWriteDate = async (): Promise<number> => {
      await client.db('test').command({ insert: 'c', documents: [{}] });
      await aSecond();
      const before = log.events.length;
      await reconfigure(primary);
      await log.until(() => log.events.length > before);
      return log.of('serverDescriptionChanged').at(-1)?.newDescription.lastWriteDate ?? 0;
    };
    const first = await lastWriteDate();
    expect(first).toBeGreaterThan(0);
    await aSecond();
    const second = await lastWriteDate();
    expect(second).toBeGreaterThan(first);
    expect(second).toBeLessThan(first + 10_000);
  });
});

it('direct connection to mongos', ({ skip }) => skip('a command takes a mode alone, and there are no collections to have the rest from the client'));

describe('mongos', () => {
  for (const title of ['maxStalenessSeconds and mode "primary"', 'validation', 'maxStalenessSeconds too small']) {
    it(title, ({ skip }) => skip("is for the server's repository"));
  }
});
