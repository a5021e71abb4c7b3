// oxlint-disable typescript/no-explicit-any -- a shard key's values may be anything
import type { Binary, Document, Timestamp } from 'bson';
import type { InferIdType } from '../collection/types';
import type { ResumeToken } from './options';

export interface ChangeStreamNameSpace {
  db: string;
  coll: string;
}

export interface ChangeStreamDocumentKey<TSchema extends Document = Document> {
  /** Which document: its `_id`, and its shard key where the collection has one. */
  documentKey: { _id: InferIdType<TSchema>; [shardKey: string]: any };
}

/** Which part it is of an event that `$changeStreamSplitLargeEvent` has split. */
export interface ChangeStreamSplitEvent {
  /** From 1. */
  fragment: number;
  of: number;
}

export interface ChangeStreamDocumentCommon {
  /** Where the stream can be resumed after this event. */
  _id: ResumeToken;
  /** When it happened; all events of a transaction have the time of its commit. */
  clusterTime?: Timestamp;
  /** Of events of a transaction. A `Long` without `promoteLongs`. */
  txnNumber?: number;
  /** Of events of a transaction: its session. */
  lsid?: { id: Binary } & Document;
  splitEvent?: ChangeStreamSplitEvent;
}

export interface ChangeStreamDocumentWallTime {
  /** When it happened by the server's clock, from 6.0 on. */
  wallTime?: Date;
}

export interface ChangeStreamDocumentCollectionUUID {
  /** With `showExpandedEvents`: the collection's UUID. */
  collectionUUID: Binary;
}

export interface ChangeStreamDocumentOperationDescription {
  /** With `showExpandedEvents`: what was done. */
  operationDescription?: Document;
}

interface Named {
  /** Where it happened. */
  ns: ChangeStreamNameSpace;
}

interface WithPreImage<TSchema extends Document> {
  /** As it was before, as `fullDocumentBeforeChange` asks for it; `null` where that is not available. */
  fullDocumentBeforeChange?: TSchema;
}

export interface ChangeStreamInsertDocument<TSchema extends Document = Document>
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentKey<TSchema>,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentWallTime,
    Named {
  operationType: 'insert';
  fullDocument: TSchema;
}

export interface ChangeStreamUpdateDocument<TSchema extends Document = Document>
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentKey<TSchema>,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentWallTime,
    Named,
    WithPreImage<TSchema> {
  operationType: 'update';
  /** The document as `fullDocument` asks for it. */
  fullDocument?: TSchema;
  updateDescription: UpdateDescription<TSchema>;
}

export interface ChangeStreamReplaceDocument<TSchema extends Document = Document>
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentKey<TSchema>,
    ChangeStreamDocumentWallTime,
    Named,
    WithPreImage<TSchema> {
  operationType: 'replace';
  fullDocument: TSchema;
}

export interface ChangeStreamDeleteDocument<TSchema extends Document = Document>
  extends ChangeStreamDocumentCommon,
    ChangeStreamDocumentKey<TSchema>,
    ChangeStreamDocumentCollectionUUID,
    ChangeStreamDocumentWallTime,
    Named,
    WithPreImage<TSchema> {
  operationType: 'delete';
}

export interface ChangeStreamDropDocument extends ChangeStreamDocumentCommon, ChangeStreamDocumentCollectionUUID, ChangeStreamDocumentWallTime, Named {
  operationType: 'drop';
}

export interface ChangeStreamRenameDocument extends ChangeStreamDocumentCommon, ChangeStreamDocumentCollectionUUID, ChangeStreamDocumentWallTime, Named {
  operationType: 'rename';
  /** The new name. */
  to: { db: string; coll: string };
}

export interface ChangeStreamDropDatabaseDocument extends ChangeStreamDocumentCommon, ChangeStreamDocumentWallTime {
  operationType: 'dropDatabase';
  ns: { db: string };
}

/** What was watched is gone: the last event of a stream. */
export interface ChangeStreamInvalidateDocument extends ChangeStreamDocumentCommon, ChangeStreamDocumentWallTime {
  operationType: 'invalidate';
}

/** What the events have in common that there are only with `showExpandedEvents`. */
interface Expanded extends ChangeStreamDocumentCommon, ChangeStreamDocumentCollectionUUID, ChangeStreamDocumentOperationDescription {}

export interface ChangeStreamCreateIndexDocument extends Expanded, ChangeStreamDocumentWallTime {
  operationType: 'createIndexes';
}

export interface ChangeStreamDropIndexDocument extends Expanded, ChangeStreamDocumentWallTime {
  operationType: 'dropIndexes';
}

export interface ChangeStreamCollModDocument extends Expanded, ChangeStreamDocumentWallTime {
  operationType: 'modify';
}

export interface ChangeStreamCreateDocument extends Expanded, ChangeStreamDocumentWallTime {
  operationType: 'create';
  /** From 8.1 on. */
  nsType?: 'collection' | 'timeseries' | 'view';
}

export interface ChangeStreamShardCollectionDocument extends Expanded, ChangeStreamDocumentWallTime {
  operationType: 'shardCollection';
}

export interface ChangeStreamReshardCollectionDocument extends Expanded {
  operationType: 'reshardCollection';
}

export interface ChangeStreamRefineCollectionShardKeyDocument extends Expanded {
  operationType: 'refineCollectionShardKey';
}

/** A change, by its `operationType`. Servers to come may have more of these. */
export type ChangeStreamDocument<TSchema extends Document = Document> =
  | ChangeStreamInsertDocument<TSchema>
  | ChangeStreamUpdateDocument<TSchema>
  | ChangeStreamReplaceDocument<TSchema>
  | ChangeStreamDeleteDocument<TSchema>
  | ChangeStreamDropDocument
  | ChangeStreamRenameDocument
  | ChangeStreamDropDatabaseDocument
  | ChangeStreamInvalidateDocument
  | ChangeStreamCreateIndexDocument
  | ChangeStreamCreateDocument
  | ChangeStreamCollModDocument
  | ChangeStreamDropIndexDocument
  | ChangeStreamShardCollectionDocument
  | ChangeStreamReshardCollectionDocument
  | ChangeStreamRefineCollectionShardKeyDocument;

/** What an update has changed. */
export interface UpdateDescription<TSchema extends Document = Document> {
  /** New values by the names of their fields, without the arrays of which only an end was cut off. */
  updatedFields?: Partial<TSchema>;
  removedFields?: string[];
  /** Arrays of which only an end was cut off. */
  truncatedArrays?: Array<{ field: string; newSize: number }>;
  /** The parts of names that could be read in two ways: `{ 'a.0': ['a', '0'] }`. */
  disambiguatedPaths?: Document;
}
