import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline } from '../deadline';
import { MAX_TIME_EXPIRED, MongoError, MongoInvalidArgumentError, MongoOperationTimeoutError } from '../errors';
import { timeout } from '../options';
import type { ClientSession } from '../session';
import type { EndTransactionOptions, TransactionOptions } from './transaction';

/** What is run in a transaction; it may be run more than once. */
export type WithTransactionCallback<T = unknown> = (session: ClientSession) => Promise<T>;

/** How long a transaction is tried again, in milliseconds, where no `timeoutMS` says otherwise. */
const LIMIT_MS = 120_000;

// Before each attempt but the first: a random part of a time that grows.
const BACKOFF_INITIAL_MS = 5;
const BACKOFF_GROWTH = 1.5;
const BACKOFF_MAX_MS = 500;

/** See {@link ClientSession.withTransaction}. */
export async function withTransaction<T>(
  session: ClientSession,
  callback: WithTransactionCallback<T>,
  options: TransactionOptions & EndTransactionOptions = {},
): Promise<T> {
  const { timeoutMS: given, ...transactionOptions } = options;
  timeout('timeoutMS', given);
  const timeoutMS = given ?? session.timeoutMS ?? (session.endpoint.options['timeoutMS'] as number | undefined);
  const deadline = Deadline.in(timeoutMS);
  const began = performance.now();
  const left = () => (deadline ? deadline.left() : LIMIT_MS - (performance.now() - began));
  session.deadline = deadline;
  try {
    for (let attempt = 1; ; attempt += 1) {
      session.startTransaction(transactionOptions);
      try {
        const result = callback(session);
        if (typeof result?.then !== 'function') {
          throw new MongoInvalidArgumentError('Function provided to `withTransaction` must return a Promise');
        }
        const value = await result;
        // The callback may have ended it.
        if (session.inTransaction()) await commit(session, left, deadline);
        return value;
      } catch (error) {
        if (session.inTransaction()) await session.abortTransaction();
        if (!hasLabel(error, 'TransientTransactionError')) throw error;
        await backOff(attempt, left, error, deadline);
      }
    }
  } finally {
    session.deadline = undefined;
  }
}

/** Commits, again while the outcome is unknown. */
async function commit(session: ClientSession, left: () => number, deadline: Deadline | undefined): Promise<void> {
  for (;;) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      const isOver = isMaxTimeExpired(error) || error instanceof MongoOperationTimeoutError;
      if (isOver || !hasLabel(error, 'UnknownTransactionCommitResult')) throw error;
      if (left() <= 0) throw late(error, deadline);
    }
  }
}

/** Waits before the next attempt, unless there is no time for that: then what failed the last one is thrown. */
async function backOff(attempt: number, left: () => number, error: unknown, deadline: Deadline | undefined): Promise<void> {
  const wait = Math.random() * Math.min(BACKOFF_INITIAL_MS * BACKOFF_GROWTH ** attempt, BACKOFF_MAX_MS);
  if (wait >= left()) throw late(error, deadline);
  await sleep(wait);
}

function hasLabel(error: unknown, label: string): boolean {
  return error instanceof MongoError && error.hasErrorLabel(label);
}

/** Committing again would not end otherwise. */
function isMaxTimeExpired(error: unknown): boolean {
  const { code, writeConcernError } = error as { code?: unknown; writeConcernError?: { code?: unknown } };
  return code === MAX_TIME_EXPIRED || writeConcernError?.code === MAX_TIME_EXPIRED;
}

/** The error of a transaction for which there is no more time. */
function late(error: unknown, deadline: Deadline | undefined): unknown {
  if (!deadline || error instanceof MongoOperationTimeoutError) return error;
  const labels = error instanceof MongoError ? error.errorLabels : [];
  return new MongoOperationTimeoutError(`Timed out after ${deadline.timeoutMS} ms`, { code: 'FERROPOOL_OPERATION_TIMEOUT', labels }, error);
}
