import { Long, type Document } from 'bson';
import { MongoUnexpectedServerResponseError } from '../errors';
import type { Origin } from '../execution';
import { MongoDBNamespace } from '../namespace';

/** What one command brought to a cursor. */
export interface Batch {
  /** Zero once the server has no more. */
  readonly id: Long;
  readonly documents: unknown[];
  /** The whole reply that it came in. */
  readonly reply: Document;
  readonly origin: Origin;
  readonly namespace?: MongoDBNamespace;
  /** Where a change stream may be resumed after this batch. */
  readonly postBatchResumeToken?: unknown;
}

/** Reads the reply of a command that opens a cursor, or of its `getMore`. */
export function batchOf(reply: Document, origin: Origin): Batch {
  const cursor = reply['cursor'] as Document | undefined;
  const documents = (cursor?.['firstBatch'] ?? cursor?.['nextBatch']) as unknown[] | undefined;
  if (!cursor || !documents || cursor['id'] === undefined) {
    throw new MongoUnexpectedServerResponseError('A cursor was expected, and the reply has none', { code: 'FERROPOOL_PROTOCOL' });
  }
  const { ns, postBatchResumeToken } = cursor as { ns?: string; postBatchResumeToken?: unknown };
  return {
    id: longOf(cursor['id']),
    documents,
    reply,
    origin,
    ...(ns !== undefined && { namespace: MongoDBNamespace.fromString(ns) }),
    ...(postBatchResumeToken !== undefined && { postBatchResumeToken }),
  };
}

/** The only batch of what is no cursor: an explanation. */
export function onlyBatch(document: Document, origin: Origin): Batch {
  return { id: Long.ZERO, documents: [document], reply: document, origin };
}

/** An int64 however the user has them read. */
function longOf(id: unknown): Long {
  if (typeof id === 'bigint') return Long.fromBigInt(id);
  return typeof id === 'number' ? Long.fromNumber(id) : (id as Long);
}
