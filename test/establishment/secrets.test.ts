// A password, key or token is in nothing that the package lets out: errors, events, warnings, statistics, inspected
// objects, what a process prints as it dies.

import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { Binary, deserialize, serialize, type Document } from 'bson';
import { ConnectionPool, MongoClient, type MongoClientOptions } from 'ferropool';
import { afterEach, beforeAll, afterAll, describe, expect, onTestFinished, test } from 'vitest';

import { makeCertificates } from '../../scripts/mongod/tls.mjs';
import { runProgram } from '../support/child.js';
import { commandEventNames, poolEventNames } from '../support/events.js';
import { onBothLanes, type Lane } from '../support/lanes.js';
import { commandOf, helloReply, onMessage, replyTo } from '../support/messages.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { expectSilence } from '../support/silence.js';
import { SocksProxy } from '../support/socks.js';
import { useStub } from '../support/stub.js';

/** What is looked for. It has no character that an encoding changes, and stands in every secret of a test. */
const mark = 'hUnt3r2';
const password = `${mark}@/:?#[]%é`;
const encoded = encodeURIComponent(password);
/** A secret that is no string. */
const pin = 4815162342;

/** Everything that came out during a test. */
let seen: unknown[] = [];
const warned = (warning: Error): number => seen.push(warning);
beforeAll(() => void process.on('warning', warned));
afterAll(() => void process.off('warning', warned));
afterEach(async () => {
  // Warnings are emitted by a later tick.
  await setImmediate();
  const all = seen;
  seen = [];
  expectSilence(all, [mark, String(pin)]);
});

type Opened = MongoClient | ConnectionPool;

/** Opens, looks at what there is to look at, uses, looks again, closes. Gives what the use, or the opening, failed with. */
async function watch<T extends Opened>(open: () => T, use: (opened: T) => Promise<unknown>): Promise<unknown> {
  let opened: T;
  try {
    opened = open();
  } catch (error) {
    seen.push(error);
    return error;
  }
  for (const name of [...poolEventNames, ...commandEventNames]) opened.on(name, (event: unknown) => seen.push(event));
  const look = (): number => seen.push(opened, opened.options, { ...opened.options }, opened.options.credentials, statistics(opened));
  look();
  const outcome = await use(opened).catch((error: unknown) => error);
  look();
  seen.push(outcome, await opened.close({ drainMS: 0 }));
  return outcome;
}

function statistics(opened: Opened): unknown {
  return opened instanceof MongoClient ? opened.pools() : opened.stats();
}

const ping = (client: MongoClient): Promise<unknown> => client.db('admin').command({ ping: 1 });

function watchClient(uri: string, options: MongoClientOptions = {}): Promise<unknown> {
  return watch(() => new MongoClient(uri, { serverSelectionTimeoutMS: 500, ...options }), ping);
}

test('what looks for secrets finds them', () => {
  const hidden = Object.defineProperty({}, 'hidden', { value: { deep: [password] } });
  const encodings = [password, encoded, Buffer.from(password), Buffer.from(password).toString('base64'), password.toUpperCase()];
  const inErrors = [new Error(password), new Error('a', { cause: new Error(password) }), Object.assign(new Error('a'), { details: { password } })];
  for (const value of [...encodings, ...inErrors, hidden, { [password]: 1 }, new Map([[1, password]])]) {
    expect(() => expectSilence([value], [mark, password])).toThrow('is shown');
  }
  expectSilence([{}, 1n, undefined, null, new Error('a')], [mark]);
});

