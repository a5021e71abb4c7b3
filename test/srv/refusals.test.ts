// What this version cannot do is said before anything is asked or dialled.

import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes';
import { useStub } from '../support/stub';
import { name, useNameServer } from './cluster';

const kerberos = { name: 'MongoInvalidArgumentError', message: /GSSAPI.*Kerberos/ };

onBothLanes((lane) => {
  const stub = useStub();
  const server = useNameServer();

  it.each([
    ['GSSAPI', (port: number) => `mongodb://u%40REALM@127.0.0.1:${port}/?authMechanism=GSSAPI`, kerberos],
    ['GSSAPI behind a name', () => `mongodb+srv://u%40REALM@${name}/?tls=false&authMechanism=GSSAPI`, kerberos],
  ])('refuses the operations of a client with %s', async (_, uriOf, refusal) => {
    const client = openClient(uriOf(stub.current.port), { lane });
    await expect(client.connect()).rejects.toMatchObject(refusal);
    await expect(client.checkOut()).rejects.toMatchObject(refusal);
    await expect(client.warm({ min: 1 })).rejects.toMatchObject(refusal);
    await expect(client.db('a').command({ ping: 1 })).rejects.toMatchObject(refusal);
    expect(client.tryCheckOut()).toBeUndefined();
    expect(client.pools()).toEqual([]);
    expect(await client.close()).toEqual({ drained: 0, interrupted: 0, rejected: 0 });
    await expect(client.connect()).rejects.toMatchObject({ name: 'MongoPoolClosedError' });
    expect((await stub.current.status()).accepted).toBe(0);
    expect(server.current.questions).toEqual([]);
  });
});
