import { inspect } from 'node:util';
import type { MongoLoggableComponent, SeverityLevel } from './severity';

/** A log message. Its fields may change: they are for whoever reads them, not for programs. */
export interface Log extends Record<string, unknown> {
  /** When it happened, by the core's clock where that says so. */
  t: Date;
  /** What it is of. */
  c: MongoLoggableComponent;
  /** How grave it is. */
  s: SeverityLevel;
  message?: string;
}

/** Takes log messages. */
export interface MongoDBLogWritable {
  /**
   * Called for each log message, and not before the promise of the one before has settled, if it gave one. It must not
   * throw or reject: that ends the client's logging.
   */
  write(log: Log): unknown;
}

/** How many messages wait for a writer that is slow. Further ones are counted, and lost. */
const MOST_WAITING = 1 << 16;

/** Log messages on their way, in order. What goes wrong with them is nobody's concern but theirs. */
export class Sink {
  #destination: MongoDBLogWritable;
  readonly #waiting: Log[] = [];
  #isWriting = false;
  #lost = 0;

  /** @param failed - Called once, if nothing can be written any more. */
  constructor(
    path: 'stderr' | 'stdout' | MongoDBLogWritable,
    readonly failed: () => void,
  ) {
    this.#destination = typeof path === 'string' ? standardStream(path, (error) => this.#fail(error)) : path;
  }

  write(log: Log): void {
    if (!this.#isWriting) this.#writeNow(log);
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(log);
    else this.#lost += 1;
  }

  #writeNow(log: Log): void {
    try {
      const written = this.#destination.write(log);
      if (!isThenable(written)) return;
      this.#isWriting = true;
      Promise.resolve(written).then(
        () => this.#writeWaiting(),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  #writeWaiting(): void {
    this.#isWriting = false;
    for (let log = this.#waiting.shift(); log; log = this.#isWriting ? undefined : this.#waiting.shift()) this.#writeNow(log);
    if (this.#lost === 0 || this.#isWriting) return;
    const lost = this.#lost;
    this.#lost = 0;
    this.#writeNow({ t: new Date(), c: 'client', s: 'warn', message: 'Log messages were lost: they are written too slowly', lost });
  }

  /** Says so on stderr, once: nothing else would tell that there are no logs any more. */
  #fail(error: unknown): void {
    if (this.#destination === nowhere) return;
    this.#destination = nowhere;
    this.#waiting.length = 0;
    this.#isWriting = false;
    this.failed();
    try {
      const message = 'The destination of log messages failed. Logging is halted.';
      standardStream('stderr', () => {}).write({ t: new Date(), c: 'client', s: 'error', message, error: String(error) });
    } catch {
      // It was stderr that failed.
    }
  }
}

const nowhere: MongoDBLogWritable = { write: () => {} };

function standardStream(name: 'stderr' | 'stdout', failed: (error: Error) => void): MongoDBLogWritable {
  return {
    // Not awaited: the stream keeps the order, and a process that exits loses less.
    write(log) {
      const line = inspect(log, { compact: true, breakLength: Infinity, depth: Infinity, maxStringLength: null });
      process[name].write(`${line}\n`, (error) => error && failed(error));
    },
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
