// The client's own certificate and key, in every form that they come in.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';

import { MongoInvalidArgumentError, MongoNetworkError, type ConnectionPoolOptions } from 'ferropool';
import { beforeAll, describe, expect, test } from 'vitest';

import { keyPassword, useCertificates, type ClientCertificates } from '../support/certificates.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { describeWithMongod } from '../support/mongod.js';
import { reach, refusal } from '../support/reach.js';
import { securedMongod, type Secured } from '../support/secured.js';

const files = useCertificates();
const wrongPassword = 'correct horse';

/** Which of the client's keys are protected. */
const forms = {
  pkcs1: false,
  sec1: false,
  pkcs8: false,
  rsaPkcs8: false,
  encryptedPkcs8: true,
  encryptedRsaPkcs8: true,
  encryptedPkcs1Aes: true,
  encryptedPkcs1Des: true,
  encryptedSec1: true,
} satisfies Partial<Record<keyof ClientCertificates, boolean>>;
const everyForm = Object.entries(forms) as [form: keyof typeof forms, isEncrypted: boolean][];
const everyEncryptedForm = everyForm.filter(([, isEncrypted]) => isEncrypted);

const section = /-----BEGIN [\s\S]*?-----END [^-]*-----\n?/g;

/** A PEM text's certificates, and its key. */
function parts(file: string): { cert: string; key: string } {
  const sections = readFileSync(file, 'utf8').match(section) ?? [];
  const isKey = (text: string): boolean => text.includes('PRIVATE KEY-----');
  return { cert: sections.filter((text) => !isKey(text)).join(''), key: sections.filter(isKey).join('') };
}

/** A file with some text, in the directory of the certificates. */
function written(name: string, text: string): string {
  const file = path.join(files.directory, name);
  writeFileSync(file, text);
  return file;
}

