// A client under a steady load of writes while its replica set suffers: what each fault did to it.

import { setTimeout as sleep } from 'node:timers/promises';

import { now } from '../clock.mjs';

const stormMS = 10_000;
/** A load is steady when the writes of the last second took no longer than this. */
const steadyMS = 100;

/**
 * Jobs: `{ start: { uri, options, perSecond, warmUpMS } }` begins the load. `{ settle: address }` is answered once it goes well and the server has
 * just been heard from, so that everybody has as long to notice its silence. `{ stop: [{ name, sent, at, electedAt }] }` ends it, and is answered
 * with the figures of each fault.
 */
export function subject(open) {
  let client;
  let load;
  let books;
  return async ({ start, settle, stop }) => {
    if (start) {
      client = open(start.uri, start.options);
      books = new Books(client);
      await client.connect();
      load = new SteadyWrites(client, start.perSecond);
      await sleep(start.warmUpMS);
      return { writes: load.operations.length };
    }
    if (settle) {
      for (let left = 200; left > 0 && !load.isSteady; left -= 1) await sleep(100);
      await heartbeatOf(client, settle);
      return { steady: load.isSteady };
    }
    await load.stop();
    const ends = [...stop.slice(1).map(({ sent }) => sent), now()];
    const figures = stop.map((fault, index) => ({ ...load.figures(fault, ends[index]), ...books.figures(fault, ends[index]) }));
    await client.close();
    return { figures };
  };
}

function heartbeatOf(client, address) {
  return new Promise((resolve) => {
    client.on('serverHeartbeatSucceeded', ({ connectionId }) => connectionId === address && resolve());
  });
}

/** Writes that begin at a steady rate, whatever becomes of those before. */
class SteadyWrites {
  operations = [];
  #running = new Set();
  #timer;

  constructor(client, perSecond) {
    const begin = now();
    this.#timer = setInterval(() => {
      const due = ((now() - begin) / 1000) * perSecond;
      while (this.operations.length < due) this.#begin(client);
    }, 1000 / perSecond);
  }

  #begin(client) {
    const operation = { begin: now(), end: undefined, error: undefined };
    this.operations.push(operation);
    const running = client
      .insert({ _id: this.operations.length, text: 'x'.repeat(100) })
      .catch((error) => (operation.error = `${error.name}: ${error.message}`.slice(0, 120)))
      .finally(() => {
        operation.end = now();
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  async stop() {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
  }

  get isSteady() {
    const since = now() - 1_000;
    const recent = this.operations.filter(({ begin, end }) => begin >= since || !end || end >= since);
    return recent.every(({ begin, end, error }) => !error && (end ?? now()) - begin < steadyMS);
  }

  /** Of the time from a fault to `end`. */
  figures({ at, sent, electedAt }, end) {
    const ended = this.operations.filter((operation) => operation.end >= sent && operation.end < end);
    const failed = ended.filter(({ error }) => error);
    const after = ended.filter(({ begin }) => begin >= at);
    const first = Math.min(...after.filter(({ error }) => !error).map((operation) => operation.end));
    // The load writes every few milliseconds: when the next write is due is not the client's either.
    const begin = Math.min(...after.map((operation) => operation.begin));
    const errors = {};
    for (const { error } of failed) errors[error] = (errors[error] ?? 0) + 1;
    return {
      firstWriteMS: first - begin,
      // What the servers take for an election is not the client's.
      reactionMS: electedAt && first - electedAt,
      pauseMS: this.#longestPause(sent, end),
      failed: failed.length,
      slowestMS: Math.max(...ended.map((operation) => operation.end - operation.begin)),
      errors,
    };
  }

  /** Between two that succeeded, of which the second ended in that time. */
  #longestPause(begin, end) {
    const times = this.operations.filter(({ error, end }) => end && !error).map((operation) => operation.end);
    times.sort((one, other) => one - other);
    return Math.max(...times.map((time, index) => (time >= begin && time < end && index > 0 ? time - times[index - 1] : 0)));
  }
}

/** What each pool has, by its events, each with the time at which JavaScript heard of it. */
class Books {
  #created = [];
  /** The most that one pool had, whenever that changed. */
  #levels = [];
  #cleared = [];

  constructor(client) {
    const pools = new Map();
    const poolOf = (address) => {
      if (!pools.has(address)) pools.set(address, { pending: new Set(), open: new Set() });
      return pools.get(address);
    };
    client.on('connectionPoolCreated', ({ address }) => pools.delete(address));
    client.on('connectionPoolCleared', () => this.#cleared.push(now()));
    client.on('connectionCreated', ({ address, connectionId }) => {
      const { pending, open } = poolOf(address);
      pending.add(connectionId);
      open.add(connectionId);
      this.#created.push(now());
      this.#levels.push({ time: now(), pending: pending.size, open: open.size });
    });
    client.on('connectionReady', ({ address, connectionId }) => poolOf(address).pending.delete(connectionId));
    client.on('connectionClosed', ({ address, connectionId }) => {
      const { pending, open } = poolOf(address);
      pending.delete(connectionId);
      open.delete(connectionId);
    });
  }

  figures({ sent }, end) {
    const levels = this.#levels.filter(({ time }) => time >= sent && time < end);
    return {
      opened: this.#created.filter((time) => time >= sent && time < sent + stormMS).length,
      mostPending: Math.max(0, ...levels.map(({ pending }) => pending)),
      mostOpen: Math.max(0, ...levels.map(({ open }) => open)),
      cleared: this.#cleared.filter((time) => time >= sent && time < end).length,
    };
  }
}
