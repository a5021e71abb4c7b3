import { MongoInvalidArgumentError } from '../errors';
import { timeout } from '../options';
import type { CommandOperationOptions } from '../scope';

/** What `timeoutMS` bounds: each call of `next`, or everything from the first command on. */
export const CursorTimeoutMode = Object.freeze({ ITERATION: 'iteration', LIFETIME: 'cursorLifetime' } as const);
export type CursorTimeoutMode = (typeof CursorTimeoutMode)[keyof typeof CursorTimeoutMode];

export const CURSOR_FLAGS = ['tailable', 'oplogReplay', 'noCursorTimeout', 'awaitData', 'exhaust', 'partial'] as const;
export type CursorFlag = (typeof CURSOR_FLAGS)[number];

/** The options that all cursors have. */
export interface AbstractCursorOptions extends CommandOperationOptions {
  /** How many documents a batch has at most. */
  batchSize?: number;
  /** How long the server waits for documents that are not there yet, in milliseconds. */
  maxAwaitTimeMS?: number;
  /** Whether the cursor of a capped collection stays open at its end. */
  tailable?: boolean;
  /** Whether the server waits there for more. */
  awaitData?: boolean;
  /** Whether the server keeps the cursor however long it is idle. */
  noCursorTimeout?: boolean;
  /** What `timeoutMS` bounds. @defaultValue 'cursorLifetime', for tailable cursors 'iteration' */
  timeoutMode?: CursorTimeoutMode;
  /** Whether the next batch is fetched while the last one is being worked on. @defaultValue false */
  prefetch?: boolean;
}

/** The mode of a cursor's `timeoutMS`, `undefined` without one ("Client Side Operations Timeout", "Cursors"). */
export function timeoutModeOf(options: AbstractCursorOptions, inheritedMS: number | undefined): CursorTimeoutMode | undefined {
  const { tailable, maxAwaitTimeMS, timeoutMode, timeoutMS = inheritedMS } = options;
  if (timeoutMS === undefined) {
    if (timeoutMode !== undefined) throw new MongoInvalidArgumentError('Cannot set timeoutMode without setting timeoutMS');
    return undefined;
  }
  timeout('timeoutMS', timeoutMS);
  if (timeoutMode !== undefined && timeoutMode !== 'iteration' && timeoutMode !== 'cursorLifetime') {
    throw new MongoInvalidArgumentError(`timeoutMode must be "iteration" or "cursorLifetime", received ${String(timeoutMode)}`);
  }
  if (tailable && timeoutMode === 'cursorLifetime') throw new MongoInvalidArgumentError("Cannot set tailable cursor's timeoutMode to LIFETIME");
  if (maxAwaitTimeMS !== undefined && timeoutMS > 0 && maxAwaitTimeMS >= timeoutMS) {
    throw new MongoInvalidArgumentError(`Cannot specify maxAwaitTimeMS >= timeoutMS for a cursor: ${maxAwaitTimeMS} >= ${timeoutMS}`);
  }
  return timeoutMode ?? (tailable ? 'iteration' : 'cursorLifetime');
}
