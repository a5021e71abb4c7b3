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
