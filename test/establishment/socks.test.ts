// Through a SOCKS5 proxy ("SOCKS5 Support").

import { inspect } from 'node:util';

import { MongoNetworkError, MongoNetworkTimeoutError, MongoServerSelectionError } from 'ferropool';
import { describe, expect, test } from 'vitest';

import { EventLog, commandEventNames, poolEventNames } from '../support/events.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { SocksProxy } from '../support/socks.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

/** A server's name that only the proxy knows. */
const hidden = 'db.invalid:27017';
const credentials = { username: 'username', password: 'p4ssw0rd' };

function through(proxy: Pick<SocksProxy, 'host' | 'port'>): { proxyHost: string; proxyPort: number } {
  return { proxyHost: proxy.host, proxyPort: proxy.port };
}

onBothLanes((lane) => {
  test('the proxy resolves the name, and every connection goes through it', async () => {
    const proxy = await SocksProxy.start({ map: { [hidden]: stub.current.address } });
    const pool = openPool(hidden, { lane, ...through(proxy) });
    pool.ready();
    const connections = await Promise.all([pool.checkOut(), pool.checkOut(), pool.checkOut()]);
    for (const connection of connections) {
      await expect(connection.command('admin', { echo: connection.id })).resolves.toMatchObject({ echo: connection.id });
      connection.checkIn();
    }

    expect(proxy.targets).toEqual([hidden, hidden, hidden]);
    expect(proxy).toMatchObject({ accepted: 3, connections: 3 });
    expect((await stub.current.status()).accepted).toBe(3);
    await pool.close();
    await proxy.untilClosed();
  });

  test('a monitor goes through it too', async () => {
    const proxy = await SocksProxy.start({ map: { [hidden]: stub.current.address } });
    const client = openClient(`mongodb://${hidden}/?directConnection=true`, { lane, ...through(proxy) });
    await expect(client.db('test').command({ echo: 1 })).resolves.toMatchObject({ echo: 1 });

    // The proxy's count is ahead for a moment.
    await stub.current.until(({ accepted }) => accepted === proxy.accepted);
    expect(new Set(proxy.targets)).toEqual(new Set([hidden]));
    await client.close();
    await proxy.untilClosed();
  });

  test('replies of any size come through it whole', async () => {
    const proxy = await SocksProxy.start();
    const pool = openPool(stub.current.address, { lane, ...through(proxy) });
    pool.ready();
    const connection = await pool.checkOut();
    const text = 'x'.repeat(3 << 20);
    const reply = await connection.command('admin', { echo: text });

    expect(reply['echo'] === text).toBe(true);
    connection.checkIn();
    expect(proxy.targets).toEqual([stub.current.address]);
  });

  test('a literal is sent as an address', async () => {
    const proxy = await SocksProxy.start({ map: { '[0:0:0:0:0:0:0:1]:27017': stub.current.address } });
    const pool = openPool('[::1]:27017', { lane, ...through(proxy) });
    pool.ready();
    (await pool.checkOut()).checkIn();

    expect(proxy.targets).toEqual(['[0:0:0:0:0:0:0:1]:27017']);
  });

  test.each([
    ['a wrong password', { proxyUsername: 'username', proxyPassword: 'hunter2' }, 'does not accept proxyUsername and proxyPassword'],
    ['no password', {}, 'requires a user and a password, and proxyUsername and proxyPassword are not given'],
  ])('%s is a network error that names the proxy, and shows no secret', async (_title, given, reason) => {
    const proxy = await SocksProxy.start({ credentials });
    const pool = openPool(stub.current.address, { lane, ...through(proxy), ...given });
    pool.ready();
    const failure = await pool.checkOut().catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(MongoNetworkError);
    expect(failure).toMatchObject({
      message: `SOCKS5 proxy ${proxy.host}:${proxy.port}: ${reason}`,
      address: pool.address,
      details: { phase: 'tcp' },
      // No load of the server's explains what a proxy does.
      errorLabels: [],
    });
    expect(inspect([failure, pool, pool.stats()], { depth: 9 })).not.toContain('hunter2');
    expect(proxy.targets).toEqual([]);
    expect(pool.stats().totalConnectionCount).toBe(0);
    await proxy.untilClosed();
  });

  test.each([
    [1, 'general failure (reply 1)'],
    [2, 'its rules do not allow the connection (reply 2)'],
    [4, "the server's host is unreachable (reply 4)"],
    [5, 'the server refused the connection (reply 5)'],
    [99, 'unknown failure (reply 99)'],
  ])('a refusal by reply %i says why', async (refuse, reason) => {
    const proxy = await SocksProxy.start({ refuse });
    const pool = openPool(stub.current.address, { lane, ...through(proxy) });
    pool.ready();
    const failure = await pool.checkOut().catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(MongoNetworkError);
    expect(failure).toMatchObject({ message: `SOCKS5 proxy ${proxy.host}:${proxy.port}: ${reason}`, errorLabels: [] });
    await proxy.untilClosed();
  });

  test('a proxy that is not there is no sign of overload', async () => {
    const proxy = await SocksProxy.start();
    const { port } = proxy;
    await proxy.close();
    const pool = openPool(stub.current.address, { lane, ...through({ host: proxy.host, port }) });
    pool.ready();
    const failure = await pool.checkOut().catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(MongoNetworkError);
    const message = new RegExp(`^SOCKS5 proxy ${proxy.host}:${port}: Connection refused`);
    expect(failure).toMatchObject({ message: expect.stringMatching(message) as string, errorLabels: [] });
  });

  test('a silent proxy is given up at connectTimeoutMS, and no sign of overload', async () => {
    const proxy = await SocksProxy.start({ silent: true });
    const pool = openPool(stub.current.address, { lane, connectTimeoutMS: 100, ...through(proxy) });
    pool.ready();
    const failure = await pool.checkOut().catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(MongoNetworkTimeoutError);
    expect(failure).toMatchObject({ details: { phase: 'tcp' }, errorLabels: [] });
    await proxy.untilClosed();
  });

  test('events name the server and not the proxy', async () => {
    const proxy = await SocksProxy.start({ map: { [hidden]: stub.current.address } });
    const client = openClient(`mongodb://${hidden}/?directConnection=true`, { lane, monitorCommands: true, ...through(proxy) });
    const log = new EventLog(client, [...poolEventNames, ...commandEventNames]);
    await client.db('test').command({ echo: 1 });
    await log.nth('connectionCheckedIn');

    expect(log.of('commandStarted')).toMatchObject([{ address: hidden }]);
    expect(log.of('connectionReady')).toMatchObject([{ address: hidden }]);
    expect(inspect(log.events, { depth: 9 })).not.toContain(proxy.host);
  });

  // Those of the specification's table that name one server. Its others name a replica set.
  describe('the specification says which connection strings succeed', () => {
    const mapped = 'localhost:12345';
    const known = { proxyUsername: credentials.username, proxyPassword: credentials.password };
    const unknown = { proxyUsername: 'nonexistentuser', proxyPassword: 'badauth' };

    const table: [proxy: 'asks' | 'does not ask', given: object, result: 'fails' | 'succeeds'][] = [
      ['asks', {}, 'fails'],
      ['does not ask', {}, 'succeeds'],
      ['asks', unknown, 'fails'],
      ['does not ask', unknown, 'succeeds'],
      ['asks', known, 'succeeds'],
    ];

    describe.each(['connection string', 'options'] as const)('given in the %s', (where) => {
      test.each(table)('a proxy that %s for a password, %j: %s', async (kind, given, result) => {
        const map = { [mapped]: stub.current.address };
        const proxy = await SocksProxy.start(kind === 'asks' ? { map, credentials } : { map });
        const options = { proxyHost: 'localhost', proxyPort: proxy.port, ...given };
        const query = Object.entries(options).map(([name, value]) => `&${name}=${value}`);
        const uri = `mongodb://${mapped}/?directConnection=true${where === 'options' ? '' : query.join('')}`;
        const client = openClient(uri, { lane, serverSelectionTimeoutMS: 200, ...(where === 'options' && options) });
        const outcome = await client.db('admin').command({ hello: 1 }).catch((error: unknown) => error);

        if (result === 'succeeds') expect(outcome).toMatchObject({ ok: 1 });
        else expect(outcome).toBeInstanceOf(MongoServerSelectionError);
        expect(proxy.accepted).toBeGreaterThan(0);
      });
    });
  });
});
