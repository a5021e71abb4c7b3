// MONGODB-X509: the certificate of the TLS session is the proof.

import { inspect } from 'node:util';

import { MongoServerError, type ConnectionPoolOptions } from 'ferropool';
import { beforeAll, expect, test } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod } from '../support/mongod.js';
import { isHello, ScriptedPeer } from '../support/peer.js';
import { reach, refusal } from '../support/reach.js';
import { certificateUser, securedMongod, type Secured } from '../support/secured.js';

describeWithMongod('a real server', () => {
  let mongod: Secured;
  let address: string;
  let options: ConnectionPoolOptions;
  beforeAll(async () => {
    mongod = await securedMongod({ auth: true, tls: true });
    address = `127.0.0.1:${mongod.port}`;
    const { caFile, clientCertificateKeyFile } = mongod.tls ?? expect.unreachable();
    options = { tls: true, tlsCAFile: caFile, tlsCertificateKeyFile: clientCertificateKeyFile, authMechanism: 'MONGODB-X509' };
  });

  onBothLanes((lane) => {
    test('knows the user by the certificate', async () => {
      await reach(address, { lane, ...options }, async (connection) => {
        const { authInfo } = await connection.command('admin', { connectionStatus: 1 });
        expect(authInfo).toMatchObject({ authenticatedUsers: [{ user: certificateUser.username, db: '$external' }] });
      });
    });

    test('takes the user’s name beside it, also from a connection string', async () => {
      await reach(address, { lane, ...options, auth: { username: certificateUser.username } });
      const { caFile, clientCertificateKeyFile } = mongod.tls ?? expect.unreachable();
      const uri = mongod.uriWith({
        username: certificateUser.username,
        options: { tls: 'true', tlsCAFile: caFile, tlsCertificateKeyFile: clientCertificateKeyFile, authMechanism: 'MONGODB-X509' },
      });
      await expect(openClient(uri, { lane }).db('test').command({ count: 'none' })).resolves.toMatchObject({ ok: 1 });
    });

    test('is asked with the hello, and never again', async () => {
      const before = await asked(mongod);
      await reach(address, { lane, ...options });
      const after = await asked(mongod);
      expect(after.speculative - before.speculative).toBe(1);
      expect(after.authenticated - before.authenticated).toBe(1);
    });

    test('refuses another’s name', async () => {
      const error = await refusal(address, { lane, ...options, auth: { username: 'CN=somebody else' } });
      expectRefused(error);
    });

    test('refuses a client that shows no certificate', async () => {
      const { tlsCertificateKeyFile: _, ...without } = options;
      expectRefused(await refusal(address, { lane, ...without }));
    });

    test('refuses a client without TLS by the connection', async () => {
      const error = await refusal(address, { lane, authMechanism: 'MONGODB-X509' });
      expect(error).toMatchObject({ name: 'MongoNetworkError', details: { phase: 'hello' } });
    });

    test('refuses a certificate that belongs to no user', async () => {
      const { certificateKeyFile } = mongod.tls ?? expect.unreachable();
      expectRefused(await refusal(address, { lane, ...options, tlsCertificateKeyFile: certificateKeyFile }));
    });
  });

  function expectRefused(error: unknown): void {
    expect(error).toBeInstanceOf(MongoServerError);
    expect(error).toMatchObject({ code: 18, codeName: 'AuthenticationFailed', address, details: { phase: 'auth' }, errorLabels: [] });
    expect(inspect(error, { depth: 9 })).not.toContain('PRIVATE KEY');
  }
});

/** How often the server was asked, and has agreed. */
async function asked(mongod: Secured): Promise<{ speculative: number; authenticated: number }> {
  const { security } = (await mongod.command('admin', { serverStatus: 1 })) as {
    security: { authentication: { mechanisms: Record<string, { speculativeAuthenticate: { successful: bigint }; authenticate: { successful: bigint } }> } };
  };
  const mechanism = security.authentication.mechanisms['MONGODB-X509'] ?? expect.unreachable();
  return {
    speculative: Number(mechanism.speculativeAuthenticate.successful),
    authenticated: Number(mechanism.authenticate.successful),
  };
}

onBothLanes((lane) => {
  test('a server that does not answer what came with the hello is asked in a command', async () => {
    const peer = await ScriptedPeer.start();
    await reach(peer.address, { lane, authMechanism: 'MONGODB-X509' });
    const commands = peer.connections[0]?.commands ?? [];
    expect(commands[0]).toMatchObject({ speculativeAuthenticate: { authenticate: 1, mechanism: 'MONGODB-X509' } });
    expect(commands.filter((command) => !isHello(command))).toEqual([
      { authenticate: 1, mechanism: 'MONGODB-X509', $db: '$external' },
      expect.objectContaining({ ping: 1 }),
    ]);
  });
});
