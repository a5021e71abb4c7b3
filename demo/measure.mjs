// What is counted while the workload runs: over the whole run, and since the last look.

import { createHistogram } from 'node:perf_hooks';

/** Durations in milliseconds, kept as microseconds. */
class Latencies {
  #total = createHistogram();
  #recent = createHistogram();

  record(milliseconds) {
    // The histogram counts from 1.
    const microseconds = Math.max(1, Math.round(milliseconds * 1000));
    this.#total.record(microseconds);
    this.#recent.record(microseconds);
  }

  total() {
    return percentiles(this.#total);
  }

  /** Those since the last call. */
  recent() {
    const recent = percentiles(this.#recent);
    this.#recent.reset();
    return recent;
  }
}

function percentiles(histogram) {
  if (histogram.count === 0) return { count: 0, p50: 0, p99: 0, max: 0 };
  const { count, max } = histogram;
  return { count, p50: histogram.percentile(50) / 1000, p99: histogram.percentile(99) / 1000, max: max / 1000 };
}

const routine = ['connectionCheckOutStarted', 'connectionCheckedOut', 'connectionCheckedIn'];
const notable = [
  'connectionPoolCreated',
  'connectionPoolReady',
  'connectionPoolCleared',
  'connectionPoolClosed',
  'connectionCreated',
  'connectionReady',
  'connectionClosed',
  'connectionCheckOutFailed',
];

/** Everything that a view and the summary show. */
export class Measure {
  succeeded = 0;
  failed = 0;
  sentAgain = 0;
  /** What the first command to fail failed with. */
  firstError;
  events = 0;
  /** The latest events that are not part of every command, newest last. */
  latest = [];
  /** Called with each of those as it is delivered. */
  onNotable = () => {};
  #client;
  #commands = new Latencies();
  #checkOuts = new Latencies();
  #last = { at: performance.now(), checkedOut: 0, events: 0, commands: 0 };

  constructor(client) {
    this.#client = client;
    for (const name of routine) client.on(name, () => (this.events += 1));
    client.on('connectionCheckedOut', ({ durationMS }) => this.#checkOuts.record(durationMS));
    for (const name of notable) {
      client.on(name, (event) => {
        this.events += 1;
        this.latest.push(event);
        if (this.latest.length > 100) this.latest.splice(0, 50);
        this.onNotable(event);
      });
    }
  }

  /** Runs a command and takes its time, attempts and pauses between them included. */
  async command(run) {
    const started = performance.now();
    try {
      await run();
      this.succeeded += 1;
    } catch (error) {
      this.failed += 1;
      this.firstError ??= error;
    }
    this.#commands.record(performance.now() - started);
  }

  get pool() {
    return this.#client.pools()[0];
  }

  /** What happened since the last look, by the second. */
  look() {
    const { pool } = this;
    const now = { at: performance.now(), checkedOut: pool.checkedOut, events: this.events, commands: this.succeeded };
    const seconds = Math.max((now.at - this.#last.at) / 1000, 1e-3);
    const rate = (name) => (now[name] - this.#last[name]) / seconds;
    const look = {
      pool,
      checkOuts: { rate: rate('checkedOut'), ...this.#checkOuts.recent() },
      commands: { rate: rate('commands'), ...this.#commands.recent() },
      events: { rate: rate('events') },
    };
    this.#last = now;
    return look;
  }

  /** Over the whole run. */
  totals() {
    return { checkOuts: this.#checkOuts.total(), commands: this.#commands.total() };
  }
}
