import { MongoServerError } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
/** What holds the replies of a turn. */
const SLAB = 512 << 10;

onBothLanes((lane) => {
  // The server's error repeats the name of a command that it does not know, so that its length is ours to choose.
  it('an error reply is whole on both sides of what a slab holds', async () => {
    const client = openClient(stub.current.uri, { lane });
    for (const length of [SLAB - 200, ...Array.from({ length: 60 }, (_, at) => SLAB - 120 + 2 * at), SLAB + 200, 2 * SLAB]) {
      const name = 'n'.repeat(length);
      const error = await client.db('test').command({ [name]: 1 }).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(MongoServerError);
      expect((error as MongoServerError).code).toBe(59);
      expect((error as MongoServerError).message === `no such command: '${name}'`).toBe(true);
    }
    await expect(client.db('test').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
  });
});
