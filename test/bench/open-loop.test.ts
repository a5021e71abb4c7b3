import { expect, it } from 'vitest';

import { openLoop } from '../../bench/open-loop.mjs';

/** A clock that stands still but for turns of the loop, of a millisecond each, and for what blocks it. */
function clock() {
  let now = 0;
  return {
    now: () => now,
    turn: async () => {
      // What has ended is told first.
      await new Promise((resolve) => setImmediate(resolve));
      now += 1;
    },
    block: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

it('begins operations when they are due, whether others have ended or not', async () => {
  const machine = clock();
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const operation = () => {
    begun.push(machine.now());
    // Nothing ends before everything has begun.
    return new Promise<void>((resolve) => {
      ends.push(resolve);
      if (ends.length === 10) for (const end of ends) end();
    });
  };
  const { operations } = await openLoop(operation, 1000, 10, 0, machine);

  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(operations).toBe(10);
});

it('measures from when an operation was due, so that a stall is in the latency of all that it delays', async () => {
  const machine = clock();
  const begun: number[] = [];
  const operation = async () => {
    begun.push(machine.now());
    // The first one keeps the loop from beginning the next 49 in time.
    if (begun.length === 1) machine.block(50);
  };
  const { operations, p50MS, p99MS } = await openLoop(operation, 1000, 100, 0, machine);

  expect(operations).toBe(100);
  expect(begun.filter((time) => time === 50)).toHaveLength(50);
  // Due at 0, 1, … 49 and begun at 50: 50, 49, … 1 ms. The others are in time.
  expect(p99MS).toBe(50);
  expect(p50MS).toBe(1);
});

it('begins as many as the rate says, and waits for all', async () => {
  const machine = clock();
  const { operations, elapsedMS } = await openLoop(async () => {}, 8_000, 250, 0, machine);

  expect(operations).toBe(2_000);
  expect(elapsedMS).toBeGreaterThanOrEqual(249);
  expect(elapsedMS).toBeLessThanOrEqual(251);
});

it('does not count what is begun before it has settled', async () => {
  const machine = clock();
  let begun = 0;
  const operation = async () => {
    begun += 1;
    if (begun === 1) machine.block(20);
  };
  const { operations, p99MS } = await openLoop(operation, 1000, 10, 30, machine);

  expect({ begun, operations, p99MS }).toEqual({ begun: 40, operations: 10, p99MS: 0 });
});