describe('a connection string that is refused', () => {
  const mechanism = 'authMechanism=MONGODB';
  test.each([
    `mongodb://user:${mark}%zz@localhost`,
    `mongodb://user:%${mark}@localhost`,
    `mongodb://user:${mark}%@localhost/db?appName=a`,
    `mongodb://user:${mark}@x@localhost`,
    `mongodb://user:x@${mark}@localhost`,
    `mongodb://user:${mark}/x@localhost`,
    `mongodb://user:x/${mark}@localhost`,
    `mongodb://user:1/${mark}@localhost`,
    `mongodb://user:${mark}?x@localhost`,
    `mongodb://user:${mark}?a=b@localhost`,
    `mongodb://user:12?${mark}@localhost`,
    `mongodb://user:12?${mark}=x@localhost`,
    `mongodb://user:12?${mark}=%zz@localhost`,
    `mongodb://user:${mark}:x@localhost`,
    `mongodb://user:x:${mark}@localhost`,
    `mongodb://${mark}:x:y@localhost`,
    `mongodb://user:${mark}@`,
    `mongodb://user:${mark}@/db`,
    `mongodb://user:${mark}@:27017`,
    `mongodb://user:${mark}@localhost:port`,
    `mongodb://user:${mark}@[::1`,
    `mongodb://user:${mark}@%2Ftmp%2Fa`,
    `mongodb://user:${mark}@a%zz`,
    `mongodb://user:${mark}@localhost/d$b`,
    `mongodb://user:${mark}@localhost/?appName`,
    `mongodb://user:${mark}@localhost/?tls=maybe`,
    `mongodb://user:${mark}@localhost/?authMechanism=none`,
    `mongodb://user:${mark}@localhost/?directConnection=true&loadBalanced=true`,
    `mongodb://user:${mark}@a,b/?loadBalanced=true`,
    `mongodb://:${mark}@localhost`,
    `mongodb://user:${mark}`,
    `mongodb://user:${mark}/db`,
    `mongodb://user:${mark}%zz`,
    `mongodb://a,user:${mark},b`,
    `mongodb://${mark}:x:y`,
    `mongodb+srv://user:${mark}`,
    `mongodb+srv://user:${mark}@a.b.c:1`,
    `mongodb+srv://user:${mark}@a.b.c,d.e.f`,
    `mongodb+srv://user:${mark}@`,
    `mongodb:/user:${mark}@localhost`,
    `mongodb//user:${mark}@localhost`,
    `https://user:${mark}@localhost`,
    `user:${mark}@localhost`,
    `mongodb://localhost/?tlsCertificateKeyFilePassword=${mark}%zz`,
    `mongodb://localhost/?proxyPassword=${mark}`,
    `mongodb://localhost/?proxyHost=a&proxyPassword=${mark}`,
    `mongodb://localhost/?proxyHost=a&proxyUsername=b&proxyPassword=${mark}&proxyPassword=${mark}`,
    `mongodb://user:${mark}@localhost/?${mechanism}-X509`,
    `mongodb://user:${mark}@localhost/?${mechanism}-AWS`,
    `mongodb://user:${mark}@localhost/?${mechanism}-OIDC&authMechanismProperties=ENVIRONMENT:test`,
    `mongodb://localhost/?${mechanism}-AWS&authMechanismProperties=AWS_SESSION_TOKEN:${mark}`,
    `mongodb://localhost/?${mechanism}-AWS&authMechanismProperties=AWS_SESSION_TOKEN:a,${mark}:b`,
    `mongodb://localhost/?${mechanism}-OIDC&authMechanismProperties=ENVIRONMENT:${mark}`,
  ])('%j', async (uri) => {
    const refusals = [await watchClient(uri), await watch(() => new ConnectionPool(uri), (pool) => pool.checkOut())];
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: expect.stringMatching(/CONNECTION_STRING|INVALID_ARGUMENT/) as string });
  });
});

