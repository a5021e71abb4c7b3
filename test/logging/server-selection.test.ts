import { expect, it } from 'vitest';

import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { LogBook } from '../support/logs.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const nobody = 'mongodb://127.0.0.1:1/?directConnection=true';

onBothLanes((lane) => {
  const base = { t: expect.any(Date), c: 'serverSelection', s: 'debug', operation: 'ping', topologyDescription: expect.any(String) };

  it('tells of a selection that waits for the first check, and of one that does not', async () => {
    const book = new LogBook();
    const client = openClient(stub.current.uri, { lane, ...book.options({ serverSelection: 'debug' }), serverSelectionTimeoutMS: 9000 });
    await client.db('shop').command({ ping: 1 });
    const selector = '{"mode":"primary"}';
    const server = { serverHost: '127.0.0.1', serverPort: stub.current.port };
    const started = { ...base, selector, message: 'Server selection started' };
    const succeeded = { ...base, selector, message: 'Server selection succeeded', ...server };
    const waiting = { ...base, s: 'info', selector, message: 'Waiting for suitable server to become available', remainingTimeMS: 9000 };
    expect(book.logs).toEqual([started, waiting, succeeded]);
    const known = book.logs.map(({ topologyDescription }) => JSON.parse(topologyDescription as string) as { servers: { type: string }[] });
    expect(known.map(({ servers }) => servers[0]?.type)).toEqual(['Unknown', 'Unknown', 'Standalone']);
    await client.db('shop').command({ ping: 1 }, { readPreference: 'nearest' });
    expect(book.logs.slice(3)).toEqual([
      { ...started, selector: '{"mode":"nearest"}' },
      { ...succeeded, selector: '{"mode":"nearest"}' },
    ]);
  });

  it('tells of one that fails, without saying twice what is known', async () => {
    const book = new LogBook();
    const client = openClient(nobody, { lane, ...book.options({ serverSelection: 'debug' }), serverSelectionTimeoutMS: 50 });
    await expect(client.db('shop').command({ ping: 1 })).rejects.toThrow();
    expect(book.messages).toEqual([
      'Server selection started',
      'Waiting for suitable server to become available',
      'Server selection failed',
    ]);
    const failed = book.logs.at(-1);
    expect(failed).toMatchObject({ ...base, failure: { name: 'MongoServerSelectionError', code: 'FERROPOOL_SERVER_SELECTION' } });
    expect(failed?.['failure']).not.toHaveProperty('details');
  });

  it('at the level info tells only of selections that wait, once for each', async () => {
    const book = new LogBook();
    const client = openClient(nobody, {
      lane,
      ...book.options({ serverSelection: 'info' }),
      serverSelectionTimeoutMS: 200,
      heartbeatFrequencyMS: 20,
      minHeartbeatFrequencyMS: 10,
    });
    const select = (): Promise<unknown> => expect(client.db('shop').command({ find: 'c' })).rejects.toThrow();
    await Promise.all([select(), select()]);
    const waiting = ['info', 'Waiting for suitable server to become available', 'find'];
    expect(book.logs.map(({ s, message, operation }) => [s, message, operation])).toEqual([waiting, waiting]);
  });

  it('names what is no command', async () => {
    const book = new LogBook();
    const client = openClient(stub.current.uri, { lane, ...book.options({ serverSelection: 'debug' }) });
    await client.connect();
    (await client.checkOut()).checkIn();
    await client.warm({ min: 1 });
    expect(book.of('Server selection started').map(({ operation }) => operation)).toEqual(['connect', 'checkOut', 'warm']);
  });

  it('is not for a pool without a topology', async () => {
    const book = new LogBook();
    const pool = openPool(stub.current.address, { lane, ...book.options({ serverSelection: 'trace' }) });
    pool.ready();
    (await pool.checkOut()).checkIn();
    await pool.close();
    expect(book.logs).toEqual([]);
  });
});
