// The operations of the cmap format on a pool.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, ConnectionPool } from 'ferropool';
import type { EventRecorder } from './events.mjs';
import type { OperationSpec } from './file.mjs';
import { Threads } from './threads.mjs';

/** How long `waitForEvent` waits where the file does not say. */
const defaultTimeoutMS = 10_000;

export class Operations {
  readonly #pool: ConnectionPool;
  readonly #recorder: EventRecorder;
  readonly #threads = new Threads();
  readonly #labelled = new Map<string, Connection>();
  readonly #checkedOut = new Set<Connection>();
  #isOver = false;

  constructor(pool: ConnectionPool, recorder: EventRecorder) {
    this.#pool = pool;
    this.#recorder = recorder;
  }

  /** Runs them on the main thread, and rejects with the main thread's error. */
  async run(specs: readonly OperationSpec[]): Promise<void> {
    for (const spec of specs) {
      const operation = this.#operation(spec);
      if (spec.thread === undefined) await operation();
      else this.#threads.schedule(spec.thread, operation);
    }
  }

  /** Leaves nothing behind: every connection is closed, every thread has ended. */
  async end(): Promise<void> {
    this.#isOver = true;
    const closed = this.#pool.close({ drainMS: 0 });
    // A test that closed the pool itself set no time for draining, so what it checked out has to be returned.
    for (const connection of this.#checkedOut) connection.checkIn();
    this.#checkedOut.clear();
    await this.#threads.settled();
    await closed;
  }

  #operation(spec: OperationSpec): () => Promise<void> {
    switch (spec.name) {
      case 'start':
        return async () => this.#threads.start(text(spec, 'target'));
      case 'wait':
        return () => sleep(number(spec, 'ms'));
      case 'waitForThread':
        return () => this.#threads.finished(text(spec, 'target'));
      case 'waitForEvent':
        return () =>
          this.#recorder.waitFor(text(spec, 'event'), number(spec, 'count'), number(spec, 'timeout', defaultTimeoutMS));
      case 'checkOut':
        return () => this.#checkOut(spec);
      case 'checkIn':
        return async () => this.#checkIn(text(spec, 'connection'));
      case 'clear':
        return async () => this.#pool.clear(clearOptions(spec));
      case 'close':
        return async () => this.#close();
      case 'ready':
        return async () => this.#pool.ready();
      default:
        throw new Error(`the format has no operation ${spec.name}`);
    }
  }

  async #checkOut(spec: OperationSpec): Promise<void> {
    const connection = await this.#pool.checkOut();
    if (this.#isOver) {
      connection.checkIn();
      return;
    }
    this.#checkedOut.add(connection);
    if (spec['label'] !== undefined) this.#labelled.set(text(spec, 'label'), connection);
  }

  #checkIn(label: string): void {
    const connection = this.#labelled.get(label);
    if (!connection) throw new Error(`no connection was checked out as ${label}`);
    this.#pool.checkIn(connection);
    this.#checkedOut.delete(connection);
  }

  /**
   * The specification's close returns when the pool is closed to check-outs. The promise of ours also waits for the
   * connections in use, which the test may return afterwards; `end` awaits the same promise.
   */
  #close(): void {
    this.#pool.close().catch(() => {});
  }
}

function clearOptions({ interruptInUseConnections }: OperationSpec): { interruptInUseConnections?: boolean } {
  return interruptInUseConnections === undefined
    ? {}
    : { interruptInUseConnections: interruptInUseConnections as boolean };
}

function text(spec: OperationSpec, field: string): string {
  const value = spec[field];
  if (typeof value !== 'string') throw new Error(`the operation ${spec.name} needs a text ${field}`);
  return value;
}

function number(spec: OperationSpec, field: string, otherwise?: number): number {
  const value = spec[field] ?? otherwise;
  if (typeof value !== 'number') throw new Error(`the operation ${spec.name} needs a number ${field}`);
  return value;
}
