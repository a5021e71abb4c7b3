// The floor calls the core's native functions as `ts/lane.ts` does, so that what these ask for is asked of it too.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { openRawLane } from '../../bench/floor/raw-lane.mjs';
import { startStub } from '../../scripts/stub.mjs';

let stub: Awaited<ReturnType<typeof startStub>>;

beforeAll(async () => {
  stub = await startStub(['--canned']);
});

afterAll(() => stub.stop());

it.each([
  ['event-loop', true],
  ['tokio', false],
])('a lane without the package around it does what is measured, %s', async (_name, eventLoop) => {
  const lane = await openRawLane(eventLoop, stub.uri, { minPoolSize: 2, maxPoolSize: 2 });
  lane.pair();
  const giveBack = lane.holdAll();
  const pinged = lane.completed(() => lane.ping(0));
  expect(lane.lookUp()).toBe(1);
  giveBack();
  await pinged;
  expect(lane.lookUp()).toBe(0);
  await lane.close();
});
