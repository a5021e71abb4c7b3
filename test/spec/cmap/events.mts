// The events of a pool under the names and with the fields of the specification, in the order in which they came.

import type { ConnectionPool } from 'ferropool';

/** `ConnectionPoolCreated` and so on; `connectionPoolCreated` is what a listener is registered for. */
export const eventTypes = [
  'ConnectionPoolCreated',
  'ConnectionPoolReady',
  'ConnectionPoolCleared',
  'ConnectionPoolClosed',
  'ConnectionCreated',
  'ConnectionReady',
  'ConnectionClosed',
  'ConnectionCheckOutStarted',
  'ConnectionCheckOutFailed',
  'ConnectionCheckedOut',
  'ConnectionCheckedIn',
] as const;

/** An event as the files describe it. */
export interface SpecEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Records what a pool emits from now on. */
export class EventRecorder {
  readonly #events: SpecEvent[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(pool: Pick<ConnectionPool, 'on'>) {
    for (const type of eventTypes) {
      pool.on(type.replace(/^C/, 'c'), (event: object) => this.#record(type, event));
    }
  }

  /** All of them so far. */
  get events(): readonly SpecEvent[] {
    return [...this.#events];
  }

  /** Waits until `type` has occurred `count` times, counted from the start of the test. */
  async waitFor(type: string, count: number, timeoutMS: number): Promise<void> {
    if (!(eventTypes as readonly string[]).includes(type)) throw new Error(`there is no event ${type}`);
    const deadline = performance.now() + timeoutMS;
    while (this.#occurrences(type) < count) {
      const left = deadline - performance.now();
      if (left <= 0) {
        throw new Error(`${type} has occurred ${this.#occurrences(type)} times in ${timeoutMS} ms, not ${count}`);
      }
      await this.#next(left);
    }
  }

  #occurrences(type: string): number {
    return this.#events.filter((event) => event.type === type).length;
  }

  #record(type: string, event: object): void {
    this.#events.push(toSpecEvent(type, event));
    for (const wake of this.#waiting) wake();
  }

  /** Resolves at the next event, or after so many milliseconds. */
  #next(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.#waiting.add(wake);
    });
  }
}

/** The format says `type` and `duration` for what Node.js drivers call `name` and `durationMS`. */
function toSpecEvent(type: string, event: object): SpecEvent {
  const { name: _, durationMS, ...fields } = event as Record<string, unknown>;
  return { type, ...fields, ...(durationMS !== undefined && { duration: durationMS }) };
}
