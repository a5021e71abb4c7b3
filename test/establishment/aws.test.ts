// MONGODB-AWS, with a server that checks signatures as STS does.

import { createHash, createHmac, randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';

import { Binary, deserialize, serialize, type Document } from 'bson';
import { MongoInvalidArgumentError, MongoServerError, type AWSCredentialProvider } from 'ferropool';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { ScriptedPeer, type Answer } from '../support/peer.js';
import { reach, refusal } from '../support/reach.js';

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

const host = 'sts.eu-central-1.amazonaws.com';
const permanent: Credentials = { accessKeyId: 'AKIDPERMANENT', secretAccessKey: 'permanent/secret+key' };
const temporary: Credentials = { accessKeyId: 'AKIDTEMPORARY', secretAccessKey: 'temporary/secret+key', sessionToken: 'session/token==' };

/** A server that takes whoever has signed with one of these. */
function knowing(...known: Credentials[]): Answer {
  let nonce = Buffer.alloc(0);
  return (command) => {
    if ('saslStart' in command) {
      expect(command).toMatchObject({ mechanism: 'MONGODB-AWS', $db: '$external' });
      const { r, p } = deserialize((command['payload'] as Binary).buffer);
      expect(p).toBe('n'.charCodeAt(0));
      expect((r as Binary).length()).toBe(32);
      nonce = Buffer.concat([(r as Binary).buffer, randomBytes(32)]);
      return { ok: 1, conversationId: 7, done: false, payload: new Binary(serialize({ s: new Binary(nonce), h: host })) };
    }
    if (!('saslContinue' in command)) return undefined;
    expect(command).toMatchObject({ conversationId: 7, $db: '$external' });
    const { a, d, t } = deserialize((command['payload'] as Binary).buffer);
    const isRight = known.some((credentials) => t === credentials.sessionToken && a === authorization(credentials, d as string, nonce));
    return isRight
      ? { ok: 1, conversationId: 7, done: true, payload: new Binary(Buffer.alloc(0)) }
      : { ok: 0, code: 18, codeName: 'AuthenticationFailed', errmsg: 'Authentication failed.' };
  };
}

/** AWS Signature Version 4 of GetCallerIdentity. */
function authorization({ accessKeyId, secretAccessKey, sessionToken }: Credentials, date: string, nonce: Buffer): string {
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const headers = Object.entries({
    'content-length': String(body.length),
    'content-type': 'application/x-www-form-urlencoded',
    host,
    'x-amz-date': date,
    ...(sessionToken && { 'x-amz-security-token': sessionToken }),
    'x-mongodb-gs2-cb-flag': 'n',
    'x-mongodb-server-nonce': nonce.toString('base64'),
  });
  const names = headers.map(([name]) => name).join(';');
  const request = ['POST', '/', '', ...headers.map(([name, value]) => `${name}:${value}`), '', names, sha256(body)].join('\n');
  const scope = [date.slice(0, 8), 'eu-central-1', 'sts', 'aws4_request'];
  const key = scope.reduce<Buffer | string>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(request)].join('\n')).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature}`;
}

const variables = { AWS_ACCESS_KEY_ID: 'accessKeyId', AWS_SECRET_ACCESS_KEY: 'secretAccessKey', AWS_SESSION_TOKEN: 'sessionToken' } as const;

/** What the process's environment says of AWS. */
function setEnvironment(credentials: Partial<Credentials> = {}): void {
  for (const [name, field] of Object.entries(variables)) vi.stubEnv(name, credentials[field]);
}

beforeEach(() => setEnvironment());
afterEach(() => {
  vi.unstubAllEnvs();
});

onBothLanes((lane) => {
  const options = { lane, authMechanism: 'MONGODB-AWS' } as const;

  describe('AWS_CREDENTIAL_PROVIDER', () => {
    const asking = (provider: AWSCredentialProvider) => ({ ...options, authMechanismProperties: { AWS_CREDENTIAL_PROVIDER: provider } });

    test.each([
      ['permanent', permanent],
      ['temporary', temporary],
      ['with fields that others want', { ...temporary, expiration: new Date() }],
    ])('is called without arguments, and its credentials are used: %s', async (_title, credentials) => {
      const peer = await ScriptedPeer.start(knowing(credentials));
      const provider = vi.fn(async () => credentials);
      await reach(peer.address, asking(provider));
      expect(provider.mock.calls).toEqual([[]]);
      expect(peer.commands.map((command) => Object.keys(command)[0])).toEqual(['saslStart', 'saslContinue', 'ping']);
    });

    test('comes before the environment', async () => {
      setEnvironment(permanent);
      const peer = await ScriptedPeer.start(knowing(temporary));
      await reach(peer.address, asking(async () => temporary));
    });

    test('is called for each connection, and what it supplies may change', async () => {
      const peer = await ScriptedPeer.start(knowing(permanent, temporary));
      const supplied = [permanent, temporary, permanent];
      const provider = vi.fn(async () => supplied.shift() as Credentials);
      const pool = openPool(peer.address, asking(provider));
      pool.ready();
      const connections = [await pool.checkOut(), await pool.checkOut(), await pool.checkOut()];
      expect(provider).toHaveBeenCalledTimes(3);
      for (const connection of connections) connection.checkIn();
    });

    test.each<[title: string, provider: () => unknown, message: RegExp]>([
      ['rejects', async () => Promise.reject(new Error('no role was assumed')), /^the callback for credentials failed: no role was assumed$/],
      ['throws', () => { throw new TypeError('no role at all'); }, /^the callback for credentials failed: no role at all$/],
      ['rejects with no error', async () => Promise.reject('nothing'), /^the callback for credentials failed: nothing$/],
      ['gives nothing', async () => undefined, /^the callback for credentials failed: /],
      ['gives something else', async () => ({ user: 'a', secret: permanent.secretAccessKey }), /^the callback for credentials returned something else than credentials$/],
      ['gives half', async () => ({ accessKeyId: 'a' }), /^the callback for credentials returned something else than credentials$/],
    ])('whose callback %s fails the check-out, and a client’s command', async (_title, provider, message) => {
      const peer = await ScriptedPeer.start(knowing(permanent));
      const given = asking(provider as AWSCredentialProvider);
      const error = await refusal(peer.address, given);
      expect(error).toMatchObject({ code: 'FERROPOOL_AUTHENTICATION', address: peer.address, details: { phase: 'auth' }, errorLabels: [] });
      expect(error.message).toMatch(message);
      expect(inspect(error)).not.toContain(permanent.secretAccessKey);
      const client = openClient(`mongodb://${peer.address}`, given);
      await expect(client.db('test').command({ ping: 1 })).rejects.toMatchObject({ code: 'FERROPOOL_AUTHENTICATION', message: expect.stringMatching(message) as string });
      expect(peer.commands).toEqual([]);
    });

    test('that never answers is given up at connectTimeoutMS', async () => {
      const peer = await ScriptedPeer.start(knowing(permanent));
      const error = await refusal(peer.address, { ...asking(() => new Promise(() => {})), connectTimeoutMS: 500 });
      expect(error).toMatchObject({ name: 'MongoNetworkTimeoutError', details: { phase: 'auth' }, errorLabels: [] });
    });
  });

  test('a close waits for no callback, and what that gives then is of no interest', async () => {
    const peer = await ScriptedPeer.start(knowing(permanent));
    let supply: (credentials: Credentials) => void = () => expect.unreachable();
    const provider = vi.fn(() => new Promise<Credentials>((resolve) => (supply = resolve)));
    const pool = openPool(peer.address, { ...options, connectTimeoutMS: 0, authMechanismProperties: { AWS_CREDENTIAL_PROVIDER: provider } });
    pool.ready();
    const waiting = pool.checkOut();
    await vi.waitFor(() => expect(provider).toHaveBeenCalled());
    const [outcome] = await Promise.allSettled([waiting, pool.close()]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'MongoPoolClosedError' } });
    supply(permanent);
    // By the next turn of the event loop it has been handed over.
    await setImmediate();
    expect(peer.commands).toEqual([]);
    expect(pool.stats()).toMatchObject({ totalConnectionCount: 0 });
  });

  describe('the environment', () => {
    test.each([
      ['permanent', permanent],
      ['temporary', temporary],
    ])('supplies credentials: %s', async (_title, credentials) => {
      setEnvironment(credentials);
      const peer = await ScriptedPeer.start(knowing(credentials));
      await reach(peer.address, options);
      const client = openClient(`mongodb://${peer.address}/?authMechanism=MONGODB-AWS`, { lane });
      await expect(client.db('test').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
    });

    test.each([
      ['nothing', {}],
      ['no secret', { accessKeyId: permanent.accessKeyId }],
      ['an empty secret', { ...permanent, secretAccessKey: '' }],
      ['no access key', { secretAccessKey: permanent.secretAccessKey }],
    ])('that has %s is a mistake of the client’s', async (_title, credentials) => {
      setEnvironment(credentials);
      const peer = await ScriptedPeer.start(knowing(permanent));
      const error = await refusal(peer.address, options);
      expect(error).toBeInstanceOf(MongoInvalidArgumentError);
      expect(error).toMatchObject({ message: expect.stringMatching(/AWS_ACCESS_KEY_ID/) as string, details: { phase: 'auth' } });
      expect(inspect(error)).not.toContain(permanent.secretAccessKey);
    });
  });

  test('wrong credentials are refused by the server', async () => {
    const peer = await ScriptedPeer.start(knowing(permanent));
    setEnvironment({ ...permanent, secretAccessKey: 'hunter2' });
    const error = await refusal(peer.address, options);
    expect(error).toBeInstanceOf(MongoServerError);
    expect(error).toMatchObject({ message: 'Authentication failed.', code: 18, details: { phase: 'auth' } });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2');
  });

  test.each<[title: string, first: (nonce: Buffer) => Document]>([
    ['a nonce that is not the client’s', () => ({ s: new Binary(randomBytes(64)), h: host })],
    ['a nonce that is too short', (nonce) => ({ s: new Binary(nonce), h: host })],
    ['no host', (nonce) => ({ s: new Binary(Buffer.concat([nonce, nonce])) })],
    ['a host that is none', (nonce) => ({ s: new Binary(Buffer.concat([nonce, nonce])), h: 'sts\r\nx-evil: 1' })],
    ['a host that is empty', (nonce) => ({ s: new Binary(Buffer.concat([nonce, nonce])), h: '' })],
  ])('a server that sends %s gets no signature', async (_title, first) => {
    setEnvironment(permanent);
    const peer = await ScriptedPeer.start((command) => {
      if (!('saslStart' in command)) return undefined;
      const { r } = deserialize((command['payload'] as Binary).buffer);
      return { ok: 1, conversationId: 1, done: false, payload: new Binary(serialize(first(Buffer.from((r as Binary).buffer)))) };
    });
    const error = await refusal(peer.address, options);
    expect(error).toMatchObject({ code: 'FERROPOOL_AUTHENTICATION', details: { phase: 'auth' }, errorLabels: [] });
    expect(peer.commands).toHaveLength(1);
  });
});
