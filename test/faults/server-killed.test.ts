// A real server is killed under load and started again: everybody is told, and the same client goes on.

import { MongoError, MongoNetworkError, MongoServerSelectionError, type MongoClient } from 'ferropool';
import { expect, test } from 'vitest';

import { EventLog } from '../support/events';
import { onBothLanes, openClient } from '../support/lanes';
import { describeWithMongod, useMongod } from '../support/mongod';

const workers = 64;

describeWithMongod('a server that is killed under load and started again', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    test('every command settles, commands work again, and no old connection is handed out', async () => {
      const client = openClient(mongod.current.uri, { lane, maxPoolSize: 10, heartbeatFrequencyMS: 500 });
      await client.connect();
      const log = new EventLog(client);
      const load = new Load(client);
      for (let round = 0; round < 2; round += 1) {
        await load.moreRepliesForEach(20);
        await mongod.current.kill();
        await log.nth('connectionPoolCleared', round + 1);
        await mongod.current.restart();
        await load.moreRepliesForEach(20);
      }
      await load.stop();

      expect(load.settled).toBe(load.started);
      expect(load.errors.length).toBeGreaterThan(0);
      for (const error of load.errors) expect(isTyped(error), String(error)).toBe(true);
      expect(handedOutAfterClear(log)).toEqual([]);
      const [pool] = client.pools();
      expect(pool).toMatchObject({ state: 'ready', inUseConnectionCount: 0, waitQueueSize: 0, eventsLost: 0 });
      const { poolClosed, timeout, connectionError } = pool?.checkOutsFailed ?? { poolClosed: 0, timeout: 0, connectionError: 0 };
      expect(pool?.checkOutsStarted).toBe((pool?.checkedOut ?? 0) + poolClosed + timeout + connectionError);
    }, 60_000);
  });
});

/** Workers that each send one command after another, and count what becomes of them. */
class Load {
  started = 0;
  settled = 0;
  readonly errors: unknown[] = [];
  readonly #replies = Array.from({ length: workers }, () => 0);
  readonly #running: Promise<void>[];
  #isStopped = false;
  #changed: () => void = () => undefined;

  constructor(client: MongoClient) {
    this.#running = this.#replies.map((_, worker) => this.#work(client, worker));
  }

  /** Resolves when each worker has had so many more replies. */
  async moreRepliesForEach(count: number): Promise<void> {
    const goals = this.#replies.map((replies) => replies + count);
    while (goals.some((goal, worker) => (this.#replies[worker] ?? 0) < goal)) {
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running);
  }

  async #work(client: MongoClient, worker: number): Promise<void> {
    while (!this.#isStopped) {
      this.started += 1;
      try {
        const reply = await client.db('t').command({ find: 'c', filter: { _id: worker }, limit: 1 });
        expect(reply['ok']).toBe(1);
        this.#replies[worker] = (this.#replies[worker] ?? 0) + 1;
      } catch (error) {
        this.errors.push(error);
      }
      this.settled += 1;
      this.#changed();
    }
  }
}

function isTyped(error: unknown): boolean {
  const isOfTheNetwork = error instanceof MongoNetworkError || error instanceof MongoServerSelectionError;
  return isOfTheNetwork && error instanceof MongoError && error.code !== undefined && error.address !== undefined;
}

/** Connections that were checked out after a clear and created before it. There must be none. */
function handedOutAfterClear(log: EventLog): number[] {
  let createdBefore = new Set<number>();
  const created = new Set<number>();
  const old: number[] = [];
  for (const event of log.events) {
    if (event.name === 'connectionPoolCleared') createdBefore = new Set(created);
    if (event.name === 'connectionCreated') created.add(event.connectionId);
    if (event.name === 'connectionCheckedOut' && createdBefore.has(event.connectionId)) old.push(event.connectionId);
  }
  return old;
}
