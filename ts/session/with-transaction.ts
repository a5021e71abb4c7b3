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

// "Backoff": before each run but the first, a random part of a time that grows.
const BACKOFF_BASE_MS = 5;
const BACKOFF_GROWTH = 1.5;
const BACKOFF_MOST_MS = 500;

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
    for (let run = 0; ; run += 1) {
      session.startTransaction(transactionOptions);
      try {
        const result = callback(session);
        if (typeof result?.then !== 'function') {
          throw new MongoInvalidArgumentError('Function provided to `withTransaction` must return a Promise');
        }
        const value = await result;
        // The callback may have ended it.
        if (!session.inTransaction()) return value;
        if (await commits(session, left, deadline)) return value;
      } catch (error) {
        if (session.inTransaction()) await session.abortTransaction();
        if (!hasLabel(error, 'TransientTransactionError')) throw error;
        if (left() <= 0) throw late(error, deadline);
        await backOff(run, left, error, deadline);
        continue;
      }
      await backOff(run, left, undefined, deadline);
    }
  } finally {
    session.deadline = undefined;
  }
}

/** Commits, again while the outcome is unknown. `false` if the whole transaction has to be run again. */
async function commits(session: ClientSession, left: () => number, deadline: Deadline | undefined): Promise<boolean> {
  for (;;) {
    try {
      await session.commitTransaction();
      return true;
    } catch (error) {
      if (left() <= 0 || error instanceof MongoOperationTimeoutError) throw late(error, deadline);
      const isUnknown = hasLabel(error, 'UnknownTransactionCommitResult');
      if (isUnknown && !isMaxTimeExpired(error)) continue;
      if (hasLabel(error, 'TransientTransactionError')) return false;
      throw error;
    }
  }
}

/** Waits before the next run, unless there is no time for that. */
async function backOff(run: number, left: () => number, error: unknown, deadline: Deadline | undefined): Promise<void> {
  const most = Math.min(BACKOFF_BASE_MS * BACKOFF_GROWTH ** run, BACKOFF_MOST_MS);
  const wait = Math.random() * most;
  if (wait >= left() && error !== undefined) throw late(error, deadline);
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
  return new MongoOperationTimeoutError(`Timed out after ${deadline.timeoutMS} ms`, undefined, error);
}
