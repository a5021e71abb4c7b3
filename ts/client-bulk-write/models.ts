import type { Document } from 'bson';
import type { CollationOptions, Hint } from '../collection/fields';
import type { Filter, OptionalId, UpdateFilter, WithoutId } from '../collection/types';
import type { CommandOperationOptions } from '../scope';
import type { Sort } from '../sort';

export interface ClientBulkWriteOptions extends CommandOperationOptions {
  /** Whether the first write that fails is the last one that is tried. @defaultValue true */
  ordered?: boolean;
  bypassDocumentValidation?: boolean;
  /** Variables of the expressions. */
  let?: Document;
  /** Whether the result tells of each write that succeeded. @defaultValue false */
  verboseResults?: boolean;
}

export interface ClientWriteModel {
  /** `database.collection`. */
  namespace: string;
}

export interface ClientInsertOneModel<TSchema> extends ClientWriteModel {
  name: 'insertOne';
  document: OptionalId<TSchema>;
}

interface FilteringModel<TSchema> extends ClientWriteModel {
  filter: Filter<TSchema>;
  collation?: CollationOptions;
  hint?: Hint;
}

export interface ClientDeleteOneModel<TSchema> extends FilteringModel<TSchema> {
  name: 'deleteOne';
}

export interface ClientDeleteManyModel<TSchema> extends FilteringModel<TSchema> {
  name: 'deleteMany';
}

export interface ClientReplaceOneModel<TSchema> extends FilteringModel<TSchema> {
  name: 'replaceOne';
  replacement: WithoutId<TSchema>;
  /** Whether a document is inserted where none matches. */
  upsert?: boolean;
  /** Which of several documents is replaced. */
  sort?: Sort;
}

interface UpdatingModel<TSchema> extends FilteringModel<TSchema> {
  update: UpdateFilter<TSchema> | Document[];
  /** Which elements of arrays are updated. */
  arrayFilters?: Document[];
  /** Whether a document is inserted where none matches. */
  upsert?: boolean;
}

export interface ClientUpdateOneModel<TSchema> extends UpdatingModel<TSchema> {
  name: 'updateOne';
  /** Which of several documents is updated. */
  sort?: Sort;
}

export interface ClientUpdateManyModel<TSchema> extends UpdatingModel<TSchema> {
  name: 'updateMany';
}

/** A write of a client's bulk, whatever its collection. */
export type AnyClientBulkWriteModel<TSchema extends Document> =
  | ClientInsertOneModel<TSchema>
  | ClientReplaceOneModel<TSchema>
  | ClientUpdateOneModel<TSchema>
  | ClientUpdateManyModel<TSchema>
  | ClientDeleteOneModel<TSchema>
  | ClientDeleteManyModel<TSchema>;

/** A write of a client's bulk, with the schema of its namespace. */
export type ClientBulkWriteModel<SchemaMap extends Record<string, Document> = Record<string, Document>> = {
  [Namespace in keyof SchemaMap]: AnyClientBulkWriteModel<SchemaMap[Namespace]> & { namespace: Namespace };
}[keyof SchemaMap];
