// What there is in a database: its collections, and their indexes.

import type { Document } from 'bson';
import { copy } from '../collection/fields';
import { MongoDBNamespace } from '../namespace';
import type { Scope } from '../scope';
import type { Treatment } from '../settings';
import { AbstractCursor } from './abstract-cursor';
import { AggregationCursor } from './aggregation-cursor';
import type { AbstractCursorOptions } from './options';
import type { Opening } from './server-cursor';

export interface ListCollectionsOptions extends AbstractCursorOptions {
  /** Whether names and types are enough: the server takes no locks for them. */
  nameOnly?: boolean;
  /** Whether, with `nameOnly`, a user sees what he may see. */
  authorizedCollections?: boolean;
}

export interface CollectionInfo extends Document {
  name: string;
  type?: string;
  options?: Document;
  info?: { readOnly?: false; uuid?: unknown };
  idIndex?: Document;
}

export type ListIndexesOptions = AbstractCursorOptions;

/** Secondaries may lag behind what was just created. */
const LIST: Treatment = { kind: 'read', takesReadConcern: false, retryable: true, opensCursor: true, needsPrimary: true };

const COLLECTIONS_FIELDS: ReadonlySet<string> = new Set(['authorizedCollections']);

/** The collections of a database. */
export class ListCollectionsCursor<T extends Pick<CollectionInfo, 'name' | 'type'> | CollectionInfo = CollectionInfo> extends AbstractCursor<T> {
  declare protected readonly options: ListCollectionsOptions;

  /** @internal */
  constructor(
    scope: Scope,
    readonly filter: Document,
    options: ListCollectionsOptions = {},
  ) {
    super(scope, new MongoDBNamespace(scope.database), options);
  }

  override clone(): ListCollectionsCursor<T> {
    return new ListCollectionsCursor(this.scope, this.filter, withoutSession(this.options));
  }

  /** @internal */
  protected override opening(): Opening {
    const { nameOnly = false, batchSize } = this.options;
    const command: Document = { listCollections: 1, filter: this.filter, cursor: batchSize === undefined ? {} : { batchSize }, nameOnly };
    return { command: copy(command, this.options, COLLECTIONS_FIELDS), treatment: LIST };
  }
}

/** The indexes of a collection. */
export class ListIndexesCursor extends AbstractCursor {
  readonly #collection: string;

  /** @internal */
  constructor(scope: Scope, collection: string, options: ListIndexesOptions = {}) {
    super(scope, new MongoDBNamespace(scope.database, collection), options);
    this.#collection = collection;
  }

  override clone(): ListIndexesCursor {
    return new ListIndexesCursor(this.scope, this.#collection, withoutSession(this.options));
  }

  /** @internal */
  protected override opening(): Opening {
    const { batchSize } = this.options;
    return { command: { listIndexes: this.#collection, cursor: batchSize === undefined ? {} : { batchSize } }, treatment: LIST };
  }
}

/** The search indexes of a collection, which an aggregation lists. */
export class ListSearchIndexesCursor extends AggregationCursor<{ name: string }> {
  /** @internal */
  constructor(scope: Scope, namespace: MongoDBNamespace, name: string | undefined, options: AbstractCursorOptions = {}) {
    super(scope, namespace, [{ $listSearchIndexes: name === undefined ? {} : { name } }], options);
  }
}

function withoutSession<T extends AbstractCursorOptions>({ session: _session, ...options }: T): Omit<T, 'session'> {
  return options;
}
