// What `db.command` takes from the database, and what it makes of a reply: as little as can be.

import { Long, MongoOperationTimeoutError, MongoTransactionError, ReadPreference, type Document } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { startPrimary } from '../operations/prose/setting.js';

const big = Long.fromNumber(7);
const reply = { ok: 1, n: big, nested: { a: 1 }, writeConcernError: { code: 64, errmsg: 'too slow' } };

onBothLanes((lane) => {
  const open = async (options: Document = {}, answer: Document = reply) => {
    const peer = await startPrimary((command) => ('ask' in command ? answer : undefined));
    const client = openClient(`mongodb://${peer.address}/?replicaSet=scripted`, { lane, ...options });
    return { peer, client, db: client.db('db') };
  };

  it('an unsatisfied write concern is a part of the reply', async () => {
    const { db } = await open();
    await expect(db.command({ ask: 1 })).resolves.toMatchObject({ writeConcernError: { code: 64 } });
    const { db: limited } = await open({ timeoutMS: 5000 });
    await expect(limited.command({ ask: 1 })).resolves.toMatchObject({ writeConcernError: { code: 64 } });
  });

  it('with timeoutMS one that took too long is a time-out', async () => {
    const { client } = await open({}, { ok: 1, writeConcernError: { code: 50, errmsg: 'too slow' } });
    await expect(client.db('db').command({ ask: 1 })).resolves.toMatchObject({ ok: 1 });
    await expect(client.db('db').command({ ask: 1 }, { timeoutMS: 5000 })).rejects.toThrow(MongoOperationTimeoutError);
    await expect(client.db('db', { timeoutMS: 5000 }).command({ ask: 1 })).rejects.toThrow(MongoOperationTimeoutError);
  });

  it('how documents are read is its own affair, not the client’s or the database’s', async () => {
    const { client } = await open({ promoteLongs: false, raw: true });
    const db = client.db('db', { promoteLongs: false, useBigInt64: false });
    expect((await db.command({ ask: 1 }))['n']).toBe(7);
    expect((await db.command({ ask: 1 }, { promoteLongs: false }))['n']).toEqual(big);
    expect((await db.command({ ask: 1 }, { useBigInt64: true }))['n']).toBe(7n);
    expect((await db.command({ ask: 1 }, { raw: true }))['nested']).toBeInstanceOf(Uint8Array);
    expect((await db.command({ ask: 1 }, { raw: false, session: client.startSession() }))['nested']).toEqual({ a: 1 });
  });

  it('so is what becomes of a field that is undefined', async () => {
    const { peer, client } = await open({ ignoreUndefined: true });
    await client.db('db').command({ ask: 1, a: undefined });
    await client.db('db').command({ ask: 1, a: undefined }, { readPreference: ReadPreference.primaryPreferred });
    await client.db('db').command({ ask: 1, a: undefined }, { ignoreUndefined: true });
    expect(peer.commands.filter((command) => 'ask' in command).map(({ a }) => a as unknown)).toEqual([null, null, undefined]);
  });

  it('a read preference is a mode, an object or none', async () => {
    const { peer, client, db } = await open();
    for (const readPreference of ['secondaryPreferred', new ReadPreference('nearest', [{ dc: 'ny' }, {}]), { mode: 'primary' }, undefined, null]) {
      await db.command({ ask: 1 }, { readPreference } as Document);
    }
    expect(peer.commands.filter((command) => 'ask' in command).map(({ $readPreference }) => $readPreference as unknown)).toEqual([
      { mode: 'secondaryPreferred' },
      { mode: 'nearest', tags: [{ dc: 'ny' }, {}] },
      undefined,
      undefined,
      undefined,
    ]);
    const session = client.startSession();
    session.startTransaction({ readPreference: 'primary' });
    await expect(db.command({ ask: 1 }, { session, readPreference: 'nearest' })).rejects.toThrow(MongoTransactionError);
    await session.endSession();
  });
});
