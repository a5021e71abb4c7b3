// GSSAPI needs Kerberos, which this package does not have.

import { MongoInvalidArgumentError } from 'ferropool';
import { expect, test } from 'vitest';

import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { ScriptedPeer } from '../support/peer.js';

onBothLanes((lane) => {
  const options = { lane, authMechanism: 'GSSAPI', auth: { username: 'user@REALM', password: 'hunter2' } } as const;
  const refusal = {
    code: 'FERROPOOL_INVALID_ARGUMENT',
    message: 'authMechanism GSSAPI is not supported: it needs a Kerberos library, which this package does not have',
  };

  test.each([
    ['options', (address: string) => openClient(`mongodb://${address}`, options)],
    ['a connection string', (address: string) => openClient(`mongodb://user%40REALM@${address}/?authMechanism=GSSAPI`, { lane })],
    [
      'options with properties',
      (address: string) => openClient(`mongodb://${address}`, { ...options, authMechanismProperties: { SERVICE_NAME: 'other' } }),
    ],
  ])('a client that asks for it in %s is told so at its first use, before any I/O', async (_title, open) => {
    const peer = await ScriptedPeer.start();
    const client = open(peer.address);
    for (const use of [() => client.connect(), () => client.db('test').command({ ping: 1 }), () => client.checkOut(), () => client.warm({ min: 1 })]) {
      const error = await use().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(MongoInvalidArgumentError);
      expect(error).toMatchObject(refusal);
    }
    expect(peer.accepted).toBe(0);
  });

  test('a pool too', async () => {
    const peer = await ScriptedPeer.start();
    const pool = openPool(peer.address, { ...options, minPoolSize: 1 });
    pool.ready();
    await expect(pool.checkOut()).rejects.toBeInstanceOf(MongoInvalidArgumentError);
    expect(peer.accepted).toBe(0);
  });
});
