// Operations that begin at a steady rate, whatever becomes of those before: what a service under way looks like.

import { MongoNetworkError, MongoServerError } from 'ferropool';
import { onTestFinished } from 'vitest';

/** Fifty operations a second. */
const everyMS = 20;

/** "State change errors" of "Server Discovery and Monitoring": a retry finds another server. */
const stateChanges = new Set<unknown>([91, 189, 10107, 11600, 11602, 13435, 13436]);

/** One operation; it is given its number, and rejects or says what failed of it. */
export type SteadyOperation = (number: number) => Promise<unknown>;

/** Begins at once, and goes on until it is stopped. */
export class SteadyLoad {
  /** The numbers of those that succeeded. */
  readonly succeeded: number[] = [];
  readonly failures: { number: number; error: unknown }[] = [];
  /** How many have begun. */
  started = 0;
  readonly #operation: SteadyOperation;
  readonly #running = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #changed: (() => void)[] = [];

  constructor(operation: SteadyOperation) {
    this.#operation = operation;
    this.#timer = setInterval(() => this.#begin(), everyMS);
    onTestFinished(() => clearInterval(this.#timer));
  }

  /** Resolves when so many more have succeeded that began from now on. */
  async moreSuccesses(count: number): Promise<void> {
    const first = this.started;
    while (this.succeeded.filter((number) => number >= first).length < count) {
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  /** Begins no more, and resolves when those under way have settled. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
  }

  #begin(): void {
    const number = this.started;
    this.started += 1;
    const running = this.#run(number).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #run(number: number): Promise<void> {
    try {
      await this.#operation(number);
      this.succeeded.push(number);
    } catch (error) {
      this.failures.push({ number, error });
    }
    for (const changed of this.#changed.splice(0)) changed();
  }
}

/** Whether a driver with retries would try the operation again ("Retryable Writes", "Retryable Reads"). */
export function isRetryable(error: unknown): boolean {
  if (error instanceof MongoNetworkError) return true;
  return error instanceof MongoServerError && stateChanges.has(error.code);
}

/** A reply that says ok, and that the write is not known to be safe. */
export function throwWriteConcernError(reply: Record<string, unknown>): void {
  const error = reply['writeConcernError'] as { code: number; errmsg: string } | undefined;
  if (error) throw new MongoServerError({ ok: 0, ...error }, { code: error.code });
}
