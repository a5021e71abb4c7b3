import { setMaxListeners } from 'node:events';

import { MongoPoolClosedError, MongoWaitQueueTimeoutError, type Connection, type ConnectionPool } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openPool, type Lane } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const total = 100_000;
const wave = 3_000;

interface Outcomes {
  taken: number;
  aborted: number;
  timedOut: number;
}

onBothLanes((lane) => {
  it(
    'started - (checkedOut + failed) is 0 after 100,000 check-outs of which a third are aborted and a third time out',
    { timeout: 120_000 },
    async () => {
      const { pool, counted } = openCounted(lane);
      pool.ready();
      const outcomes: Outcomes = { taken: 0, aborted: 0, timedOut: 0 };
      for (let started = 0; started < total; started += wave) {
        await runWave(pool, Math.min(wave, total - started), outcomes);
      }
      expect(outcomes.taken + outcomes.aborted + outcomes.timedOut).toBe(total);
      expect(outcomes.aborted).toBeGreaterThan(total * 0.3);
      expect(outcomes.timedOut).toBeGreaterThan(total * 0.3);

      const stats = pool.stats();
      expect(stats.checkOutsFailed).toEqual({ poolClosed: 0, timeout: outcomes.timedOut, connectionError: outcomes.aborted });
      // Besides the third that is served, each wave holds every connection while the others wait.
      const holders = Math.ceil(total / wave) * 4;
      expect(stats).toMatchObject({ checkOutsStarted: total + holders, checkedOut: outcomes.taken + holders, waitQueueSize: 0, inUseConnectionCount: 0, eventsLost: 0 });
      // What listeners heard is what the pool counted.
      expect(counted).toEqual({ started: stats.checkOutsStarted, checkedOut: stats.checkedOut, failed: outcomes.timedOut + outcomes.aborted, checkedIn: stats.checkedOut });
      await pool.close();
      await expect(pool.checkOut()).rejects.toThrow(MongoPoolClosedError);
    },
  );
});

/** A wait queue in which every third gives up, every third runs out of time, and every third is served. */
async function runWave(pool: ConnectionPool, size: number, outcomes: Outcomes): Promise<void> {
  const held = await Promise.all(Array.from({ length: 4 }, () => pool.checkOut()));
  const controller = new AbortController();
  // One signal for a thousand, which is no leak.
  setMaxListeners(0, controller.signal);
  const late: Promise<void>[] = [];
  const patient: Promise<void>[] = [];
  for (let index = 0; index < size; index += 1) {
    if (index % 3 === 0) late.push(settle(pool.checkOut({ signal: controller.signal }), outcomes));
    else if (index % 3 === 1) late.push(settle(pool.checkOut({ timeoutMS: 1 + (index % 7) }), outcomes));
    else patient.push(settle(pool.checkOut(), outcomes));
  }
  controller.abort();
  await Promise.all(late);
  for (const connection of held) connection.checkIn();
  await Promise.all(patient);
}

async function settle(checkOut: Promise<Connection>, outcomes: Outcomes): Promise<void> {
  try {
    const connection = await checkOut;
    outcomes.taken += 1;
    connection.checkIn();
  } catch (error) {
    if (error instanceof MongoWaitQueueTimeoutError) outcomes.timedOut += 1;
    else if ((error as Error).name === 'AbortError') outcomes.aborted += 1;
    else throw error;
  }
}

function openCounted(lane: Lane): { pool: ConnectionPool; counted: Record<string, number> } {
  const pool = openPool(stub.current.address, { lane, maxPoolSize: 4, maxConnecting: 4 });
  const counted = { started: 0, checkedOut: 0, failed: 0, checkedIn: 0 };
  pool.on('connectionCheckOutStarted', () => {
    counted.started += 1;
  });
  pool.on('connectionCheckedOut', () => {
    counted.checkedOut += 1;
  });
  pool.on('connectionCheckOutFailed', () => {
    counted.failed += 1;
  });
  pool.on('connectionCheckedIn', () => {
    counted.checkedIn += 1;
  });
  return { pool, counted };
}
