import { MongoInvalidArgumentError, MongoParseError } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

/** With these, bson refuses to decode an int64. */
const undecodable = { useBigInt64: true, promoteLongs: false };

onBothLanes((lane) => {
  it('replies that cannot be decoded leave none of their batch unsettled', async () => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 32 });
    await client.warm({ min: 32 });
    for (let round = 0; round < 10; round += 1) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 128 }, (_, index) =>
          client.db('test').command({ echo: 2n ** 60n + BigInt(index) }, index % 3 === 0 ? undecodable : { useBigInt64: true }),
        ),
      );
      outcomes.forEach((outcome, index) => {
        if (index % 3 === 0) expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(MongoParseError) as Error });
        else expect(outcome).toMatchObject({ status: 'fulfilled', value: { echo: 2n ** 60n + BigInt(index) } });
      });
    }
    expect(client.pools()[0]).toMatchObject({ availableConnectionCount: 32, inUseConnectionCount: 0, waitQueueSize: 0 });
  });

  it('neither do commands that cannot be serialized among those that can', async () => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 4 });
    await client.connect();
    const refuse = {
      toBSON(): never {
        throw new Error('refused');
      },
    };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 128 }, (_, index) => client.db('test').command({ echo: index % 3 === 0 ? refuse : index })),
    );
    outcomes.forEach((outcome, index) => {
      if (index % 3 === 0) expect(outcome).toMatchObject({ reason: expect.any(MongoInvalidArgumentError) as Error });
      else expect(outcome).toMatchObject({ value: { echo: index } });
    });
  });

  it('a callback that throws where a promise settles does not reach the others', async () => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 8 });
    await client.connect();
    const settled = await Promise.allSettled(
      Array.from({ length: 64 }, async (_, index) => {
        const reply = await client.db('test').command({ echo: index });
        if (index % 2 === 0) throw new Error(`of ${index}`);
        return reply['echo'] as number;
      }),
    );
    expect(settled.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as Error).message))).toEqual(
      Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? `of ${index}` : index)),
    );
  });

  it('an error that the server replies with settles its own command alone', async () => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 8 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, (_, index) => client.db('test').command(index % 2 === 0 ? { [`no${index}`]: 1 } : { echo: index })),
    );
    outcomes.forEach((outcome, index) => {
      if (index % 2 === 0) expect(outcome).toMatchObject({ reason: { name: 'MongoServerError', code: 59, message: `no such command: 'no${index}'` } });
      else expect(outcome).toMatchObject({ value: { echo: index } });
    });
  });

  it('replies that no buffer of the lane can hold come with the others, each to its own command', async () => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 8 });
    const texts = Array.from({ length: 24 }, (_, index) => String.fromCodePoint(97 + index).repeat(index % 4 === 0 ? 700_000 + index : index));
    for (let round = 0; round < 3; round += 1) {
      const replies = await Promise.all(texts.map((echo) => client.db('test').command({ echo })));
      // A difference of megabytes is not worth printing.
      expect(replies.map((reply, index) => reply['echo'] === texts[index])).toEqual(texts.map(() => true));
    }
  });
});
