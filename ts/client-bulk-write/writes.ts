// The documents of the command `bulkWrite` ("Operations").

import type { Document } from 'bson';
import { checkFilter, checkReplacement, checkUpdate, copy, formatHint } from '../collection/fields';
import { MongoInvalidArgumentError } from '../errors';
import { addId, type PrimaryKeyOptions } from '../primary-key';
import { formatSort } from '../sort';
import type { AnyClientBulkWriteModel } from './models';

/** A write as the command has it. */
export interface Write {
  readonly kind: 'insert' | 'update' | 'delete';
  readonly namespace: string;
  /** Its first field, by the name of its kind, is the place of its namespace: the batch sets it. */
  readonly operation: Document;
}

const UPDATE_FIELDS: ReadonlySet<string> = new Set(['upsert', 'arrayFilters', 'collation']);
const DELETE_FIELDS: ReadonlySet<string> = new Set(['collation']);

/** @throws {@link MongoInvalidArgumentError} for a model that is none. */
export function writeOf(model: AnyClientBulkWriteModel<Document>, keys: PrimaryKeyOptions, ignoreUndefined: boolean | undefined): Write {
  const namespace = model?.namespace;
  if (typeof namespace !== 'string') throw new MongoInvalidArgumentError(`The namespace of a client bulk write model must be a string, received ${String(namespace)}`);
  switch (model.name) {
    case 'insertOne': {
      const { document } = model;
      if (document === null || typeof document !== 'object') throw new MongoInvalidArgumentError(`The document must be an object, received ${String(document)}`);
      addId(document, keys);
      return { kind: 'insert', namespace, operation: { insert: 0, document } };
    }
    case 'updateOne':
    case 'updateMany':
      return { kind: 'update', namespace, operation: updateOf(model, checkUpdate(model.update, ignoreUndefined)) };
    case 'replaceOne':
      return { kind: 'update', namespace, operation: updateOf(model, checkReplacement(model.replacement)) };
    case 'deleteOne':
    case 'deleteMany': {
      const operation = { delete: 0, multi: model.name === 'deleteMany', filter: checkFilter(model.filter) };
      return { kind: 'delete', namespace, operation: withHint(copy(operation, model, DELETE_FIELDS), model) };
    }
    default:
      throw new MongoInvalidArgumentError(`A client bulk write model must be an insertOne, updateOne, updateMany, replaceOne, deleteOne or deleteMany, received ${String((model as { name: unknown }).name)}`);
  }
}

type Updating = Extract<AnyClientBulkWriteModel<Document>, { name: 'updateOne' | 'updateMany' | 'replaceOne' }>;

function updateOf(model: Updating, updateMods: Document | Document[]): Document {
  const multi = model.name === 'updateMany';
  const operation = { update: 0, multi, filter: checkFilter(model.filter), updateMods };
  const sort = model.name === 'updateMany' ? undefined : formatSort(model.sort);
  return withHint(copy(sort ? { ...operation, sort } : operation, model, UPDATE_FIELDS), model);
}

function withHint(operation: Document, { hint }: Pick<Updating, 'hint'>): Document {
  if (hint) operation['hint'] = formatHint(hint);
  return operation;
}
