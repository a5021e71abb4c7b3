// `localhost` has two addresses on most machines, and a server listens at one of them.

import { MongoNetworkError } from 'ferropool';
import { expect, test } from 'vitest';

import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  test('a name is connected to at whichever of its addresses listens', async () => {
    const pool = openPool(`localhost:${stub.current.port}`, { lane });
    pool.ready();
    const connection = await pool.checkOut();

    await expect(connection.command('admin', { echo: 1 })).resolves.toMatchObject({ echo: 1 });
    connection.checkIn();
    expect(pool.address).toBe(`localhost:${stub.current.port}`);
    expect(pool.stats()).toMatchObject({ connectionsCreated: 1, connectionsReady: 1 });
  });

  test('a monitor reaches it in the same way', async () => {
    const client = openClient(`mongodb://localhost:${stub.current.port}/?directConnection=true`, { lane });
    await expect(client.db('test').command({ echo: 1 })).resolves.toMatchObject({ echo: 1 });
  });

  test('where none listens, the error is that of an address and carries the name', async () => {
    await stub.current.control({ refuse: true });
    const pool = openPool(`localhost:${stub.current.port}`, { lane });
    pool.ready();
    const failure = await pool.checkOut().catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(MongoNetworkError);
    expect(failure).toMatchObject({ address: pool.address, message: expect.stringMatching(/^Connection refused/) as string });
    expect(pool.stats()).toMatchObject({ totalConnectionCount: 0 });
  });

  test('a name that has no address is an error of its own phase, and no sign of overload', async () => {
    // DNS has no room for a label of 64 characters: nobody is asked.
    const pool = openPool(`${'a'.repeat(64)}.invalid`, { lane });
    pool.ready();
    const failure = await pool.checkOut().catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(MongoNetworkError);
    expect(failure).toMatchObject({ address: pool.address, details: { phase: 'dns' }, errorLabels: [] });
  });
});
