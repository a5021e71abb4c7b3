// JavaScript is busy for three seconds. The core's clocks, handshakes and monitor are not JavaScript's business.

import { MongoOperationTimeoutError, MongoWaitQueueTimeoutError } from 'ferropool';
import { describe, expect, test } from 'vitest';

import { EventLog } from '../support/events';
import { onBothLanes, openClient, openPool } from '../support/lanes';
import { useStub } from '../support/stub';

const blockMS = 3_000;

describe('while the event loop is blocked for three seconds', () => {
  const stub = useStub();

  onBothLanes((lane) => {
    test('the reaper, the population, time-outs and the monitor go on', async () => {
      const idle = openPool(stub.current.address, { lane, maxIdleTimeMS: 500 });
      const idleLog = new EventLog(idle);
      idle.ready();
      (await idle.checkOut()).checkIn();

      const full = openPool(stub.current.address, { lane, maxPoolSize: 1, waitQueueTimeoutMS: 700 });
      const fullLog = new EventLog(full);
      full.ready();
      const holder = await full.checkOut();

      const slow = openPool(stub.current.address, { lane });
      const slowLog = new EventLog(slow);
      slow.ready();
      const busy = await slow.checkOut();

      const watched = openClient(stub.current.uri, { lane, heartbeatFrequencyMS: 500 });
      await watched.connect();

      await stub.current.failPoint('alwaysOn', { failCommands: ['ping'], blockConnection: true, blockTimeMS: 10_000 });
      await stub.current.control({ helloDelayMS: 200, resetCounters: true });
      const populated = openPool(stub.current.address, { lane, minPoolSize: 10, maxConnecting: 2 });
      const populatedLog = new EventLog(populated);
      populated.ready();
      const waiter = full.checkOut().catch((error: unknown) => error);
      const command = busy.command('t', { ping: 1 }, { timeoutMS: 900 }).catch((error: unknown) => error);

      const from = Date.now();
      while (Date.now() < from + blockMS);
      const inside = { from, to: Date.now() };

      expect(idleLog.of('connectionClosed')).toEqual([]);
      const reaped = await idleLog.nth('connectionClosed');
      expect(reaped.reason).toBe('idle');
      expectInside(reaped.time, inside);

      await populatedLog.nth('connectionReady', 10);
      for (const { time } of populatedLog.of('connectionReady')) expectInside(time, inside);

      expect(await waiter).toBeInstanceOf(MongoWaitQueueTimeoutError);
      const failed = await fullLog.nth('connectionCheckOutFailed');
      expect(failed.reason).toBe('timeout');
      expectInside(failed.time, inside);
      expect(failed.durationMS).toBeLessThan(blockMS);

      expect(await command).toBeInstanceOf(MongoOperationTimeoutError);
      const timedOut = await slowLog.nth('connectionClosed');
      expect(timedOut.reason).toBe('error');
      expectInside(timedOut.time, inside);

      // Ten connections said hello; what is more is the monitor's.
      expect((await stub.current.status()).helloSeen).toBeGreaterThanOrEqual(10 + 3);
      expect(watched.pools()[0]).toMatchObject({ state: 'ready', cleared: 0 });
      holder.checkIn();
      busy.checkIn();
    });
  });
});

function expectInside(time: Date, { from, to }: { from: number; to: number }): void {
  expect(time.getTime()).toBeGreaterThanOrEqual(from);
  // Not at the very end, when JavaScript had its turn again.
  expect(time.getTime()).toBeLessThan(to - 200);
}
