// What must not be seen is seen nowhere: not in errors, events, statistics, warnings, nor in anything that is inspected.

import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';

import type { ConnectionPool, MongoClient, MongoClientOptions } from 'ferropool';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { keyPassword } from '../support/certificates.js';
import { commandEventNames, EventLog, poolEventNames } from '../support/events.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { describeWithMongod } from '../support/mongod.js';
import { SocksProxy } from '../support/socks.js';
import { securedMongod, users, type Secured } from '../support/secured.js';

const [right, wrong] = [users.escaped.password, 'hunter2-is-wrong'];
const proxyPassword = 'pr0xy-p4ss';
const token = 'header.payload.signature';
const awsSecret = 'aws/secret+key';

/** A value in every form in which it may have been printed. */
function spellings(secret: string): string[] {
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')];
}

describeWithMongod('a real server', () => {
  let mongod: Secured;
  let tls: { tls: true; tlsCAFile: string; tlsCertificateKeyFile: string };
  let keyLines: string[];
  const seen: unknown[] = [];
  const note = (warning: unknown): void => void seen.push(warning);

  beforeAll(async () => {
    mongod = await securedMongod({ auth: true, tls: true });
    const { caFile, clients } = mongod.tls ?? expect.unreachable();
    tls = { tls: true, tlsCAFile: caFile, tlsCertificateKeyFile: clients.encryptedPkcs8 };
    const [, key] = /PRIVATE KEY-----\n([\s\S]*?)-----END/.exec(readFileSync(clients.encryptedPkcs8, 'utf8')) ?? expect.unreachable();
    keyLines = (key as string).trim().split('\n');
  });
  beforeEach(() => {
    seen.length = 0;
    process.on('warning', note);
    for (const method of ['log', 'error', 'warn'] as const) vi.spyOn(console, method).mockImplementation((...values) => void seen.push(...values));
  });
  afterEach(() => {
    process.off('warning', note);
    vi.restoreAllMocks();
  });

  /** Uses what was opened, whether it works or not, and looks at everything that it says. */
  async function use(open: () => MongoClient | ConnectionPool): Promise<unknown> {
    let outcome: unknown;
    try {
      const opened = open();
      const log = new EventLog(opened, [...poolEventNames, ...commandEventNames]);
      if ('ready' in opened) opened.ready();
      const checkedOut = opened.checkOut();
      outcome = await checkedOut.then(
        async (connection) => {
          const reply = await connection.command('admin', { connectionStatus: 1 });
          // Commands that carry credentials themselves.
          await connection.command('admin', { saslStart: 1, mechanism: 'PLAIN', payload: wrong }).catch(note);
          await connection.command('admin', { createUser: 'x', pwd: wrong, roles: 'none' }).catch(note);
          connection.checkIn();
          return reply;
        },
        (error: unknown) => error,
      );
      seen.push(opened, opened.options, { ...opened.options }, 'pools' in opened ? opened.pools() : opened.stats(), opened.address);
      await opened.close({ drainMS: 0 });
      seen.push(log.events, opened);
    } catch (error) {
      outcome = error;
    }
    seen.push(outcome);
    return outcome;
  }

  function expectUnseen(...secrets: string[]): void {
    const options = { depth: Infinity, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null } as const;
    const texts = seen.flatMap((value) => [inspect(value), inspect(value, options), String(value), asJSON(value), (value as Error | undefined)?.stack ?? '']);
    for (const secret of secrets.flatMap(spellings)) {
      for (const text of texts) if (text.includes(secret)) expect.unreachable(`${secret} is in ${text.slice(Math.max(0, text.indexOf(secret) - 200), text.indexOf(secret) + 200)}`);
    }
  }

  test('what is seen is found, however it is written', () => {
    for (const value of [new Error(right), { deep: { down: [right] } }, encodeURIComponent(right), new Error('outer', { cause: new Error(right) })]) {
      seen.splice(0, Infinity, value);
      expect(() => expectUnseen(right)).toThrow();
    }
  });

  onBothLanes((lane) => {
    describe.each([
      ['works', right, keyPassword],
      ['is refused for a password', wrong, keyPassword],
      ['is refused for a key', right, wrong],
    ])('a client that %s', (_title, password, tlsCertificateKeyFilePassword) => {
      const { username } = users.escaped;
      const secrets = (): string[] => [right, wrong, keyPassword, ...keyLines];
      test('by a connection string', async () => {
        const query = new URLSearchParams({ ...tls, tls: 'true', tlsCertificateKeyFilePassword }).toString().replaceAll('+', '%20');
        const uri = `mongodb://${encodeURIComponent(username)}:${encodeURIComponent(password)}@127.0.0.1:${mongod.port}/?${query}`;
        const outcome = await use(() => openClient(uri, { lane }));
        expect(outcome).toHaveProperty(password === right && tlsCertificateKeyFilePassword === keyPassword ? 'ok' : 'code');
        expectUnseen(...secrets());
      });

      test('by options', async () => {
        const options = { lane, ...tls, tlsCertificateKeyFilePassword, auth: { username, password } };
        await use(() => openClient(`mongodb://127.0.0.1:${mongod.port}`, options));
        await use(() => openPool(`127.0.0.1:${mongod.port}`, options));
        expectUnseen(...secrets());
      });

      test('by texts', async () => {
        const pem = readFileSync(tls.tlsCertificateKeyFile, 'utf8');
        const options = { lane, tls: true, tlsCAFile: tls.tlsCAFile, cert: pem, key: pem, passphrase: tlsCertificateKeyFilePassword, auth: { username, password } };
        await use(() => openClient(`mongodb://127.0.0.1:${mongod.port}`, options));
        expectUnseen(...secrets());
      });
    });

    test.each([
      ['a port that is none', (secret: string) => `mongodb://user:${secret}@127.0.0.1:none/`],
      ['an @ that is not escaped', (secret: string) => `mongodb://user:${secret}@${secret}@127.0.0.1/`],
      ['an escape that is none', (secret: string) => `mongodb://user:${secret}%zz@127.0.0.1/`],
      ['another scheme', (secret: string) => `http://user:${secret}@127.0.0.1/`],
      ['an option that is none', (secret: string) => `mongodb://user:${secret}@127.0.0.1:1/?tlsCertificateKeyFilePassword=${secret}&directConnection=maybe&serverSelectionTimeoutMS=1`],
      ['a warning', (secret: string) => `mongodb://user:${secret}@127.0.0.1:1/?unknown=1&serverSelectionTimeoutMS=1`],
      ['a mechanism without a password', (secret: string) => `mongodb://user:${secret}@127.0.0.1:1/?authMechanism=MONGODB-X509&authSource=$external`],
    ])('a connection string with %s', async (_title, uri) => {
      await use(() => openClient(uri(wrong), { lane }));
      expect(seen.length).toBeGreaterThan(0);
      expectUnseen(wrong);
    });

    test.each<[title: string, options: MongoClientOptions]>([
      ['password that is none', { auth: { username: 'user', password: [wrong] as unknown as string } }],
      ['key that is none', { tls: true, tlsAllowInvalidCertificates: true, cert: wrong, key: wrong, passphrase: wrong }],
      ['callback for AWS', { authMechanism: 'MONGODB-AWS', authMechanismProperties: { AWS_CREDENTIAL_PROVIDER: async () => ({ accessKeyId: 'AKID', secretAccessKey: awsSecret }) } }],
      ['callback for OIDC', { authMechanism: 'MONGODB-OIDC', authMechanismProperties: { OIDC_CALLBACK: async () => ({ accessToken: token }) } }],
    ])('options with a %s', async (_title, options) => {
      const mine = 'cert' in options ? {} : { tls: true, tlsCAFile: tls.tlsCAFile };
      const outcome = await use(() => openClient(`mongodb://127.0.0.1:${mongod.port}`, { lane, ...mine, ...options }));
      expect(outcome).toBeInstanceOf(Error);
      expectUnseen(wrong, awsSecret, token);
    });

    test.each([
      ['right', proxyPassword],
      ['wrong', wrong],
    ])('a proxy’s password that is %s', async (_title, given) => {
      const proxy = await SocksProxy.start({ credentials: { username: 'proxy', password: proxyPassword } });
      const options = { proxyHost: proxy.host, proxyPort: proxy.port, proxyUsername: 'proxy', proxyPassword: given };
      await use(() => openClient(mongod.uri, { lane, ...options, serverSelectionTimeoutMS: 500 }));
      expectUnseen(proxyPassword, wrong);
    });
  });
});

function asJSON(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) ?? '';
}
