import type { Document } from 'bson';
import { expect, it } from 'vitest';

import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const long = 'l'.repeat(5_000);

// bson serializes into one buffer of its own, so a command that is begun while another one is being serialized
// has to wait for it: it goes out in the next microtask.
onBothLanes((lane) => {
  it('a toBSON may run commands on its client, and both arrive whole', async () => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 4 });
    const inner: Promise<Document>[] = [];
    const echo = {
      toBSON() {
        inner.push(client.db('inner').command({ echo: { inner: inner.length, long } }));
        return { outer: true };
      },
    };
    const outer = await client.db('outer').command({ echo: [echo, 'between', echo, long] });
    expect(outer['echo']).toEqual([{ outer: true }, 'between', { outer: true }, long]);
    const replies = await Promise.all(inner);
    expect(replies.map((reply) => reply['echo'] as unknown)).toEqual([
      { inner: 0, long },
      { inner: 1, long },
    ]);
  });

  it('so may a getter, of a command that is larger than the send buffer', async () => {
    const client = openClient(stub.current.uri, { lane });
    await client.connect();
    const huge = 'h'.repeat(100_000);
    const inner: Promise<Document>[] = [];
    const command = {
      get echo() {
        inner.push(client.db('inner').command({ echo: huge }));
        return huge;
      },
    };
    const outer = await client.db('outer').command(command);
    expect(outer['echo'] === huge).toBe(true);
    // The buffer was too small at first, so the getter was asked again.
    expect(inner.length).toBeGreaterThan(0);
    for (const reply of await Promise.all(inner)) expect(reply['echo'] === huge).toBe(true);
  });

  it('a toBSON may check a connection out and back in, with listeners that run commands', async () => {
    const pool = openPool(stub.current.address, { lane });
    const other = openClient(stub.current.uri, { lane });
    await other.connect();
    const listened: Promise<Document>[] = [];
    pool.on('connectionCheckedOut', () => listened.push(other.db('inner').command({ echo: 'of the listener' })));
    pool.ready();
    (await pool.checkOut()).checkIn();
    const echo = {
      toBSON() {
        const connection = pool.tryCheckOut();
        connection?.checkIn();
        return connection?.id;
      },
    };
    await expect(other.db('outer').command({ echo })).resolves.toMatchObject({ echo: 1 });
    expect(await Promise.all(listened)).toEqual([
      expect.objectContaining({ echo: 'of the listener' }),
      expect.objectContaining({ echo: 'of the listener' }),
    ]);
  });

  it('a toBSON that runs a command and then throws fails its own command alone', async () => {
    const client = openClient(stub.current.uri, { lane });
    const inner: Promise<Document>[] = [];
    const echo = {
      toBSON(): never {
        inner.push(client.db('inner').command({ echo: 'sent' }));
        throw new Error('not sent');
      },
    };
    await expect(client.db('outer').command({ echo })).rejects.toThrow('The command cannot be serialized: not sent');
    expect(await inner[0]).toMatchObject({ echo: 'sent' });
  });
});