describe('an option that is refused', () => {
  const auth = { username: 'user', password };
  const proxy = { proxyHost: 'a', proxyUsername: 'b' };
  const pem = `-----BEGIN PRIVATE KEY-----\n${mark}\n-----END PRIVATE KEY-----\n`;
  const refused: [title: string, options: unknown][] = [
    ['a password that is a number', { auth: { username: 'user', password: pin } }],
    ['a password that is a bigint', { auth: { username: 'user', password: BigInt(pin) } }],
    ['a password that is an object', { auth: { username: 'user', password: { text: password } } }],
    ['a password that is an array', { auth: { username: 'user', password: [password] } }],
    ['a password that is a symbol', { auth: { username: 'user', password: Symbol(password) } }],
    ['a password by a wrong name', { auth: { username: 'user', pwd: password } }],
    ['a password without a user', { auth: { password } }],
    ['user and password in one text', { auth: `user:${password}` }],
    ['an unknown option beside it', { auth, unknown: 1 }],
    ['a wrong value beside it', { auth, maxPoolSize: 'many' }],
    ['a mechanism that has no password', { auth, authMechanism: 'MONGODB-X509' }],
    ['credentials of AWS', { auth, authMechanism: 'MONGODB-AWS', authMechanismProperties: { AWS_SESSION_TOKEN: password } }],
    ['a session token that is an object', { authMechanism: 'MONGODB-AWS', authMechanismProperties: { AWS_SESSION_TOKEN: { text: password } } }],
    ['properties that are a text', { authMechanism: 'MONGODB-AWS', authMechanismProperties: `AWS_SESSION_TOKEN:${mark}` }],
    ['a proxy password that is a number', { ...proxy, proxyPassword: pin }],
    ['a proxy password that is an array', { ...proxy, proxyPassword: [password] }],
    ['a proxy password without a proxy', { proxyPassword: password }],
    ['a passphrase that is a number', { passphrase: pin }],
    ['a passphrase that is a Map', { passphrase: new Map([['text', password]]) }],
    ['a file password that is an array', { tlsCertificateKeyFilePassword: [password] }],
    ['a key that is an object', { key: { text: pem } }],
    ['a key that is a number', { key: pin }],
    ['a key in the place of a file', { tlsCertificateKeyFile: pem }],
    ['no options but a text', `mongodb://user:${mark}@localhost`],
  ];

  test.each(refused)('%s', async (_title, options) => {
    const refusals = [
      await watch(() => new MongoClient('mongodb://127.0.0.1:1', options as MongoClientOptions), ping),
      await watch(() => new ConnectionPool('127.0.0.1:1', options as MongoClientOptions), (pool) => pool.checkOut()),
    ];
    for (const refusal of refusals) expect(refusal).toMatchObject({ name: 'MongoInvalidArgumentError' });
  });

  test('an unknown option, and values that are ignored, beside it in the string', async () => {
    await watchClient(`mongodb://user:${encoded}@127.0.0.1:1/?unknown=1&maxPoolSize=many&tlsCertificateKeyFilePassword=&readPreference=none`);
    await setImmediate();
    expect(seen.filter((each) => (each as Error | undefined)?.name === 'MongoWarning')).toHaveLength(4);
  });
});

