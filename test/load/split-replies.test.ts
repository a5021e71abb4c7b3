// A reply may arrive in pieces, cut anywhere.

import { expect, test } from 'vitest';

import { onBothLanes, openPool } from '../support/lanes';
import { startSplittingServer } from './splitting-server';

onBothLanes((lane) => {
  test('a reply that arrives in two pieces is whole, wherever it is cut', async () => {
    const server = await startSplittingServer();
    const pool = openPool(server.address, { lane });
    pool.ready();
    const connection = await pool.checkOut();
    await connection.command('t', { echo: 'text' });
    const { lastLength } = server;
    for (let cutAt = 0; cutAt < lastLength; cutAt += 1) {
      server.cutAt = cutAt;
      expect(await connection.command('t', { echo: 'text' })).toEqual({ ok: 1, echo: 'text' });
    }
    connection.checkIn();
    expect(lastLength).toBeGreaterThan(40);
    expect(pool.stats().connectionsReady).toBe(1);
  });

  test('a hello that arrives in two pieces establishes a connection, wherever it is cut', async () => {
    const server = await startSplittingServer();
    const pool = openPool(server.address, { lane, maxConnecting: 50 });
    pool.ready();
    (await pool.checkOut()).checkIn();
    const { lastLength } = server;
    for (let cutAt = 1; cutAt < lastLength; cutAt += 1) {
      server.cutAt = cutAt;
      pool.clear();
      pool.ready();
      (await pool.checkOut()).checkIn();
    }

    expect(pool.stats().connectionsReady).toBe(lastLength);
    expect(pool.stats().checkOutsFailed).toEqual({ poolClosed: 0, timeout: 0, connectionError: 0 });
  });

  test('a large reply cut near either end, and replies cut on many connections at once', async () => {
    const server = await startSplittingServer();
    const pool = openPool(server.address, { lane, maxPoolSize: 20 });
    pool.ready();
    const connections = await Promise.all(Array.from({ length: 20 }, () => pool.checkOut()));
    const text = 'x'.repeat(600 << 10);
    for (const cutAt of [1, 3, 4, 15, 16, 20, 21, 65_535, 65_536, 512 << 10, text.length + 30]) {
      server.cutAt = cutAt;
      const replies = await Promise.all(connections.map(({ id }, at) => connections[at]?.command('t', { echo: `${id}${text}` })));
      for (const [at, reply] of replies.entries()) expect(reply?.['echo'] === `${connections[at]?.id}${text}`).toBe(true);
    }
    for (const connection of connections) connection.checkIn();
  });
});
