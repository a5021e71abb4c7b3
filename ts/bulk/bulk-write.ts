import type { Document } from 'bson';
import { checkReplacement, checkUpdate } from '../collection/fields';
import { deleteStatement, updateStatement } from '../collection/write';
import { MongoInvalidArgumentError } from '../errors';
import { addId, type PrimaryKeyOptions } from '../primary-key';
import type { Scope } from '../scope';
import { Statements } from './batches';
import { executeBulk } from './execute';
import { BatchType, type AnyBulkWriteOperation, type BulkWriteOptions, type InsertManyResult } from './models';
import type { BulkWriteResult } from './result';

/** Inserts documents: a bulk of nothing else. */
export async function insertMany<TSchema>(
  scope: Scope,
  collection: string,
  documents: readonly Document[],
  options: BulkWriteOptions = {},
  keys: PrimaryKeyOptions = {},
): Promise<InsertManyResult<TSchema>> {
  if (!Array.isArray(documents)) throw new MongoInvalidArgumentError('Argument "docs" must be an array of documents');
  const within = scope.with(options);
  const statements = new Statements(options.ordered !== false);
  const resolved = keysOf(options, keys);
  for (const document of documents as (Document | null)[]) {
    if (document === null || typeof document !== 'object') {
      throw new MongoInvalidArgumentError('Collection.insertMany() cannot be called with an array that has null/undefined values');
    }
    addId(document, resolved);
    statements.add(BatchType.INSERT, document);
  }
  const { insertedCount, insertedIds } = await executeBulk(within, collection, statements, options);
  return { acknowledged: within.settings.acknowledged, insertedCount, insertedIds };
}

export async function bulkWrite(
  scope: Scope,
  collection: string,
  operations: readonly AnyBulkWriteOperation[],
  options: BulkWriteOptions = {},
  keys: PrimaryKeyOptions = {},
): Promise<BulkWriteResult> {
  if (!Array.isArray(operations)) throw new MongoInvalidArgumentError('Argument "operations" must be an array of documents');
  const within = scope.with(options);
  const statements = new Statements(options.ordered !== false);
  const resolved = keysOf(options, keys);
  for (const operation of operations as AnyBulkWriteOperation[]) addOperation(statements, operation, within, resolved);
  return executeBulk(within, collection, statements, options);
}

/** Who makes the `_id` of a bulk's documents. */
export function keysOf({ forceServerObjectId }: BulkWriteOptions, keys: PrimaryKeyOptions): PrimaryKeyOptions {
  return forceServerObjectId === undefined ? keys : { ...keys, forceServerObjectId };
}

/** Adds the statement of an operation, which has to be of one of the six kinds. */
export function addOperation(statements: Statements, operation: AnyBulkWriteOperation, { settings }: Scope, keys: PrimaryKeyOptions): void {
  if (operation === null || typeof operation !== 'object') throw new MongoInvalidArgumentError('Operation must be an object with an operation key');
  for (const model of Object.values(operation) as unknown[]) {
    if (typeof model === 'object' && model !== null && 'q' in model) throw new MongoInvalidArgumentError('Raw operations are not allowed');
  }
  const { ignoreUndefined } = settings.bson;
  if ('insertOne' in operation) {
    // Also without its `document`: what stands there is it.
    const document = (operation.insertOne?.document ?? operation.insertOne) as Document;
    addId(document, keys);
    statements.add(BatchType.INSERT, document);
  } else if ('replaceOne' in operation) {
    const { filter, replacement, ...options } = operation.replaceOne;
    statements.add(BatchType.UPDATE, updateStatement(filter, checkReplacement(replacement), options, false));
  } else if ('updateOne' in operation) {
    const { filter, update, ...options } = operation.updateOne;
    statements.add(BatchType.UPDATE, updateStatement(filter, checkUpdate(update, ignoreUndefined), options, false));
  } else if ('updateMany' in operation) {
    const { filter, update, ...options } = operation.updateMany;
    statements.add(BatchType.UPDATE, updateStatement(filter, checkUpdate(update, ignoreUndefined), options, true));
  } else if ('deleteOne' in operation) {
    statements.add(BatchType.DELETE, deleteStatement(operation.deleteOne.filter, operation.deleteOne, 1));
  } else if ('deleteMany' in operation) {
    statements.add(BatchType.DELETE, deleteStatement(operation.deleteMany.filter, operation.deleteMany, 0));
  } else {
    throw new MongoInvalidArgumentError('bulkWrite only supports insertOne, replaceOne, updateOne, updateMany, deleteOne, deleteMany');
  }
}
