import type { Document, Timestamp } from 'bson';
import type { AggregateOptions } from '../collection/aggregate';
import { copy } from '../collection/fields';

/** Where a change stream can go on: opaque, and good for as long as the server's oplog reaches back. */
export type ResumeToken = unknown;

/** A moment of a deployment, as each reply of a replica set says it. */
export type OperationTime = Timestamp;

/**
 * The options of `watch`. A read concern must be `majority`, and so must an inherited one: the server refuses others. It also
 * refuses more than one of `resumeAfter`, `startAfter` and `startAtOperationTime`.
 */
export interface ChangeStreamOptions extends Omit<AggregateOptions, 'writeConcern' | 'explain' | 'out' | 'tailable' | 'awaitData' | 'timeoutMode' | 'prefetch'> {
  /** What updates tell of the whole document: `updateLookup`, `whenAvailable` or `required`. */
  fullDocument?: string;
  /** What is told of a document as it was before: `off`, `whenAvailable` or `required`. @defaultValue 'off' */
  fullDocumentBeforeChange?: string;
  /** How long the server waits for changes before it answers that there are none, in milliseconds; less than `timeoutMS`. */
  maxAwaitTimeMS?: number;
  /** Begins after the change that has this token. */
  resumeAfter?: ResumeToken;
  /** The same, also after one that ended a stream. */
  startAfter?: ResumeToken;
  /** Begins with the changes of that time. */
  startAtOperationTime?: OperationTime;
  /** Whether there are also changes of indexes, options and shard keys. */
  showExpandedEvents?: boolean;
  /** Whether all databases are meant, of a stream on `admin`; `MongoClient.watch` says so itself. */
  allChangesForCluster?: boolean;
}

const STAGE_FIELDS: ReadonlySet<string> = new Set(['fullDocument', 'fullDocumentBeforeChange', 'showExpandedEvents', 'allChangesForCluster']);

/** The first stage of a change stream's pipeline. @param start - Where it begins. */
export function changeStreamStage(options: ChangeStreamOptions, start: Document): Document {
  return { $changeStream: { ...copy({}, options, STAGE_FIELDS), ...start } };
}

/** What `watch` is called with: the pipeline may be left out. */
export type WatchArguments = [pipeline?: Document[] | ChangeStreamOptions, options?: ChangeStreamOptions];

export function watchArguments([pipeline = [], options = {}]: WatchArguments): [Document[], ChangeStreamOptions] {
  return Array.isArray(pipeline) ? [pipeline, options] : [[], pipeline];
}
