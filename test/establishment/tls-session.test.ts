// What a TLS session is: for which name, of which version, resumed or not, and with whom there is none.

import { readFileSync } from 'node:fs';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { MongoNetworkError, MongoServerSelectionError } from 'ferropool';
import { describe, expect, test } from 'vitest';

import { useCertificates } from '../support/certificates.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { ScriptedPeer } from '../support/peer.js';
import { reach, refusal } from '../support/reach.js';
import { securedMongod } from '../support/secured.js';
import { makeCertificate } from '../../scripts/mongod/x509.mjs';

const files = useCertificates();

/** What a Node.js server shows that has a file's certificate and key. */
function showing(certificateKeyFile: string): TlsOptions {
  const pem = readFileSync(certificateKeyFile);
  return { cert: pem, key: pem };
}

function sessions(peer: ScriptedPeer): TLSSocket[] {
  return peer.connections.map(({ socket }) => socket as TLSSocket);
}

onBothLanes((lane) => {
  describe('the name', () => {
    test('is the host’s, which the server is told', async () => {
      const peer = await ScriptedPeer.start(undefined, showing(files.servers.localhostOnly));
      await reach(`localhost:${peer.port}`, { lane, tls: true, tlsCAFile: files.caFile });
      expect(sessions(peer).map(({ servername }) => servername)).toEqual(['localhost']);
    });

    test('of an address is the address, which no server is told', async () => {
      const peer = await ScriptedPeer.start(undefined, showing(files.certificateKeyFile));
      await reach(peer.address, { lane, tls: true, tlsCAFile: files.caFile });
      expect(sessions(peer).map(({ servername }) => servername)).toEqual([false]);
    });

    test('is the one that `servername` says instead', async () => {
      const peer = await ScriptedPeer.start(undefined, showing(files.servers.wrongHost));
      const options = { lane, tls: true, tlsCAFile: files.caFile };
      await reach(peer.address, { ...options, servername: 'elsewhere.example' });
      expect(sessions(peer).map(({ servername }) => servername)).toEqual(['elsewhere.example']);
      const error = await refusal(peer.address, { ...options, servername: 'nowhere.example' });
      expect(error).toMatchObject({ message: expect.stringMatching(/not valid for name "nowhere\.example"/) as string, details: { phase: 'tls' } });
    });
  });

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
    test('is spoken with a server that speaks no other, and sessions of it are resumed', async () => {
      const only = { minVersion: version, maxVersion: version };
      const peer = await ScriptedPeer.start(undefined, { ...showing(files.certificateKeyFile), ...only });
      const pool = openPool(peer.address, { lane, tls: true, tlsCAFile: files.caFile });
      pool.ready();
      const held = [];
      for (let count = 0; count < 3; count += 1) {
        const connection = await pool.checkOut();
        await connection.command('admin', { ping: 1 });
        held.push(connection);
      }
      for (const connection of held) connection.checkIn();

      expect(sessions(peer).map((socket) => [socket.getProtocol(), socket.isSessionReused()])).toEqual([
        [version, false],
        [version, true],
        [version, true],
      ]);
    });

    test('resumes nothing of another client’s', async () => {
      const only = { minVersion: version, maxVersion: version };
      const peer = await ScriptedPeer.start(undefined, { ...showing(files.certificateKeyFile), ...only });
      await reach(peer.address, { lane, tls: true, tlsCAFile: files.caFile });
      await reach(peer.address, { lane, tls: true, tlsCAFile: files.caFile });
      expect(sessions(peer).map((socket) => socket.isSessionReused())).toEqual([false, false]);
    });
  });

  test('a server that speaks older versions alone is refused', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const peer = await ScriptedPeer.start(undefined, { ...showing(files.certificateKeyFile), ...old });
    const error = await refusal(peer.address, { lane, tls: true, tlsCAFile: files.caFile });
    expect(error).toBeInstanceOf(MongoNetworkError);
    expect(error).toMatchObject({ message: expect.stringMatching(/ProtocolVersion/) as string, details: { phase: 'tls' }, errorLabels: [] });
  });

  describe('a certificate that signs itself and calls itself an authority', () => {
    function selfMade(template: { hosts?: string[]; notBefore?: Date; notAfter?: Date } = {}): { cert: string; key: string } {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
      const subject: [string, string][] = [['CN', 'by itself']];
      const { pem } = makeCertificate({ subject, key: createPrivateKey(key) as KeyObject, isAuthority: true, hosts: ['127.0.0.1'], ...template });
      return { cert: pem, key };
    }
    const hour = 3_600_000;

    test('is taken where it is named', async () => {
      const made = selfMade();
      const peer = await ScriptedPeer.start(undefined, made);
      await reach(peer.address, { lane, tls: true, ca: made.cert });
    });

    test.each([
      ['is not the one that is named', selfMade(), selfMade().cert, /UnknownIssuer|CaUsedAsEndEntity|BadSignature/],
      ['is another host’s', selfMade({ hosts: ['elsewhere.example'] }), undefined, /not valid for name|NotValidForName/],
      ['is not yet valid', selfMade({ notBefore: new Date(Date.now() + hour) }), undefined, /not valid yet/],
      ['has expired', selfMade({ notBefore: new Date(Date.now() - 2 * hour), notAfter: new Date(Date.now() - hour) }), undefined, /expired/],
    ])('is refused where it %s', async (_title, made, ca, reason) => {
      const peer = await ScriptedPeer.start(undefined, made);
      const error = await refusal(peer.address, { lane, tls: true, ca: ca ?? made.cert });
      expect(error).toMatchObject({ message: expect.stringMatching(reason) as string, code: 'FERROPOOL_NETWORK', details: { phase: 'tls' }, errorLabels: [] });
    });
  });
});

