// SCRAM-SHA-1 and SCRAM-SHA-256 with the users of a real server.

import { inspect } from 'node:util';

import { MongoServerError, type Connection, type ConnectionPoolOptions } from 'ferropool';
import { beforeAll, describe, expect, test } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { describeWithMongod } from '../support/mongod.js';
import { reach, refusal } from '../support/reach.js';
import { securedMongod, users, type Secured } from '../support/secured.js';
import { Tap } from '../support/tap.js';

type Mechanism = 'SCRAM-SHA-1' | 'SCRAM-SHA-256';

const { sha1, sha256, both, escaped, ix, roman } = users;

function auth({ username, password }: { username: string; password: string }): { username: string; password: string } {
  return { username, password };
}

describeWithMongod('a real server', () => {
  let mongod: Secured;
  let address: string;
  beforeAll(async () => {
    mongod = await securedMongod({ auth: true });
    address = `127.0.0.1:${mongod.port}`;
    // Its users are another database's.
    await mongod.command('shop', { createUser: 'elsewhere', pwd: 'pencil', roles: ['readWrite'] });
  });

  /** Whom the server takes the connection for, by something that only a user may do. */
  async function authenticatedUser(connection: Connection): Promise<unknown> {
    await expect(connection.command('shop', { count: 'orders' })).resolves.toMatchObject({ ok: 1 });
    const { authInfo } = await connection.command('admin', { connectionStatus: 1 });
    return (authInfo as { authenticatedUsers: unknown[] }).authenticatedUsers[0];
  }

  /** How often it was asked for each mechanism; what only comes with a hello is counted apart. */
  async function asked(mechanism: Mechanism): Promise<{ speculative: number; authenticated: number; failed: number }> {
    const { security } = (await mongod.command('admin', { serverStatus: 1 })) as {
      security: { authentication: { mechanisms: Record<Mechanism, Record<string, { received: bigint; successful: bigint }>> } };
    };
    const { speculativeAuthenticate, authenticate } = security.authentication.mechanisms[mechanism];
    const count = (value: bigint | undefined): number => Number(value ?? 0);
    return {
      speculative: count(speculativeAuthenticate?.successful),
      authenticated: count(authenticate?.successful),
      failed: count(authenticate?.received) - count(authenticate?.successful),
    };
  }

  onBothLanes((lane) => {
    test.each<[user: { username: string; password: string }, mechanism: Mechanism | 'DEFAULT' | undefined, used: Mechanism]>([
      [sha1, undefined, 'SCRAM-SHA-1'],
      [sha1, 'DEFAULT', 'SCRAM-SHA-1'],
      [sha1, 'SCRAM-SHA-1', 'SCRAM-SHA-1'],
      [sha256, undefined, 'SCRAM-SHA-256'],
      [sha256, 'SCRAM-SHA-256', 'SCRAM-SHA-256'],
      [both, undefined, 'SCRAM-SHA-256'],
      [both, 'DEFAULT', 'SCRAM-SHA-256'],
      [both, 'SCRAM-SHA-1', 'SCRAM-SHA-1'],
      [both, 'SCRAM-SHA-256', 'SCRAM-SHA-256'],
    ])('takes $username with authMechanism %s by %s', async (user, authMechanism, used) => {
      const before = await asked(used);
      const pool = openPool(address, { lane, auth: auth(user), ...(authMechanism && { authMechanism }) });
      pool.ready();
      const connection = await pool.checkOut();
      expect(await authenticatedUser(connection)).toEqual({ user: user.username, db: 'admin' });
      connection.checkIn();
      const after = await asked(used);
      // For itself, the question after the counters authenticates by SCRAM-SHA-256, without a hello.
      const own = used === 'SCRAM-SHA-256' ? 1 : 0;
      expect(after.authenticated - before.authenticated - own).toBe(1);
    });

    test.each([
      [sha1, 'SCRAM-SHA-256'],
      [sha256, 'SCRAM-SHA-1'],
    ] as const)('refuses $username by %s', async (user, authMechanism) => {
      expectRefused(await refusal(address, { lane, auth: auth(user), authMechanism }), user.password);
    });

    describe('a name or a password of any characters', () => {
      // The test plan of the authentication specification, step 4.
      test.each([
        ['IX', ix.username, 'IX'],
        ['IX, with a soft hyphen', ix.username, 'I\u00ADX'],
        ['ROMAN NUMERAL NINE, normalized', roman.username, 'IV'],
        ['ROMAN NUMERAL NINE, with a soft hyphen', roman.username, 'I\u00ADV'],
        ['ROMAN NUMERAL NINE, as it was created', roman.username, '\u2163'],
        ['reserved in a URI', escaped.username, escaped.password],
      ])('%s: works in the options, and escaped in a connection string', async (_title, username, password) => {
        const pool = await reach(address, { lane, auth: { username, password } });
        await pool.close();
        const client = openClient(mongod.uriWith({ username, password }), { lane });
        await expect(client.db('shop').command({ count: 'orders' })).resolves.toMatchObject({ ok: 1 });
      });

      test('a name is not normalized: another spelling is another user', async () => {
        expectRefused(await refusal(address, { lane, auth: { username: 'I\u00ADX', password: 'IX' } }), 'IX');
      });

      test.each(['SCRAM-SHA-1', 'SCRAM-SHA-256'] as const)('commas and equals signs in a name do not end it: %s', async (authMechanism) => {
        const user = { username: 'a,b=c=2C,r=x', password: 'p,=' };
        await mongod.command('admin', { createUser: user.username, pwd: user.password, roles: ['root'] });
        try {
          await reach(address, { lane, auth: user, authMechanism });
        } finally {
          await mongod.command('admin', { dropUser: user.username });
        }
      });
    });

    test.each<[title: string, options: ConnectionPoolOptions, given: string]>([
      ['a wrong password', { auth: { username: both.username, password: 'hunter2' } }, 'hunter2'],
      ['a wrong password, by SCRAM-SHA-1', { auth: { username: both.username, password: 'hunter2' }, authMechanism: 'SCRAM-SHA-1' }, 'hunter2'],
      ['a user that there is not', { auth: { username: 'nobody', password: 'hunter2' } }, 'hunter2'],
      ['a password in other letters', { auth: { username: both.username, password: both.password.toUpperCase() } }, both.password.toUpperCase()],
      ['another database', { auth: auth(both), authSource: 'shop' }, both.password],
    ])('refuses %s', async (_title, options, given) => {
      const pool = openPool(address, { lane, ...options });
      const log = new EventLog(pool);
      pool.ready();
      const error = await pool.checkOut().catch((caught: unknown) => caught);
      expectRefused(error, given);

      // Not by load: the pool is cleared, and whoever waits for another attempt is told why.
      expect(pool.stats()).toMatchObject({ state: 'paused', generation: 1, totalConnectionCount: 0, connectionsClosed: { error: 1 } });
      expect(log.names).toEqual([
        'connectionPoolCreated',
        'connectionPoolReady',
        'connectionCheckOutStarted',
        'connectionCreated',
        'connectionPoolCleared',
        'connectionClosed',
        'connectionCheckOutFailed',
      ]);
      expectRefused(log.of('connectionClosed')[0]?.error, given);
      expectRefused(log.of('connectionCheckOutFailed')[0]?.error, given);
    });

    test('refuses a client’s commands with the server’s error, not with a selection that takes its time', async () => {
      const client = openClient(mongod.uriWith({ username: both.username, password: 'hunter2' }), { lane });
      const begun = performance.now();
      expectRefused(await client.db('shop').command({ count: 'orders' }).catch((caught: unknown) => caught), 'hunter2');
      // Each of several, though the first failure clears the pool.
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => client.db('shop').command({ count: 'orders' })));
      for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('Authentication failed.') as string } });
      expect(performance.now() - begun).toBeLessThan(10_000);
      expect(inspect([client, client.options, client.pools()], { depth: 9, showHidden: true })).not.toContain('hunter2');
    });

    test('takes a client once its password is right', async () => {
      await mongod.command('admin', { createUser: 'late', pwd: 'old', roles: ['root'] });
      try {
        const client = openClient(mongod.uriWith({ username: 'late', password: 'new' }), { lane });
        await expect(client.db('shop').command({ count: 'orders' })).rejects.toMatchObject({ code: 18 });
        await mongod.command('admin', { updateUser: 'late', pwd: 'new' });
        await expect(client.db('shop').command({ count: 'orders' })).resolves.toMatchObject({ ok: 1 });
        // What is kept of the old password’s salt is of no use for the new one’s.
        await mongod.command('admin', { updateUser: 'late', pwd: 'new' });
        await expect(client.warm({ min: 3 })).resolves.toBeUndefined();
      } finally {
        await mongod.command('admin', { dropUser: 'late' });
      }
    });

    test.each([
      ['as an option', (): [string, ConnectionPoolOptions] => ['', { authSource: 'shop' }]],
      ['in the connection string', (): [string, ConnectionPoolOptions] => ['?authSource=shop', {}]],
      ['by the default database', (): [string, ConnectionPoolOptions] => ['shop', {}]],
      ['before the default database', (): [string, ConnectionPoolOptions] => ['admin?authSource=shop', {}]],
    ])('looks for the user in the database that is named %s', async (_title, given) => {
      const [path, options] = given();
      const client = openClient(`mongodb://elsewhere:pencil@${address}/${path}`, { lane, ...options });
      const connection = await client.checkOut();
      expect(await authenticatedUser(connection)).toEqual({ user: 'elsewhere', db: 'shop' });
      connection.checkIn();
    });

    test('the user of the options replaces the connection string’s', async () => {
      const client = openClient(mongod.uriWith({ username: sha1.username, password: 'hunter2' }), { lane, auth: auth(both) });
      const connection = await client.checkOut();
      expect(await authenticatedUser(connection)).toEqual({ user: both.username, db: 'admin' });
      connection.checkIn();
    });

    test('nobody is authenticated who has not asked for it', async () => {
      const pool = openPool(address, { lane });
      pool.ready();
      const connection = await pool.checkOut();
      await expect(connection.command('shop', { count: 'orders' })).rejects.toMatchObject({ code: 13, codeName: 'Unauthorized' });
      connection.checkIn();
    });

    describe('round trips', () => {
      test.each<[title: string, options: ConnectionPoolOptions, commands: string[]]>([
        ['SCRAM-SHA-256 starts with the hello', { auth: auth(both), authMechanism: 'SCRAM-SHA-256' }, ['isMaster', 'saslContinue']],
        ['SCRAM-SHA-1 starts with the hello', { auth: auth(both), authMechanism: 'SCRAM-SHA-1' }, ['isMaster', 'saslContinue']],
        ['what is negotiated starts with the hello as SCRAM-SHA-256', { auth: auth(both) }, ['isMaster', 'saslContinue']],
        ['which a user has to have', { auth: auth(sha1) }, ['isMaster', 'saslStart', 'saslContinue']],
        ['nobody needs the hello alone', {}, ['isMaster']],
      ])('%s', async (_title, options, commands) => {
        const tap = await Tap.start(mongod);
        const pool = openPool(tap.address, { lane, ...options });
        pool.ready();
        (await pool.checkOut()).checkIn();
        expect(tap.commandNames).toEqual(commands);
      });

      test('the server counts the start with the hello as a success', async () => {
        const before = await asked('SCRAM-SHA-256');
        await reach(address, { lane, auth: auth(both) });
        const after = await asked('SCRAM-SHA-256');
        expect(after.speculative - before.speculative).toBe(1);
        expect(after.failed).toBe(before.failed);
      });

      test('no secret goes over the wire', async () => {
        const tap = await Tap.start(mongod);
        await reach(tap.address, { lane, auth: auth(escaped) });
        await reach(tap.address, { lane, auth: auth(escaped), authMechanism: 'SCRAM-SHA-1' });
        const sent = inspect(tap.requests, { depth: 9, maxStringLength: null, maxArrayLength: null });
        const payloads = tap.requests.flatMap(({ command }) => [command?.['payload'], command?.['speculativeAuthenticate']?.payload]).map(String);
        for (const text of [sent, ...payloads]) expect(text).not.toContain(escaped.password);
      });
    });
  });

  function expectRefused(error: unknown, password: string): void {
    expect(error).toBeInstanceOf(MongoServerError);
    expect(error).toMatchObject({ code: 18, codeName: 'AuthenticationFailed', address, details: { phase: 'auth' }, errorLabels: [] });
    expect((error as Error).message).toMatch(/^Authentication failed\.$|^Unable to use SCRAM-SHA-/);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(`'${password}'`);
  }
});