describeWithMongod('a real server that wants a certificate of its clients', () => {
  let mongod: Secured;
  let address: string;
  let trust: { tls: true; tlsCAFile: string };
  const client = (form: keyof ClientCertificates): string => mongod.tls?.clients[form] ?? expect.unreachable();
  beforeAll(async () => {
    mongod = await securedMongod({ tls: { requireClientCertificate: true } });
    address = `127.0.0.1:${mongod.port}`;
    trust = { tls: true, tlsCAFile: mongod.tls?.caFile as string };
  });

  onBothLanes((lane) => {
    test.each(everyForm)('takes a file with both, the key in the form %s', async (form, isEncrypted) => {
      const password = isEncrypted ? { tlsCertificateKeyFilePassword: keyPassword } : {};
      await reach(address, { lane, ...trust, tlsCertificateKeyFile: client(form), ...password });
    });

    test('takes them from a connection string', async () => {
      const query = new URLSearchParams({
        directConnection: 'true',
        tls: 'true',
        tlsCAFile: trust.tlsCAFile,
        tlsCertificateKeyFile: client('encryptedPkcs8'),
        tlsCertificateKeyFilePassword: keyPassword,
      });
      const found = openClient(`mongodb://${address}/?${query.toString().replaceAll('+', '%20')}`, { lane });
      await expect(found.db('admin').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
    });

    test.each(everyForm)('takes `cert` and `key` instead, the key in the form %s', async (form, isEncrypted) => {
      const { cert, key } = parts(client(form));
      const passphrase = isEncrypted ? { passphrase: keyPassword } : {};
      await reach(address, { lane, ...trust, cert, key, ...passphrase });
      await reach(address, { lane, ...trust, cert: Buffer.from(cert), key: Buffer.from(key), ...passphrase });
    });

    test('a file may say anything around them, in any encoding', async () => {
      const { cert, key } = parts(client('encryptedSec1'));
      const comment = 'Bag Attributes\r\n    friendlyName: M\xfcller\r\n';
      const text = [comment, key, comment, cert].join('').replaceAll(/\r?\n/g, '\r\n');
      const file = path.join(files.directory, 'with-comments.pem');
      writeFileSync(file, Buffer.from(text, 'latin1'));
      await reach(address, { lane, ...trust, tlsCertificateKeyFile: file, tlsCertificateKeyFilePassword: keyPassword });
    });

    test('a password that no key needs is no mistake', async () => {
      await reach(address, { lane, ...trust, tlsCertificateKeyFile: client('pkcs8'), tlsCertificateKeyFilePassword: 'unused' });
    });

    test('refuses a client that has none', async () => {
      const error = await refusal(address, { lane, ...trust });
      expect(error).toBeInstanceOf(MongoNetworkError);
      // mongod says no word, and closes once the handshake is over.
      expect(error).toMatchObject({ address, code: 'FERROPOOL_NETWORK', message: 'connection closed by the server' });
    });

    test.each(['unknownAuthority', 'expired'] as const)('refuses a client by its certificate: %s', async (form) => {
      const error = await refusal(address, { lane, ...trust, tlsCertificateKeyFile: client(form) });
      expect(error).toBeInstanceOf(MongoNetworkError);
      expect(error).toMatchObject({ address, code: 'FERROPOOL_NETWORK' });
    });

    test('which such a client does with `tlsAllowInvalidCertificates` as well: that is about the server’s', async () => {
      const error = await refusal(address, { lane, tls: true, tlsAllowInvalidCertificates: true });
      expect(error).toBeInstanceOf(MongoNetworkError);
      await reach(address, { lane, tls: true, tlsAllowInvalidCertificates: true, tlsCertificateKeyFile: client('pkcs8') });
    });
  });
});

// Nothing listens there: who does not look at the files first would say so.
const nowhere = '127.0.0.1:1';

onBothLanes((lane) => {
  interface Mistake {
    title: string;
    options: () => ConnectionPoolOptions;
    message: () => string | RegExp;
  }

  const mistakes: Mistake[] = [
    ...everyEncryptedForm.flatMap(([form]): Mistake[] => [
      {
        title: `a wrong password for ${form}`,
        options: () => ({ tlsCertificateKeyFile: files.clients[form], tlsCertificateKeyFilePassword: wrongPassword }),
        message: () => `the private key in "${files.clients[form]}" cannot be opened: the password is wrong, or the key is damaged`,
      },
      {
        title: `no password for ${form}`,
        options: () => ({ tlsCertificateKeyFile: files.clients[form] }),
        message: () => `the private key in "${files.clients[form]}" is encrypted; tlsCertificateKeyFilePassword (passphrase) opens it`,
      },
    ]),
    {
      title: 'a wrong passphrase for a text',
      options: () => ({ ...parts(files.clients.encryptedPkcs8), passphrase: wrongPassword }),
      message: () => 'the private key in the PEM text cannot be opened: the password is wrong, or the key is damaged',
    },
    {
      title: 'no such file',
      options: () => ({ tlsCertificateKeyFile: path.join(files.directory, 'absent.pem') }),
      message: () => new RegExp(`^"${path.join(files.directory, 'absent.pem')}" cannot be read: No such file`),
    },
    {
      title: 'a directory',
      options: () => ({ tlsCertificateKeyFile: files.directory }),
      message: () => new RegExp(`^"${files.directory}" cannot be read: `),
    },
    {
      title: 'a file without a key',
      options: () => ({ tlsCertificateKeyFile: files.caFile }),
      message: () => `"${files.caFile}" holds no private key`,
    },
    {
      title: 'a file without a certificate',
      options: () => ({ tlsCertificateKeyFile: written('key-only.pem', parts(files.clients.pkcs8).key) }),
      message: () => `"${path.join(files.directory, 'key-only.pem')}" holds no certificate`,
    },
    {
      title: 'an empty file',
      options: () => ({ tlsCertificateKeyFile: written('empty.pem', '') }),
      message: () => `"${path.join(files.directory, 'empty.pem')}" holds no certificate`,
    },
    {
      title: 'a damaged key',
      options: () => {
        const { cert, key } = parts(files.clients.pkcs8);
        return { tlsCertificateKeyFile: written('damaged.pem', cert + key.replace(/\n..../, '\n!!!!')) };
      },
      message: () => `the private key in "${path.join(files.directory, 'damaged.pem')}" is not valid PEM`,
    },
    {
      title: 'another’s key',
      options: () => ({ cert: parts(files.clients.pkcs8).cert, key: parts(files.clients.rsaPkcs8).key }),
      message: () => /^the client's certificate cannot be used: /,
    },
    {
      title: 'an authority’s file that is not there',
      options: () => ({ tlsCAFile: path.join(files.directory, 'absent.pem') }),
      message: () => new RegExp(`^"${path.join(files.directory, 'absent.pem')}" cannot be read: No such file`),
    },
    {
      title: 'an authority’s file without a certificate',
      options: () => ({ tlsCAFile: written('nothing.pem', 'nothing') }),
      message: () => `"${path.join(files.directory, 'nothing.pem')}" holds no certificate`,
    },
    {
      title: 'a revocation list that is none',
      options: () => ({ tlsCRLFile: files.caFile }),
      message: () => `"${files.caFile}" holds no revocation list`,
    },
  ];

  describe.each(mistakes)('$title', ({ options, message }) => {
    const given = (): ConnectionPoolOptions => ({ tls: true, tlsCAFile: files.caFile, ...options() });

    test('fails a check-out before anything is dialled', async () => {
      const error = await refusal(nowhere, { lane, ...given() });
      expectMistake(error, message());
    });

    test('fails a client’s command at once, whatever serverSelectionTimeoutMS is', async () => {
      const client = openClient(`mongodb://${nowhere}/?directConnection=true`, { lane, serverSelectionTimeoutMS: 60_000, ...given() });
      const begun = performance.now();
      const error = await client.db('admin').command({ ping: 1 }).catch((caught: unknown) => caught);
      expect(performance.now() - begun).toBeLessThan(5_000);
      expectMistake(error, message());
      expect(inspect([client, client.options, client.pools()], { depth: 9, showHidden: true })).not.toContain(wrongPassword);
    });
  });

  test('a file that comes to be is found: the same pool goes on', async () => {
    const late = path.join(files.directory, `late-${lane}.pem`);
    const pool = openPool(nowhere, { lane, tls: true, tlsCAFile: late });
    pool.ready();
    await expect(pool.checkOut()).rejects.toBeInstanceOf(MongoInvalidArgumentError);
    writeFileSync(late, readFileSync(files.caFile));
    pool.ready();
    const error = await pool.checkOut().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(MongoNetworkError);
    expect(error).toMatchObject({ details: { phase: 'tcp' } });
  });
});

function expectMistake(error: unknown, message: string | RegExp): void {
  expect(error).toBeInstanceOf(MongoInvalidArgumentError);
  expect(error).toMatchObject({ code: 'FERROPOOL_INVALID_ARGUMENT', address: nowhere, details: { phase: 'tls' }, errorLabels: [] });
  const { message: received } = error as Error;
  if (typeof message === 'string') expect(received).toBe(message);
  else expect(received).toMatch(message);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/correct horse|open, sesame|BEGIN|PRIVATE KEY-----/);
}
