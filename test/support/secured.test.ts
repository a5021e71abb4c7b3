// That the certificates of tests are right and wrong as they are meant to be, in another's eyes than the product's.

import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import tls from 'node:tls';

import { expect, test } from 'vitest';

import { keyPassword, useCertificates } from './certificates.js';
import { describeWithMongod } from './mongod.js';
import { securedMongod, users } from './secured.js';

const files = useCertificates();

/** What a client says to a server that shows this certificate, or the server to the client. */
async function handshake(certificateKeyFile: string, options: tls.ConnectionOptions = {}): Promise<string> {
  const [pem, ca] = [readFileSync(certificateKeyFile), readFileSync(files.caFile)];
  const asksForOne = options.cert !== undefined;
  const server = tls.createServer({ cert: pem, key: pem, ca, requestCert: asksForOne, rejectUnauthorized: asksForOne });
  const served = new Promise<string>((resolve) => {
    server.once('secureConnection', (socket) => resolve(socket.end() && 'accepted'));
    server.once('tlsClientError', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  const client = tls.connect({ host: '127.0.0.1', port, ca, ...options });
  try {
    const failed = new Promise<string>((resolve) => {
      client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    const connected = once(client, 'secureConnect').then(() => served, () => failed);
    return await Promise.race([connected, failed]);
  } finally {
    client.destroy();
    server.close();
  }
}

test('a server is believed or not for its certificate', async () => {
  const { servers } = files;
  expect(await handshake(files.certificateKeyFile)).toBe('accepted');
  expect(await handshake(servers.chained)).toBe('accepted');
  expect(await handshake(servers.localhostOnly, { servername: 'localhost' })).toBe('accepted');
  expect(await handshake(servers.localhostOnly)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  expect(await handshake(servers.wrongHost)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  expect(await handshake(servers.expired)).toBe('CERT_HAS_EXPIRED');
  expect(await handshake(servers.notYetValid)).toBe('CERT_NOT_YET_VALID');
  expect(await handshake(servers.selfSigned)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  expect(await handshake(servers.unchained)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  expect(await handshake(servers.unknownAuthority.certificateKeyFile)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  const otherCA = readFileSync(servers.unknownAuthority.caFile);
  expect(await handshake(servers.unknownAuthority.certificateKeyFile, { ca: otherCA })).toBe('accepted');
  const crl = readFileSync(servers.revoked.crlFile);
  expect(await handshake(servers.revoked.certificateKeyFile)).toBe('accepted');
  expect(await handshake(servers.revoked.certificateKeyFile, { crl })).toBe('CERT_REVOKED');
  expect(await handshake(files.certificateKeyFile, { crl })).toBe('accepted');
});

test('a client is believed or not for its certificate, in whatever form its key is', async () => {
  const { unknownAuthority, expired, ...right } = files.clients;
  const show = (file: string, passphrase?: string) => {
    const pem = readFileSync(file);
    return handshake(files.certificateKeyFile, { cert: pem, key: pem, ...(passphrase && { passphrase }) });
  };
  for (const [form, file] of Object.entries(right)) {
    expect(await show(file, keyPassword), form).toBe('accepted');
    if (form.startsWith('encrypted')) await expect(show(file, 'wrong'), form).rejects.toThrow(/bad decrypt/);
  }
  expect(await show(unknownAuthority)).not.toBe('accepted');
  expect(await show(expired)).not.toBe('accepted');
});

describeWithMongod('a secured mongod', () => {
  test('shows what it is asked to show, and has its users', async () => {
    const mongod = await securedMongod({ auth: true, tls: { certificate: 'selfSigned' }, compressors: ['snappy'] });
    const socket = tls.connect({ host: mongod.host, port: mongod.port, ca: readFileSync(mongod.tls?.caFile ?? '') });
    const [error] = await once(socket, 'error');
    expect(error.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    const { users: found } = (await mongod.command('admin', { usersInfo: 1 })) as { users: { user: string }[] };
    expect(found.map(({ user }) => user)).toEqual(
      expect.arrayContaining(['root', ...Object.values(users).map(({ username }) => username)]),
    );
  });
});
