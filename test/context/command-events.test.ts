import { MongoNetworkError, MongoServerError, UUID, type MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { commandEventNames, EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const number = expect.any(Number) as number;
const bigint = expect.any(BigInt) as bigint;

onBothLanes((lane) => {
  const opened = (): { client: MongoClient; log: EventLog } => {
    const client = openClient(stub.current.uri, { lane });
    return { client, log: new EventLog(client, commandEventNames) };
  };

  it('a command that succeeds', async () => {
    const { client, log } = opened();
    const reply = await client.db('shop').command({ echo: { deep: [1] } }, { readPreference: 'secondary' });
    const { requestId } = log.of('commandStarted')[0] ?? { requestId: 0 };
    const shared = { address: client.address, requestId, connectionId: 1, serverConnectionId: bigint, databaseName: 'shop', commandName: 'echo' };
    expect(requestId).toBeGreaterThan(0);
    expect(log.events).toMatchObject([
      { ...shared, name: 'commandStarted' },
      { ...shared, name: 'commandSucceeded', duration: number, reply },
    ]);
    // A standalone server is not told of read preferences.
    expect(log.of('commandStarted')[0]?.command).toEqual({ echo: { deep: [1] }, $db: 'shop', lsid: { id: expect.any(UUID) } });
    expect(log.of('commandSucceeded')[0]?.duration).toBeGreaterThan(0);
  });

  it("a command that the server refuses", async () => {
    const { client, log } = opened();
    const error = await client.db('shop').command({ nonsense: 1 }).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(MongoServerError);
    const { requestId } = log.of('commandStarted')[0] ?? {};
    expect(log.of('commandFailed')).toMatchObject([
      { name: 'commandFailed', address: client.address, requestId, connectionId: 1, serverConnectionId: bigint, databaseName: 'shop', commandName: 'nonsense', duration: number },
    ]);
    expect(log.of('commandFailed')[0]?.failure).toBe(error);
  });

  it('a command whose connection fails', async () => {
    await stub.current.control({ replyMode: 'closeMidReply', commands: ['ping'] });
    const { client, log } = opened();
    const error = await client.db('shop').command({ ping: 1 }).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(MongoNetworkError);
    expect(log.names).toEqual(['commandStarted', 'commandFailed']);
    expect(log.of('commandFailed')[0]?.failure).toBe(error);
  });

  it('a command whose reply cannot be decoded', async () => {
    const { client, log } = opened();
    // What bson refuses to do for an int64: neither a bigint nor a Long may be given.
    const options = { useBigInt64: true, promoteLongs: false };
    const error = await client.db('shop').command({ echo: 2n ** 60n }, options).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ name: 'MongoParseError', code: 'FERROPOOL_PROTOCOL' });
    expect((error as Error).message).toMatch(/^The reply cannot be decoded: /);
    expect(log.names).toEqual(['commandStarted', 'commandFailed']);
    expect(log.of('commandFailed')[0]?.failure).toBe(error);
  });

  it('each has its own request id, and started comes before ended', async () => {
    const { client, log } = opened();
    await Promise.all(Array.from({ length: 100 }, (_, echo) => client.db('shop').command({ echo })));
    const started = log.of('commandStarted').map(({ requestId }) => requestId);
    expect(new Set(started).size).toBe(100);
    expect(log.of('commandSucceeded').map(({ requestId }) => requestId).toSorted()).toEqual(started.toSorted());
    const open = new Set<number>();
    for (const event of log.events) {
      if (event.name === 'commandStarted') open.add(event.requestId);
      else expect('requestId' in event && open.delete(event.requestId)).toBe(true);
    }
  });

  it('a command is shown as it was sent, however late it is asked for and however large it and its neighbours are', async () => {
    const { client, log } = opened();
    const texts = Array.from({ length: 60 }, (_, index) => String(index).repeat(index === 30 ? 50_000 : 1_000));
    await Promise.all(texts.map((text) => client.db('shop').command({ echo: text })));
    await Promise.all(texts.map(() => client.db('shop').command({ echo: 'over it' })));
    const shown = log.of('commandStarted').map(({ command }) => command['echo'] as string);
    expect(shown.slice(0, 60).toSorted()).toEqual(texts.toSorted());
    expect(shown.slice(60)).toEqual(texts.map(() => 'over it'));
  });

  it.each([[['find', 'findAndModify', 'find']], [['echo', 'eche', 'echo1']], [['größe', 'grö', 'größe']], [['a', 'ab', 'abc']]])(
    'names that resemble each other are told apart: %j',
    async (names) => {
      const { client, log } = opened();
      for (const name of names) await client.db('shop').command({ [name]: 1 }).catch(() => undefined);
      expect(log.of('commandStarted').map(({ commandName }) => commandName)).toEqual(names);
    },
  );

  it('a command that is not sent has no events', async () => {
    const { client, log } = opened();
    await client.connect();
    await expect(client.db('shop').command({ ping: 1 }, { signal: AbortSignal.abort() })).rejects.toThrow();
    await expect(client.db('shop').command({})).rejects.toThrow();
    expect(log.names).toEqual([]);
  });

  it.each([
    { saslStart: 1, payload: 'secret' },
    { saslContinue: 1, payload: 'secret' },
    { authenticate: 1, key: 'secret' },
    { getnonce: 1, secret: 'secret' },
    { createUser: 'u', pwd: 'secret' },
    { updateUser: 'u', pwd: 'secret' },
    { copydbgetnonce: 1, secret: 'secret' },
    { copydbsaslstart: 1, secret: 'secret' },
    { copydb: 1, secret: 'secret' },
    { CREATEUSER: 'u', pwd: 'secret' },
    { hello: 1, speculativeAuthenticate: { saslStart: 1, payload: 'secret' } },
    { isMaster: 1, speculativeAuthenticate: { saslStart: 1, payload: 'secret' } },
  ])('a secret stays one: %j', async (command) => {
    const { client, log } = opened();
    const outcome = await client.db('admin').command(command).catch((error: unknown) => error);
    expect(log.names[0]).toBe('commandStarted');
    expect(log.of('commandStarted')[0]).toMatchObject({ commandName: Object.keys(command)[0], command: {} });
    expect(log.of('commandStarted')[0]?.command).toEqual({});
    for (const { reply } of log.of('commandSucceeded')) expect(reply).toEqual({});
    for (const { failure } of log.of('commandFailed')) expect(JSON.stringify([failure, failure.message])).not.toContain('secret');
    // The caller gets what the server said.
    expect(outcome instanceof MongoServerError ? outcome.errorResponse : outcome).toHaveProperty('ok');
  });

  it('a hello without speculative authentication is no secret', async () => {
    const { client, log } = opened();
    const reply = await client.db('admin').command({ hello: 1 });
    expect(log.of('commandStarted')[0]?.command).toMatchObject({ hello: 1, $db: 'admin' });
    expect(log.of('commandSucceeded')[0]?.reply).toEqual(reply);
  });
});
