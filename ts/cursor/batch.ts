import { Long, type Document } from 'bson';
import { UnreadDocuments } from '../decode/unread';
import { MongoUnexpectedServerResponseError } from '../errors';
import type { Origin } from '../execution';
import { MongoDBNamespace } from '../namespace';

/** What one command brought to a cursor. */
export interface Batch {
  /** Zero once the server has no more. */
  readonly id: Long;
  readonly documents: unknown[];
  /** Documents behind them, of a large batch, that are made when they are read. */
  readonly unread?: UnreadDocuments;
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
  const documents = (cursor?.['firstBatch'] ?? cursor?.['nextBatch']) as unknown[] | UnreadDocuments | undefined;
  if (!cursor || !documents || cursor['id'] === undefined) {
    throw new MongoUnexpectedServerResponseError('A cursor was expected, and the reply has none', { code: 'FERROPOOL_PROTOCOL' });
  }
  const { ns, postBatchResumeToken } = cursor as { ns?: string; postBatchResumeToken?: unknown };
  return {
    id: longOf(cursor['id']),
    ...(documents instanceof UnreadDocuments ? { documents: [], unread: documents } : { documents }),
    reply,
    origin,
    ...(ns !== undefined && { namespace: MongoDBNamespace.fromString(ns) }),
    ...(postBatchResumeToken !== undefined && { postBatchResumeToken }),
  };
}

/** How many documents it has. */
export function countOf({ documents, unread }: Batch): number {
  return documents.length + (unread?.count ?? 0);
}

/** Its documents, a part at a time. */
export function* partsOf({ documents, unread }: Batch): Generator<unknown[]> {
  yield documents;
  if (!unread) return;
  while (unread.count > 0) yield unread.read();
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
