// A client is closed, or an operation given up, while its name is being resolved.

import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes';
import { useStub } from '../support/stub';
import { at, uri, useNameServer } from './cluster';

const closed = { name: 'MongoPoolClosedError', code: 'FERROPOOL_POOL_CLOSED' };

onBothLanes((lane) => {
  const stub = useStub();
  const server = useNameServer();

  it('rejects what waits, and what comes after', async () => {
    server.current.behaviour = 'silence';
    const client = openClient(uri, { lane });
    const waiting = [client.connect(), client.checkOut(), client.db('a').command({ ping: 1 })];
    const outcomes = Promise.allSettled(waiting);
    await server.current.asked(1);
    expect(await client.close()).toEqual({ drained: 0, interrupted: 0, rejected: 3 });
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: closed });
    await expect(client.connect()).rejects.toMatchObject(closed);
    await expect(client.warm()).rejects.toMatchObject(closed);
    await expect(client.db('a').command({ ping: 1 })).rejects.toMatchObject(closed);
    expect(() => client.tryCheckOut()).toThrow(expect.objectContaining(closed));
    expect(client.pools()).toEqual([]);
  });

  it('closes what was never used', async () => {
    const client = openClient(uri, { lane });
    expect(await client.close()).toEqual({ drained: 0, interrupted: 0, rejected: 0 });
    await expect(client.checkOut()).rejects.toMatchObject(closed);
    expect(server.current.questions).toEqual([]);
  });

  it('dials nobody whose address came too late', async () => {
    server.current.zone = at(stub.current);
    const client = openClient(uri, { lane });
    const refused = client.connect().catch((error: unknown) => error);
    await client.close();
    expect(await refused).toMatchObject(closed);
    // A client whose questions come later has been answered, and has connected, by then.
    const next = openClient(uri, { lane, appName: 'next' });
    await next.connect();
    const { connectionsByAppName } = await stub.current.status();
    expect(Object.keys(connectionsByAppName)).toEqual(['next']);
  });

  it('goes on without an operation that was given up', async () => {
    server.current.behaviour = 'silence';
    const client = openClient(uri, { lane });
    const controller = new AbortController();
    const aborted = client.checkOut({ signal: controller.signal });
    await server.current.asked(1);
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    server.current.behaviour = 'answer';
    server.current.zone = at(stub.current);
    // The question that was not answered is asked again.
    await client.connect();
    expect(client.address).toBe(stub.current.address);
  });
});
