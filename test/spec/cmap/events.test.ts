import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { EventRecorder } from './events.mjs';

function recorder() {
  const pool = new EventEmitter();
  return { pool, recorder: new EventRecorder(pool as unknown as ConstructorParameters<typeof EventRecorder>[0]) };
}

describe('the recorded events of a pool', () => {
  it("have the specification's type and duration, and every field", () => {
    const { pool, recorder: recorded } = recorder();
    pool.emit('connectionCheckedOut', { name: 'connectionCheckedOut', address: 'a:1', connectionId: 7, durationMS: 0 });
    pool.emit('connectionPoolReady', { name: 'connectionPoolReady', address: 'a:1' });
    expect(recorded.events).toEqual([
      { type: 'ConnectionCheckedOut', address: 'a:1', connectionId: 7, duration: 0 },
      { type: 'ConnectionPoolReady', address: 'a:1' },
    ]);
  });

  it('are waited for by their number from the start of the test on', async () => {
    const { pool, recorder: recorded } = recorder();
    pool.emit('connectionCreated', {});
    await recorded.waitFor('ConnectionCreated', 1, 0);
    let arrived = false;
    const second = recorded.waitFor('ConnectionCreated', 2, 10_000).then(() => {
      arrived = true;
    });
    pool.emit('connectionReady', {});
    await Promise.resolve();
    expect(arrived).toBe(false);
    pool.emit('connectionCreated', {});
    await second;
  });

  it('are not waited for longer than the limit', async () => {
    await expect(recorder().recorder.waitFor('ConnectionClosed', 2, 5)).rejects.toThrow(
      'ConnectionClosed has occurred 0 times in 5 ms, not 2',
    );
  });

  it('are refused by a name that no event has', async () => {
    await expect(recorder().recorder.waitFor('ConnectionLost', 1, 5)).rejects.toThrow('there is no event ConnectionLost');
  });
});
