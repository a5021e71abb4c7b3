import { deserialize, type Document } from 'bson';
import type { Batch } from '../cursor/batch';
import { MongoDriverError, MongoError, MongoServerError } from '../errors';
import { MongoChangeStreamError } from './errors';
import type { ChangeStreamOptions, OperationTime, ResumeToken } from './options';

const CURSOR_NOT_FOUND = 43;

/** Whether a `getMore` that failed so is followed by an attempt to resume ("Change Streams", "Resumable Error"). */
export function isResumable(error: unknown): boolean {
  // A server that does not know the cursor cannot know that it was a change stream's.
  if (error instanceof MongoServerError) return error.code === CURSOR_NOT_FOUND || error.hasErrorLabel('ResumableChangeStreamError');
  // Of the other failures those that lie outside of this process: what the caller did wrong would be wrong again.
  return error instanceof MongoError && !(error instanceof MongoDriverError);
}

/** Where a change stream begins, and where it goes on ("Change Streams", "Resume Process"). */
export class ResumePoint {
  #token: ResumeToken;
  #operationTime: OperationTime | undefined;
  /** Whether it began with `startAfter` and has returned nothing yet. */
  #startsAfter: boolean;
  /** Where a batch that was read to its end ends. */
  #afterBatch: ResumeToken;
  /** What the user said, as long as the stream was not opened: of contradictions the server is to hear. */
  #start: Document | undefined;
  readonly #changed: (token: ResumeToken) => void;

  /** @param changed - Hears of each token that is cached. */
  constructor({ startAfter, resumeAfter, startAtOperationTime }: ChangeStreamOptions, changed: (token: ResumeToken) => void) {
    this.#token = startAfter ?? resumeAfter ?? null;
    this.#startsAfter = isGiven(startAfter);
    this.#operationTime = startAtOperationTime;
    this.#start = given({ resumeAfter, startAfter, startAtOperationTime });
    this.#changed = changed;
  }

  /** The token that a resumed stream would begin after, `null` where there is none yet. */
  get token(): ResumeToken {
    return this.#token;
  }

  /** What `$changeStream` says of the beginning. */
  get stage(): Document {
    if (this.#start) return this.#start;
    if (isGiven(this.#token)) return this.#startsAfter ? { startAfter: this.#token } : { resumeAfter: this.#token };
    return given({ startAtOperationTime: this.#operationTime });
  }

  /** The stream was opened with a first batch. */
  opened(batch: Batch): void {
    this.#start = undefined;
    const { documents, postBatchResumeToken, reply } = batch;
    const isUnknown = !isGiven(this.#token) && this.#operationTime === undefined;
    if (isUnknown && documents.length === 0 && postBatchResumeToken === undefined) this.#operationTime = reply['operationTime'] as OperationTime | undefined;
    this.received(batch);
  }

  received({ documents, postBatchResumeToken }: Batch): void {
    this.#afterBatch = postBatchResumeToken;
    if (documents.length === 0 && postBatchResumeToken !== undefined) this.#cache(postBatchResumeToken);
  }

  /** A change is given to the user. @throws {@link MongoChangeStreamError} if it has no token. */
  returned(change: unknown, isLast: boolean): void {
    const { _id: token } = (change instanceof Uint8Array ? deserialize(change) : change) as { _id?: ResumeToken };
    if (!isGiven(token)) throw new MongoChangeStreamError('A change stream document has been received that lacks a resume token (_id).', { code: 'FERROPOOL_NO_RESUME_TOKEN' });
    this.#startsAfter = false;
    this.#cache(isLast ? (this.#afterBatch ?? token) : token);
  }

  #cache(token: ResumeToken): void {
    this.#token = token;
    this.#changed(token);
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function given(fields: Document): Document {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isGiven(value)));
}