onBothLanes((lane) => {
  test('a client that has every secret', async () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${mark}\n-----END PRIVATE KEY-----\n`;
    const secrets = { key: pem, cert: pem, passphrase: password, proxyPassword: password };
    const options = { lane, tls: true, proxyHost: '127.0.0.1', proxyPort: 1, proxyUsername: 'b', ...secrets };
    const failure = await watch(
      () => new MongoClient(`mongodb://user:${encoded}@127.0.0.1:1/?proxyPassword=${mark}&tlsCertificateKeyFilePassword=${mark}`, options),
      (client) => {
        expect(client.options).toMatchObject(secrets);
        expect(client.options.credentials?.password).toBe(password);
        return ping(client);
      },
    );
    expect(failure).toMatchObject({ message: 'the PEM text holds no certificate' });
  });

  test('a password that the server does not accept', async () => {
    const address = await refusingServer();
    for (const mechanism of ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'PLAIN'] as const) {
      const options = { lane, authMechanism: mechanism };
      expect(await watchClient(`mongodb://user:${encoded}@${address}/`, options)).toMatchObject({ code: 18 });
      expect(await watchClient(`mongodb://${address}/`, { ...options, auth: { username: 'user', password } })).toMatchObject({ code: 18 });
    }
  });

  test('a password that a mechanism cannot use', async () => {
    const address = await refusingServer();
    for (const [mechanism, unusable] of [['SCRAM-SHA-256', `${mark}\u0007`], ['PLAIN', `${mark}\0`]] as const) {
      const failure = await watchClient(`mongodb://${address}/`, { lane, authMechanism: mechanism, auth: { username: 'user', password: unusable } });
      expect(failure).toMatchObject({ code: 'FERROPOOL_INVALID_ARGUMENT' });
    }
  });

  test('what callbacks supply', async () => {
    const address = await refusingServer();
    const aws = async () => ({ accessKeyId: 'id', secretAccessKey: password, sessionToken: password });
    expect(
      await watchClient(`mongodb://${address}/`, { lane, authMechanism: 'MONGODB-AWS', authMechanismProperties: { AWS_CREDENTIAL_PROVIDER: aws } }),
    ).toMatchObject({ code: 18 });
    const oidc = async () => ({ accessToken: password, refreshToken: password });
    const withOidc = (callback: typeof oidc): Promise<unknown> =>
      watchClient(`mongodb://${address}/`, { lane, authMechanism: 'MONGODB-OIDC', authMechanismProperties: { OIDC_CALLBACK: callback } });
    expect(await withOidc(oidc)).toMatchObject({ code: 18 });
    // What is no credential may have one inside.
    for (const wrong of [{ accessToken: { text: password } }, { token: password }, password, pin]) {
      expect(await withOidc(async () => wrong as never)).toMatchObject({ message: expect.stringContaining('callback for credentials') as string });
    }
  });

  test('a proxy that does not accept the password', async () => {
    const proxy = await SocksProxy.start({ credentials: { username: 'user', password: 'another' } });
    const options = { lane, proxyHost: proxy.host, proxyPort: proxy.port, proxyUsername: 'user', proxyPassword: password };
    for (const open of [() => new MongoClient('mongodb://a.invalid/', { serverSelectionTimeoutMS: 500, ...options }), () => readyPool('a.invalid:1', options)]) {
      const failure = await watch<Opened>(open, async (opened) => opened.checkOut());
      expect(failure).toMatchObject({ message: expect.stringContaining('does not accept proxyUsername and proxyPassword') as string });
    }
    const tooLong = await watchClient('mongodb://a.invalid/', { ...options, proxyPassword: mark.repeat(100) });
    expect(tooLong).toMatchObject({ message: expect.stringContaining('1 to 255 bytes') as string });
  });

  test('a key that its password does not open, and one that is none', async () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'ferropool-secrets-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const { clientCertificateKeyFile } = makeCertificates(directory);
    const cert = readFileSync(clientCertificateKeyFile, 'utf8');
    const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'another' } as const;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: cipher, publicKeyEncoding: { type: 'spki', format: 'pem' } });
    const body = privateKey.split('\n')[1] as string;
    const broken = `-----BEGIN PRIVATE KEY-----\n${mark}\n-----END PRIVATE KEY-----\n`;
    for (const [key, reason] of [[privateKey, 'the password is wrong'], [broken, 'cannot be used'], [mark, 'no private key']] as const) {
      const tls = { lane, tls: true, tlsAllowInvalidCertificates: true, cert, key, passphrase: password };
      const failure = await watch(() => readyPool('127.0.0.1:1', tls), (pool) => pool.checkOut());
      expect(failure).toMatchObject({ message: expect.stringContaining(reason) as string });
    }
    expectSilence(seen, [body, (cert.split('PRIVATE KEY-----\n')[1] as string).split('\n')[0] as string]);
  });

  test('commands that carry one have neither content nor reply in their events', async () => {
    await watch(() => new MongoClient(stub.current.uri, { lane }), (client) => runSensitive(client));
    expectRedacted();
  });

  describeWithMongod('on a real server', () => {
    const mongod = useMongod({ auth: true });
    const uriOf = (user: string): string => `mongodb://${user}@${mongod.current.host}:${mongod.current.port}/?directConnection=true`;

    test('a password that it does not accept', async () => {
      for (const mechanism of ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'DEFAULT'] as const) {
        const failure = await watchClient(uriOf(`root:${encoded}`), { lane, authMechanism: mechanism, authSource: 'admin' });
        expect(failure).toMatchObject({ name: 'MongoServerError', code: 18 });
      }
      expect(await watchClient(uriOf(`nobody:${encoded}`), { lane })).toMatchObject({ name: 'MongoServerError', code: 18 });
    });

    test('a password that it accepts, and commands that carry another', async () => {
      const name = `user-${lane}`;
      await mongod.current.command('admin', { createUser: name, pwd: password, roles: ['root'] });
      const outcome = await watch(
        () => new MongoClient(uriOf(`${name}:${encoded}`), { lane }),
        async (client) => {
          await runSensitive(client, `other-${lane}`);
          return ping(client);
        },
      );
      expect(outcome).toMatchObject({ ok: 1 });
      expectRedacted();
    });
  });

  describe('a process that dies of it', () => {
    const options = `{ lane: '${lane}', serverSelectionTimeoutMS: 500 }`;
    test.each([
      ['an unhandled rejection', (uri: string) => `await new MongoClient(${uri}, ${options}).db('admin').command({ ping: 1 });`, 'Authentication failed.'],
      [
        'an error that is printed',
        (uri: string) => `const client = new MongoClient(${uri}, ${options});
          await client.db('admin').command({ ping: 1 }).catch((error) => console.error(error));
          console.dir(client, { showHidden: true, depth: null });
          console.log(client, client.options, JSON.stringify(client.options), client.pools());
          console.table(client.options);
          process.exit();`,
        'Authentication failed.',
      ],
      ['an exception', (uri: string) => `new MongoClient(${uri}.replace('user:', 'user:x@'), ${options});`, 'must be percent-encoded'],
      ['a warning', (uri: string) => `await new MongoClient(${uri} + '&unknown=1', ${options}).close();`, 'Unknown option "unknown"'],
    ])('%s', async (_title, program, reason) => {
      process.env['FERROPOOL_TEST_URI'] = `mongodb://user:${encoded}@${await refusingServer()}/?authMechanism=SCRAM-SHA-256`;
      onTestFinished(() => void delete process.env['FERROPOOL_TEST_URI']);
      const ended = await runProgram(program('process.env.FERROPOOL_TEST_URI'));
      expect(ended.stderr).toContain(reason);
      expectSilence([ended], [mark, encoded]);
    });
  });
});

