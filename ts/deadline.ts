import { MongoInvalidArgumentError, MongoOperationTimeoutError } from './errors';

/** When an operation must have ended, over all the commands that it takes ("Client Side Operations Timeout"). */
export class Deadline {
  readonly #until: number;

  private constructor(readonly timeoutMS: number) {
    // The specification: 0 is no limit.
    this.#until = timeoutMS === 0 ? Infinity : performance.now() + timeoutMS;
  }

  /** Begins now. `undefined` without a `timeoutMS`: then the older options bound each step by itself. */
  static in(timeoutMS: number | undefined): Deadline | undefined {
    return timeoutMS === undefined ? undefined : new Deadline(timeoutMS);
  }

  /** What is left, in milliseconds, 0 and less where it has passed. */
  left(): number {
    return this.#until - performance.now();
  }

  /** The same for a next step, which needs some: more than 0, `Infinity` where there is no limit. */
  remaining(): number {
    const remaining = this.left();
    if (remaining <= 0) throw new MongoOperationTimeoutError(`Timed out after ${this.timeoutMS} ms`);
    return remaining;
  }
}

/** Refuses one for an operation in a `withTransaction` that has a `timeoutMS` for all that is done in it. */
export function refuseTimeout(timeoutMS: number | undefined): void {
  if (timeoutMS === undefined) return;
  throw new MongoInvalidArgumentError(`Option "timeoutMS" cannot be ${timeoutMS} here: withTransaction has a timeoutMS for all operations of its session`);
}
