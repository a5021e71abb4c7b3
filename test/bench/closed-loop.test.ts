import { expect, it } from 'vitest';

import { closedLoop } from '../../bench/closed-loop.mjs';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('keeps so many in flight, no more', async () => {
  let inFlight = 0;
  let most = 0;
  const { operations } = await closedLoop(
    async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await turn();
      inFlight -= 1;
    },
    8,
    5,
  );
  expect(most).toBe(8);
  expect(operations).toBeGreaterThan(0);
  expect(inFlight).toBe(0);
});

it('takes what an operation says for its latency', async () => {
  const { p50MS, p99MS } = await closedLoop(async () => turn().then(() => 123), 2, 5);
  expect([p50MS, p99MS]).toEqual([123, 123]);
});

it('fails when an operation does', async () => {
  const failing = closedLoop(() => Promise.reject(new Error('not the document')), 1, 5);
  await expect(failing).rejects.toThrow('not the document');
});

it('counts what ends from when as many have ended as are in flight', async () => {
  let begun = 0;
  const operation = async () => {
    begun += 1;
    // The first eight take what a cold process takes.
    const first = begun <= 8;
    await turn();
    return first ? 1_000 : 1;
  };
  const { operations, p99MS } = await closedLoop(operation, 8, 5);

  expect(p99MS).toBe(1);
  expect(begun - operations).toBeGreaterThanOrEqual(8);
});