describeWithMongod('a real server', () => {
  const plain = useMongod();

  onBothLanes((lane) => {
    test.each([
      ['TLS 1.2', 'TLS1_0,TLS1_1,TLS1_3'],
      ['TLS 1.3', 'TLS1_0,TLS1_1,TLS1_2'],
    ])('that speaks %s alone is spoken to', async (_version, disabled) => {
      const server = await securedMongod({ tls: true, args: [`--tlsDisabledProtocols=${disabled}`] });
      const text = 'x'.repeat(1 << 20);
      const pool = await reach(`127.0.0.1:${server.port}`, { lane, tls: true, tlsCAFile: server.tls?.caFile as string }, async (connection) => {
        const reply = await connection.command('admin', { hello: 1, comment: text });
        expect(reply).toMatchObject({ ok: 1 });
      });
      await pool.close();
      await server.stop();
    });

    test('without TLS fails a handshake', async () => {
      const { host, port } = plain.current;
      const error = await refusal(`${host}:${port}`, { lane, tls: true, tlsCAFile: files.caFile });
      expect(error).toBeInstanceOf(MongoNetworkError);
      expect(error).toMatchObject({ address: `${host}:${port}`, details: { phase: 'tls' } });
    });

    test('with TLS answers no plain hello', async () => {
      const server = await securedMongod({ tls: true });
      const address = `127.0.0.1:${server.port}`;
      const error = await refusal(address, { lane });
      expect(error).toBeInstanceOf(MongoNetworkError);
      expect(error).toMatchObject({ message: 'connection closed by the server', address, details: { phase: 'hello' } });
      const client = openClient(`mongodb://${address}/?directConnection=true`, { lane, serverSelectionTimeoutMS: 500 });
      const failure = await client.db('admin').command({ ping: 1 }).catch((caught: unknown) => caught);
      expect(failure).toBeInstanceOf(MongoServerSelectionError);
      expect((failure as MongoServerSelectionError).cause).toMatchObject({ name: 'MongoNetworkError', details: { phase: 'hello' } });
      await server.stop();
    });
  });
});
