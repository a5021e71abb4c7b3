// Writes of one statement.

import type { Document } from 'bson';
import { EXPLAIN, explained, type ExplainOptions } from '../explain';
import { MongoInvalidArgumentError } from '../errors';
import { addId, type PrimaryKeyOptions } from '../primary-key';
import { checkWrite } from '../replies';
import type { CommandOperationOptions, Scope } from '../scope';
import type { Treatment } from '../settings';
import { formatSort, type Sort } from '../sort';
import { checkFilter, copy, formatHint, type CollationOptions, type Hint } from './fields';
import type { InferIdType } from './types';

export const WRITE: Treatment = { kind: 'write', retryable: true };
/** A write that may have been done in part: it is sent once. */
export const WRITE_ONCE: Treatment = { kind: 'write' };

export const INSERT_FIELDS: ReadonlySet<string> = new Set(['bypassDocumentValidation']);
export const UPDATE_FIELDS: ReadonlySet<string> = new Set(['bypassDocumentValidation', 'let']);
export const DELETE_FIELDS: ReadonlySet<string> = new Set(['let']);
const UPDATE_STATEMENT_FIELDS: ReadonlySet<string> = new Set(['upsert', 'collation', 'arrayFilters']);

export interface InsertOneOptions extends CommandOperationOptions {
  bypassDocumentValidation?: boolean;
  /** Whether the server makes the `_id`. @defaultValue false */
  forceServerObjectId?: boolean;
}

export interface InsertOneResult<TSchema = Document> {
  acknowledged: boolean;
  insertedId: InferIdType<TSchema>;
}

export interface UpdateOptions extends CommandOperationOptions, ExplainOptions {
  /** Which elements of arrays are updated. */
  arrayFilters?: Document[];
  bypassDocumentValidation?: boolean;
  collation?: CollationOptions;
  hint?: Hint;
  /** Whether a document is inserted where none matches. */
  upsert?: boolean;
  /** Variables of the expressions. */
  let?: Document;
}

export interface ReplaceOptions extends Omit<UpdateOptions, 'arrayFilters'> {
  /** Which of several documents is replaced. */
  sort?: Sort;
}

export interface UpdateResult<TSchema = Document> {
  acknowledged: boolean;
  matchedCount: number;
  modifiedCount: number;
  upsertedCount: number;
  upsertedId: InferIdType<TSchema> | null;
}

export interface DeleteOptions extends CommandOperationOptions, ExplainOptions {
  /** Whether a bulk ends with its first error. */
  ordered?: boolean;
  collation?: CollationOptions;
  hint?: Hint;
  /** Variables of the expressions. */
  let?: Document;
}

export interface DeleteResult {
  acknowledged: boolean;
  deletedCount: number;
}

/** One of an `update` command's. */
export interface UpdateStatement {
  q: Document;
  u: Document | Document[];
  multi?: boolean;
  upsert?: boolean;
  collation?: CollationOptions;
  arrayFilters?: Document[];
  hint?: Hint;
  sort?: object;
}

/** One of a `delete` command's. */
export interface DeleteStatement {
  q: Document;
  /** 0 for all that match. */
  limit: 0 | 1;
  collation?: CollationOptions;
  hint?: Hint;
}

export function insertOne<TSchema>(scope: Scope, collection: string, document: Document, options: InsertOneOptions | undefined, keys: PrimaryKeyOptions): Promise<InsertOneResult<TSchema>> {
  if (document === null || typeof document !== 'object') throw new MongoInvalidArgumentError(`The document must be an object, received ${String(document)}`);
  addId(document, options?.forceServerObjectId === undefined ? keys : { ...keys, forceServerObjectId: options.forceServerObjectId });
  const command: Document = { insert: collection, ordered: true };
  if (options) copy(command, options, INSERT_FIELDS);
  const { acknowledged } = scope.settings;
  return scope.execute(
    WRITE,
    command,
    options,
    (reply, origin) => {
      checkWrite(reply, origin, scope.endpoint);
      return { acknowledged, insertedId: document['_id'] as InferIdType<TSchema> };
    },
    [{ name: 'documents', documents: [document] }],
  );
}

type UpdateStatementOptions = Pick<UpdateOptions, 'upsert' | 'collation' | 'arrayFilters' | 'hint'> & { sort?: Sort };

export function updateStatement(filter: unknown, update: Document | Document[], options: UpdateStatementOptions | undefined, multi: boolean): UpdateStatement {
  const statement: UpdateStatement = { q: checkFilter(filter), u: update };
  if (multi) statement.multi = true;
  if (!options) return statement;
  copy(statement, options, UPDATE_STATEMENT_FIELDS);
  if (options.hint) statement.hint = formatHint(options.hint);
  const sort = multi ? undefined : formatSort(options.sort);
  if (sort) statement.sort = sort;
  return statement;
}

export function deleteStatement(filter: unknown, options: DeleteOptions | undefined, limit: 0 | 1): DeleteStatement {
  const statement: DeleteStatement = { q: checkFilter(filter), limit };
  if (options?.collation) statement.collation = options.collation;
  if (options?.hint) statement.hint = formatHint(options.hint);
  return statement;
}

export function update<TSchema>(scope: Scope, collection: string, statement: UpdateStatement, options: UpdateOptions | undefined): Promise<UpdateResult<TSchema>> {
  const command: Document = { update: collection, ordered: true };
  if (options) copy(command, options, UPDATE_FIELDS);
  if (options?.explain !== undefined) return explain(scope, command, 'updates', statement, options) as Promise<never>;
  const { acknowledged } = scope.settings;
  return scope.execute(
    statement.multi ? WRITE_ONCE : WRITE,
    command,
    options,
    (reply, origin) => {
      checkWrite(reply, origin, scope.endpoint);
      // All of them are undefined where nothing was acknowledged.
      const { n, nModified = n, upserted } = reply as { n: number; nModified?: number; upserted?: { _id: InferIdType<TSchema> }[] };
      const upsertedCount = upserted?.length ?? 0;
      return { acknowledged, modifiedCount: nModified, upsertedId: upserted?.[0]?._id ?? null, upsertedCount, matchedCount: upsertedCount > 0 ? 0 : n };
    },
    [{ name: 'updates', documents: [statement] }],
  );
}

export function deleteDocuments(scope: Scope, collection: string, statement: DeleteStatement, options: DeleteOptions | undefined): Promise<DeleteResult> {
  const command: Document = { delete: collection, ordered: options?.ordered ?? true };
  if (options) copy(command, options, DELETE_FIELDS);
  if (options?.explain !== undefined) return explain(scope, command, 'deletes', statement, options) as Promise<never>;
  const { acknowledged } = scope.settings;
  return scope.execute(
    statement.limit === 0 ? WRITE_ONCE : WRITE,
    command,
    options,
    (reply, origin) => {
      checkWrite(reply, origin, scope.endpoint);
      return { acknowledged, deletedCount: reply['n'] as number };
    },
    [{ name: 'deletes', documents: [statement] }],
  );
}

function explain(scope: Scope, command: Document, name: string, statement: object, options: ExplainOptions & CommandOperationOptions): Promise<Document> {
  command[name] = [statement];
  return scope.execute(EXPLAIN, explained(command, options.explain as NonNullable<ExplainOptions['explain']>, options), options, (reply) => reply);
}
