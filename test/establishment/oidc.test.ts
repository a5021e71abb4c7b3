// MONGODB-OIDC, with a server that knows tokens.

import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';

import { Binary, deserialize, serialize, type Document } from 'bson';
import { MongoInvalidArgumentError, MongoServerError, type MongoClientOptions, type OIDCCallbackFunction } from 'ferropool';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';

import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { helloReply } from '../support/messages.js';
import { isHello, ScriptedPeer, type Answer } from '../support/peer.js';
import { reach, refusal } from '../support/reach.js';

const idpInfo = { issuer: 'https://issuer.example', clientId: 'client', requestScopes: ['one', 'two'] };

/** A server that takes whoever has one of these tokens, at once or after it has named an issuer. */
function knowing(known: ReadonlySet<string>): Answer {
  const reply = (document: Document, done: boolean): Document => ({ ok: 1, conversationId: 3, done, payload: new Binary(serialize(document)) });
  const answer = (command: Document): Document => {
    const { jwt } = deserialize((command['payload'] as Binary).buffer);
    if (jwt === undefined) return reply(idpInfo, false);
    return known.has(jwt as string) ? reply({}, true) : { ok: 0, code: 18, codeName: 'AuthenticationFailed', errmsg: 'Authentication failed.' };
  };
  return (command) => {
    if ('saslStart' in command || 'saslContinue' in command) return answer(command);
    if (!isHello(command) || !('speculativeAuthenticate' in command)) return undefined;
    const speculative = answer(command['speculativeAuthenticate'] as Document);
    return { ...helloReply, ...(speculative['ok'] === 1 && { speculativeAuthenticate: speculative }) };
  };
}

/** The tokens that a peer was shown, in order, and how. */
function shown(peer: ScriptedPeer): [how: string, token: unknown][] {
  return peer.connections.flatMap(({ commands }) =>
    commands.flatMap((command): [string, unknown][] => {
      const [how, carrier] = isHello(command) ? ['hello', command['speculativeAuthenticate'] as Document | undefined] : [Object.keys(command)[0] as string, command];
      return carrier?.['payload'] ? [[how, deserialize((carrier['payload'] as Binary).buffer)['jwt']]] : [];
    }),
  );
}

afterEach(() => {
  vi.unstubAllEnvs();
});

