import type { Document } from 'bson';
import type { CollationOptions, Hint } from '../collection/fields';
import type { Filter, InferIdType, OptionalId, UpdateFilter, WithoutId } from '../collection/types';
import type { CommandOperationOptions } from '../scope';
import type { Sort } from '../sort';

export const BatchType = Object.freeze({ INSERT: 1, UPDATE: 2, DELETE: 3 } as const);
export type BatchType = (typeof BatchType)[keyof typeof BatchType];

export interface InsertOneModel<TSchema extends Document = Document> {
  document: OptionalId<TSchema>;
}

export interface DeleteOneModel<TSchema extends Document = Document> {
  filter: Filter<TSchema>;
  collation?: CollationOptions;
  hint?: Hint;
}

export type DeleteManyModel<TSchema extends Document = Document> = DeleteOneModel<TSchema>;

export interface ReplaceOneModel<TSchema extends Document = Document> extends DeleteOneModel<TSchema> {
  replacement: WithoutId<TSchema>;
  /** Whether a document is inserted where none matches. */
  upsert?: boolean;
  /** Which of several documents is replaced. */
  sort?: Sort;
}

export interface UpdateManyModel<TSchema extends Document = Document> extends DeleteOneModel<TSchema> {
  update: UpdateFilter<TSchema> | Document[];
  /** Which elements of arrays are updated. */
  arrayFilters?: Document[];
  /** Whether a document is inserted where none matches. */
  upsert?: boolean;
}

export interface UpdateOneModel<TSchema extends Document = Document> extends UpdateManyModel<TSchema> {
  /** Which of several documents is updated. */
  sort?: Sort;
}

export type AnyBulkWriteOperation<TSchema extends Document = Document> =
  | { insertOne: InsertOneModel<TSchema> }
  | { replaceOne: ReplaceOneModel<TSchema> }
  | { updateOne: UpdateOneModel<TSchema> }
  | { updateMany: UpdateManyModel<TSchema> }
  | { deleteOne: DeleteOneModel<TSchema> }
  | { deleteMany: DeleteManyModel<TSchema> };

export interface BulkWriteOptions extends CommandOperationOptions {
  bypassDocumentValidation?: boolean;
  /** Whether the first write that fails is the last one that is tried. @defaultValue true */
  ordered?: boolean;
  /** Whether the server makes the `_id` of documents. @defaultValue false */
  forceServerObjectId?: boolean;
  /** Variables of the expressions. */
  let?: Document;
}

export interface InsertManyResult<TSchema = Document> {
  acknowledged: boolean;
  insertedCount: number;
  /** By the index of the document. */
  insertedIds: { [key: number]: InferIdType<TSchema> };
}
