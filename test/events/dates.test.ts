import { expect, it } from 'vitest';

import { onBothLanes, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

// Events of one millisecond may have the same date.
onBothLanes((lane) => {
  it('gives an event its own time, whatever a listener does to the date of the one before', async () => {
    const pool = openPool(stub.current.address, { lane });
    const before = Date.now();
    const times: number[] = [];
    for (const name of ['connectionCheckOutStarted', 'connectionCheckedOut', 'connectionCheckedIn'] as const) {
      pool.on(name, ({ time }: { time: Date }) => {
        times.push(time.getTime());
        time.setTime(0);
      });
    }
    pool.ready();
    (await pool.checkOut()).checkIn();
    for (let pairs = 0; pairs < 1_000; pairs += 1) pool.tryCheckOut()?.checkIn();
    expect(times).toHaveLength(3 * 1_001);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(before - 1);
    await pool.close();
  });
});