onBothLanes((lane) => {
  function asking(properties: NonNullable<MongoClientOptions['authMechanismProperties']>) {
    return { lane, authMechanism: 'MONGODB-OIDC', authMechanismProperties: properties } as const;
  }

  describe('OIDC_CALLBACK', () => {
    test('is told its version and a signal, and what it gives is the token', async () => {
      const peer = await ScriptedPeer.start(knowing(new Set(['a.b.c'])));
      const callback = vi.fn<OIDCCallbackFunction>(async () => ({ accessToken: 'a.b.c', expiresInSeconds: 60 }));
      await reach(peer.address, asking({ OIDC_CALLBACK: callback }));
      expect(callback.mock.calls).toEqual([[{ timeoutContext: expect.any(AbortSignal) as AbortSignal, version: 1 }]]);
      expect(callback.mock.calls[0]?.[0].timeoutContext.aborted).toBe(false);
      expect(peer.commands).toMatchObject([{ saslStart: 1, mechanism: 'MONGODB-OIDC', $db: '$external' }, { ping: 1 }]);
    });

    test('is told the user’s name', async () => {
      const peer = await ScriptedPeer.start(knowing(new Set(['a.b.c'])));
      const callback = vi.fn<OIDCCallbackFunction>(async () => ({ accessToken: 'a.b.c' }));
      const client = openClient(`mongodb://somebody@${peer.address}`, asking({ OIDC_CALLBACK: callback }));
      await expect(client.db('test').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
      expect(callback.mock.calls).toMatchObject([[{ username: 'somebody', version: 1 }]]);
    });

    test('is called once for many connections at a time, and for those after them', async () => {
      const peer = await ScriptedPeer.start(knowing(new Set(['a.b.c'])));
      let supply: (token: { accessToken: string }) => void = () => expect.unreachable();
      const callback = vi.fn<OIDCCallbackFunction>(() => new Promise((resolve) => (supply = resolve)));
      const pool = openPool(peer.address, { ...asking({ OIDC_CALLBACK: callback }), maxConnecting: 10 });
      pool.ready();
      const waiting = Array.from({ length: 10 }, () => pool.checkOut());
      await vi.waitFor(() => expect(peer.connections.filter(({ commands }) => commands.length > 0)).toHaveLength(10));
      supply({ accessToken: 'a.b.c' });
      const connections = await Promise.all(waiting);
      connections.push(await pool.checkOut());

      expect(callback).toHaveBeenCalledTimes(1);
      expect(shown(peer)).toEqual([...Array.from({ length: 10 }, () => ['saslStart', 'a.b.c']), ['hello', 'a.b.c']]);
      for (const connection of connections) connection.checkIn();
    });

    test('is called again once the server refuses what it gave', async () => {
      const known = new Set(['first']);
      const peer = await ScriptedPeer.start(knowing(known));
      const tokens = ['first', 'second'];
      const callback = vi.fn<OIDCCallbackFunction>(async () => ({ accessToken: tokens.shift() as string }));
      const pool = openPool(peer.address, asking({ OIDC_CALLBACK: callback }));
      pool.ready();
      const held = [await pool.checkOut()];
      known.delete('first');
      known.add('second');
      held.push(await pool.checkOut(), await pool.checkOut());

      expect(callback).toHaveBeenCalledTimes(2);
      expect(shown(peer)).toEqual([
        ['saslStart', 'first'],
        ['hello', 'first'],
        ['saslStart', 'first'],
        ['saslStart', 'second'],
        ['hello', 'second'],
      ]);
      for (const connection of held) connection.checkIn();
    });

    test('that gives a wrong token fails with the server’s error', async () => {
      const peer = await ScriptedPeer.start(knowing(new Set()));
      const callback = vi.fn<OIDCCallbackFunction>(async () => ({ accessToken: 'hunter2' }));
      const error = await refusal(peer.address, asking({ OIDC_CALLBACK: callback }));
      expect(error).toBeInstanceOf(MongoServerError);
      expect(error).toMatchObject({ message: 'Authentication failed.', code: 18, details: { phase: 'auth' }, errorLabels: [] });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2');
      expect(callback).toHaveBeenCalledTimes(1);
    });

    test.each<[title: string, callback: () => unknown, message: RegExp]>([
      ['rejects', async () => Promise.reject(new Error('no login')), /^the callback for credentials failed: no login$/],
      ['throws', () => { throw new TypeError('no login at all'); }, /^the callback for credentials failed: no login at all$/],
      ['gives nothing', async () => undefined, /^the callback for credentials failed: /],
      ['gives something else', async () => ({ token: 'hunter2' }), /^the callback for credentials returned something else than credentials$/],
      ['gives a token that is none', async () => ({ accessToken: 7 }), /^the callback for credentials returned something else than credentials$/],
    ])('that %s fails the check-out, and a client’s command', async (_title, callback, message) => {
      const peer = await ScriptedPeer.start(knowing(new Set()));
      const given = asking({ OIDC_CALLBACK: callback as OIDCCallbackFunction });
      const error = await refusal(peer.address, given);
      expect(error).toMatchObject({ code: 'FERROPOOL_AUTHENTICATION', address: peer.address, details: { phase: 'auth' }, errorLabels: [] });
      expect(error.message).toMatch(message);
      expect(inspect(error)).not.toContain('hunter2');
      const client = openClient(`mongodb://${peer.address}`, given);
      await expect(client.db('test').command({ ping: 1 })).rejects.toMatchObject({ code: 'FERROPOOL_AUTHENTICATION', message: expect.stringMatching(message) as string });
    });

    test('that answers too late for one connection has answered for the next', async () => {
      const peer = await ScriptedPeer.start(knowing(new Set(['late'])));
      let supply: (token: { accessToken: string }) => void = () => expect.unreachable();
      const callback = vi.fn<OIDCCallbackFunction>(() => new Promise((resolve) => (supply = resolve)));
      const pool = openPool(peer.address, { ...asking({ OIDC_CALLBACK: callback }), connectTimeoutMS: 500 });
      pool.ready();
      await expect(pool.checkOut()).rejects.toMatchObject({ name: 'MongoNetworkTimeoutError', details: { phase: 'auth' }, errorLabels: [] });
      pool.ready();
      const next = pool.checkOut();
      supply({ accessToken: 'late' });
      (await next).checkIn();
      expect(callback).toHaveBeenCalledTimes(1);
    });
  });

  describe('OIDC_HUMAN_CALLBACK', () => {
    test('is told who issues tokens, and later what renews the last one', async () => {
      const known = new Set(['first']);
      const peer = await ScriptedPeer.start(knowing(known));
      const supplied = [{ accessToken: 'first', refreshToken: 'again' }, { accessToken: 'second' }];
      const callback = vi.fn<OIDCCallbackFunction>(async () => supplied.shift() as { accessToken: string });
      const pool = openPool(peer.address, { ...asking({ OIDC_HUMAN_CALLBACK: callback }), auth: { username: 'somebody' } });
      pool.ready();
      const held = [await pool.checkOut()];
      known.clear();
      known.add('second');
      held.push(await pool.checkOut());

      expect(callback.mock.calls).toEqual([
        [{ timeoutContext: expect.any(AbortSignal) as AbortSignal, version: 1, username: 'somebody', idpInfo }],
        [{ timeoutContext: expect.any(AbortSignal) as AbortSignal, version: 1, username: 'somebody', idpInfo, refreshToken: 'again' }],
      ]);
      const [principal] = peer.commands as [Document];
      expect(deserialize((principal['payload'] as Binary).buffer)).toEqual({ n: 'somebody' });
      for (const connection of held) connection.checkIn();
    });

    test.each([
      ['no host is allowed', []],
      ['another host is', ['*.example.com']],
    ])('sends no token where %s', async (_title, allowed) => {
      const peer = await ScriptedPeer.start(knowing(new Set(['a.b.c'])));
      const callback = vi.fn<OIDCCallbackFunction>(async () => ({ accessToken: 'a.b.c' }));
      const given = asking({ OIDC_HUMAN_CALLBACK: callback, ALLOWED_HOSTS: allowed });
      const error = await refusal(peer.address, given);
      expect(error).toBeInstanceOf(MongoInvalidArgumentError);
      expect(error.message).toBe('host "127.0.0.1" is not among the ALLOWED_HOSTS of MONGODB-OIDC');
      expect(callback).not.toHaveBeenCalled();
      expect(peer.accepted).toBe(0);

      const client = openClient(`mongodb://${peer.address}`, given);
      await expect(client.db('test').command({ ping: 1 })).rejects.toBeInstanceOf(MongoInvalidArgumentError);
      expect(callback).not.toHaveBeenCalled();
    });

    test('sends one where the host is allowed', async () => {
      const peer = await ScriptedPeer.start(knowing(new Set(['a.b.c'])));
      const callback = vi.fn<OIDCCallbackFunction>(async () => ({ accessToken: 'a.b.c' }));
      await reach(peer.address, asking({ OIDC_HUMAN_CALLBACK: callback, ALLOWED_HOSTS: ['*.example.com', '127.0.0.1'] }));
    });
  });

  describe('ENVIRONMENT', () => {
    const file = path.join(tmpdir(), `ferropool-token-${process.pid}-${lane}`);
    afterAll(() => rmSync(file, { force: true }));

    test.each([
      ['test', 'OIDC_TOKEN_FILE'],
      ['k8s', 'AZURE_FEDERATED_TOKEN_FILE'],
      ['k8s', 'AWS_WEB_IDENTITY_TOKEN_FILE'],
    ] as const)('%s: the token is in the file that %s names', async (ENVIRONMENT, variable) => {
      writeFileSync(file, 'in.a.file\n');
      vi.stubEnv(variable, file);
      const peer = await ScriptedPeer.start(knowing(new Set(['in.a.file'])));
      await reach(peer.address, asking({ ENVIRONMENT }));
      const client = openClient(`mongodb://${peer.address}/?authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT:${ENVIRONMENT}`, { lane });
      await expect(client.db('test').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
    });

    test('a file that is not there is named', async () => {
      vi.stubEnv('OIDC_TOKEN_FILE', `${file}-absent`);
      const peer = await ScriptedPeer.start(knowing(new Set()));
      const error = await refusal(peer.address, asking({ ENVIRONMENT: 'test' }));
      expect(error.message).toContain(`${file}-absent`);
      expect(error).toMatchObject({ details: { phase: 'auth' }, errorLabels: [] });
    });

    test.each(['azure', 'gcp'] as const)('%s is refused before any I/O, with what there is instead', async (ENVIRONMENT) => {
      const peer = await ScriptedPeer.start(knowing(new Set()));
      const client = openClient(`mongodb://${peer.address}`, asking({ ENVIRONMENT, TOKEN_RESOURCE: 'mongodb' }));
      const error = await client.db('test').command({ ping: 1 }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(MongoInvalidArgumentError);
      expect((error as Error).message).toMatch(new RegExp(`ENVIRONMENT:${ENVIRONMENT} is not supported.*OIDC_CALLBACK`));
    });
  });
});
