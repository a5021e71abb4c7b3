import type { Document } from 'bson';
import { EXPLAIN, explained, type ExplainOptions } from '../explain';
import { checkWriteConcern } from '../replies';
import type { CommandOperationOptions, Scope } from '../scope';
import { formatSort, type Sort } from '../sort';
import { checkArgument, copy, formatHint, type CollationOptions, type Hint } from './fields';
import type { WithId } from './types';
import { WRITE } from './write';

export const ReturnDocument = Object.freeze({ BEFORE: 'before', AFTER: 'after' } as const);
export type ReturnDocument = (typeof ReturnDocument)[keyof typeof ReturnDocument];

export interface FindOneAndDeleteOptions extends CommandOperationOptions, ExplainOptions {
  collation?: CollationOptions;
  hint?: Hint;
  /** Which fields the document has that is returned. */
  projection?: Document;
  /** Which of several documents it is. */
  sort?: Sort;
  /** Variables of the expressions. */
  let?: Document;
  /** Whether the whole reply is returned, instead of the document. @defaultValue false */
  includeResultMetadata?: boolean;
}

export interface FindOneAndReplaceOptions extends FindOneAndDeleteOptions {
  bypassDocumentValidation?: boolean;
  /** Which state of the document is returned. @defaultValue 'before' */
  returnDocument?: ReturnDocument;
  /** Whether a document is inserted where none matches. */
  upsert?: boolean;
}

export interface FindOneAndUpdateOptions extends FindOneAndReplaceOptions {
  /** Which elements of arrays are updated. */
  arrayFilters?: Document[];
}

/** The reply as a whole. */
export interface ModifyResult<TSchema = Document> {
  value: WithId<TSchema> | null;
  lastErrorObject?: Document;
  ok: 0 | 1;
}

const FIELDS: ReadonlySet<string> = new Set(['upsert', 'bypassDocumentValidation', 'arrayFilters', 'let', 'collation']);

/** @param change - What is done with the document: `remove`, or an `update` that was checked. */
export function findAndModify<T>(scope: Scope, collection: string, filter: unknown, change: Document, options: FindOneAndUpdateOptions = {}): Promise<T> {
  checkArgument('filter', filter);
  const command: Document = { findAndModify: collection, query: filter, ...change };
  const sort = formatSort(options.sort);
  if (sort) command['sort'] = sort;
  if (options.projection) command['fields'] = options.projection;
  if (options.returnDocument === 'after') command['new'] = true;
  if (options.hint) command['hint'] = formatHint(options.hint);
  copy(command, options, FIELDS);
  if (options.explain !== undefined) return scope.execute(EXPLAIN, explained(command, options.explain, options), options, (reply) => reply as T);
  return scope.execute(WRITE, command, options, (reply, origin) => {
    checkWriteConcern(reply, origin, scope.endpoint);
    return (options.includeResultMetadata ? reply : (reply['value'] ?? null)) as T;
  });
}
