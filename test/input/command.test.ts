import { MongoInvalidArgumentError, type MongoClient } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const limit = 16 * 1024 * 1024 + 16 * 1024;

onBothLanes((lane) => {
  /** The command is refused, nothing of it was sent, and the client works as before. */
  const refuses = async (command: unknown, message: string | RegExp): Promise<Error> => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 1 });
    await client.connect();
    const error = await outcome(client, command);
    expect(error).toBeInstanceOf(MongoInvalidArgumentError);
    expect(error).toHaveProperty('code', 'FERROPOOL_INVALID_ARGUMENT');
    expect((error as Error).message).toMatch(message);
    if (typeof message === 'string') expect((error as Error).message).toBe(message);
    await expect(client.db('test').command({ echo: 'as before' })).resolves.toMatchObject({ echo: 'as before' });
    expect(client.pools()[0]).toMatchObject({ checkOutsStarted: 1, checkedOut: 1, inUseConnectionCount: 0 });
    return error as Error;
  };

  it.each([undefined, null, 5, 'ping', () => 5, Symbol('ping')])('a command that is no document: %s', async (command) => {
    await refuses(command, `The command must be a document, received ${String(command)}`);
  });

  it.each([{}, new Map()])('a command without a name: %s', async (command) => {
    await refuses(command, 'The command must not be empty');
  });

  it('an array', async () => {
    await refuses([{ ping: 1 }], 'The command cannot be serialized: serialize does not support an array as the root input');
  });

  it('a document that contains itself', async () => {
    const cycle: Record<string, unknown> = { echo: 1 };
    cycle['self'] = { deeper: [cycle] };
    const error = await refuses(cycle, 'The command cannot be serialized: Cannot convert circular structure to BSON');
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('a key that BSON cannot express', async () => {
    await refuses({ echo: { 'a\0b': 1 } }, 'The command cannot be serialized: key a\0b must not contain null bytes');
  });

  it('a getter and a toBSON that throw: what they threw is the cause', async () => {
    const thrown = new RangeError('mine');
    const getter = {
      echo: 1,
      get field(): number {
        throw thrown;
      },
    };
    const toBSON = {
      echo: {
        toBSON(): never {
          throw thrown;
        },
      },
    };
    for (const command of [getter, toBSON]) {
      const error = await refuses(command, 'The command cannot be serialized: mine');
      expect(error.cause).toBe(thrown);
    }
  });

  it.each([17, 100])('a string of %i MiB', async (mebibytes) => {
    const size = mebibytes * 1024 * 1024 + 23;
    await refuses({ echo: 1, s: 'x'.repeat(mebibytes * 1024 * 1024) }, `The command of ${size} bytes exceeds the limit of ${limit} bytes`);
  });

  it('a Buffer of 100 MiB', async () => {
    const size = 100 * 1024 * 1024 + 23;
    await refuses({ echo: 1, b: Buffer.alloc(100 * 1024 * 1024) }, `The command of ${size} bytes exceeds the limit of ${limit} bytes`);
  });

  it('the largest command is sent whole, and one byte more is refused', async () => {
    // Five bytes of the document, ten of `ping`, and eight around the string.
    const around = 5 + 10 + 8;
    const client = openClient(stub.current.uri, { lane });
    const command = (length: number): Promise<unknown> => client.db('test').command({ ping: 1, s: 'x'.repeat(length) });
    await expect(command(limit - around)).resolves.toMatchObject({ ok: 1 });
    await expect(command(limit - around + 1)).rejects.toThrow(`The command of ${limit + 1} bytes exceeds the limit of ${limit} bytes`);
  });

  it('every size around the send buffer arrives whole', async () => {
    const client = openClient(stub.current.uri, { lane });
    for (let length = 65_480; length <= 65_560; length += 4) {
      const text = 'é'.repeat(length / 2);
      const reply = await client.db('test').command({ echo: text });
      expect(reply['echo'] === text, `${length} bytes`).toBe(true);
    }
  });
});

async function outcome(client: MongoClient, command: unknown): Promise<unknown> {
  return client.db('test').command(command as never).then(
    () => undefined,
    (error: unknown) => error,
  );
}