const stub = useStub();

function readyPool(address: string, options: { lane: Lane }): ConnectionPool {
  const pool = new ConnectionPool(address, options);
  pool.ready();
  return pool;
}

/** Commands with a secret in them; that a server refuses one is as good. */
async function runSensitive(client: MongoClient, user = 'user'): Promise<void> {
  const payload = new Binary(Buffer.from(`\0user\0${password}`));
  const db = client.db('admin');
  const commands: Document[] = [
    { saslStart: 1, mechanism: 'PLAIN', payload },
    { saslContinue: 1, conversationId: 1, payload },
    { authenticate: 1, user: 'user', key: password },
    { createUser: user, pwd: password, roles: [] },
    { createUser: user, pwd: password, roles: [] },
    { CREATEUSER: user, pwd: password, roles: [] },
    { updateUser: user, pwd: `${password}2` },
    { updateUser: user, pwd: { text: password } },
    { hello: 1, speculativeAuthenticate: { saslStart: 1, mechanism: 'PLAIN', payload, db: '$external' } },
    { isMaster: 1, speculativeAuthenticate: { saslStart: 1, mechanism: 'PLAIN', payload, db: '$external' } },
  ];
  for (const command of commands) {
    // What the server says goes to whoever sent the command.
    await db.command(command).catch(() => undefined);
  }
}

/** That commands were seen, and nothing inside of them. */
function expectRedacted(): void {
  const events = seen.filter((each) => typeof each === 'object' && each !== null && 'commandName' in each) as Document[];
  const sensitive = events.filter(({ commandName }) => !['ping', 'endSessions'].includes(commandName as string));
  expect(sensitive.filter(({ name }) => name === 'commandStarted')).toHaveLength(10);
  expect(sensitive).toHaveLength(20);
  for (const { name, command, reply } of sensitive) {
    if (name === 'commandStarted') expect(command).toEqual({});
    if (name === 'commandSucceeded') expect(reply).toEqual({});
  }
}

/** A server that begins every conversation and accepts nobody. Its address. */
async function refusingServer(): Promise<string> {
  const refusal = { ok: 0, code: 18, codeName: 'AuthenticationFailed', errmsg: 'Authentication failed.' };
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    onMessage(socket, (message) => {
      const command = commandOf(message);
      const first = command['saslStart'] ? serverFirst(command) : undefined;
      const known = first ?? (command['saslStart'] || command['saslContinue'] ? refusal : helloReply);
      socket.write(replyTo(message, known));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The answer to a mechanism's first message, where there is one that leads to a second. */
function serverFirst({ mechanism, payload }: Document): Document | undefined {
  const bytes = Buffer.from((payload as Binary).buffer);
  const answer = (text: Uint8Array): Document => ({ ok: 1, conversationId: 1, done: false, payload: new Binary(text) });
  if (mechanism === 'MONGODB-AWS') {
    const { r } = deserialize(bytes) as { r: Binary };
    return answer(serialize({ s: new Binary(Buffer.concat([r.buffer, r.buffer])), h: 'sts.amazonaws.com' }));
  }
  const nonce = /,r=(.*)/.exec(bytes.toString())?.[1];
  return nonce === undefined ? undefined : answer(Buffer.from(`r=${nonce}more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`));
}
