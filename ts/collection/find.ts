import type { Document } from 'bson';
import type { AbstractCursorOptions } from '../cursor/options';
import { explained, type ExplainOptions } from '../explain';
import { MongoInvalidArgumentError } from '../errors';
import { formatSort, type Sort } from '../sort';
import type { Treatment } from '../settings';
import { copy, formatHint, type CollationOptions, type Hint } from './fields';

export interface FindOptions extends AbstractCursorOptions, ExplainOptions {
  /** How many documents at most, 0 for all; a negative number is for one batch of so many. */
  limit?: number;
  sort?: Sort;
  /** Which fields documents have. */
  projection?: Document | readonly string[];
  /** How many documents are left out at the beginning. */
  skip?: number;
  hint?: Hint;
  /** Whether the server closes a cursor that is idle: the opposite of `noCursorTimeout`. */
  timeout?: boolean;
  /** Whether documents have nothing but the index's keys. */
  returnKey?: boolean;
  /** The inclusive lower bound of an index. */
  min?: Document;
  /** The exclusive upper bound of an index. */
  max?: Document;
  collation?: CollationOptions;
  /** Whether the server may sort on disk. */
  allowDiskUse?: boolean;
  /** Whether the cursor ends with its first batch. */
  singleBatch?: boolean;
  /** Whether the result may lack what shards that are away have. */
  allowPartialResults?: boolean;
  /** Whether documents have their `$recordId`. */
  showRecordId?: boolean;
  /** Variables of the filter's expressions. */
  let?: Document;
  oplogReplay?: boolean;
}

export type FindOneOptions = Omit<FindOptions, 'batchSize' | 'limit' | 'noCursorTimeout' | 'timeoutMode'>;

export const FIND: Treatment = { kind: 'read', retryable: true, opensCursor: true };

/** The same for the one document of `findOne`: its cursor ends with the reply. */
export const FIND_ONE: Treatment = { kind: 'read', retryable: true };

/** The fields of both, that are named as their options are. */
const FIELDS = ['skip', 'collation', 'max', 'min', 'returnKey', 'showRecordId', 'oplogReplay', 'allowPartialResults', 'allowDiskUse', 'let'];
const FIND_ONE_FIELDS: ReadonlySet<string> = new Set(FIELDS);
const FIND_FIELDS: ReadonlySet<string> = new Set([...FIELDS, 'singleBatch', 'tailable', 'noCursorTimeout', 'awaitData']);

/** The command of a `find`, or of its explanation. Its comment and maxTimeMS are every command's. */
export function findCommand(collection: string, filter: Document, options: FindOptions): Document {
  if ((options as { exhaust?: boolean }).exhaust) throw new MongoInvalidArgumentError('Option "exhaust" is not supported: each batch is asked for');
  const { limit, batchSize, timeout } = options;
  const command: Document = { find: collection, filter };
  if (typeof limit === 'number') command['limit'] = Math.abs(limit);
  if (typeof batchSize === 'number') {
    if (batchSize < 0) command['limit'] = -batchSize;
    // One more than the limit lets the server see the end, and close the cursor with this batch.
    else command['batchSize'] = batchSize === limit ? batchSize + 1 : batchSize;
  }
  if (typeof timeout === 'boolean') command['noCursorTimeout'] = !timeout;
  const completed = complete(command, options, FIND_FIELDS);
  // Negative limits and batch sizes are for a single batch ("Find, getMore and killCursors commands").
  if ((limit ?? 0) < 0 || (batchSize ?? 0) < 0) command['singleBatch'] = true;
  return completed;
}

/** The command of `findOne`. */
export function findOneCommand(collection: string, filter: Document, options: FindOneOptions | undefined): Document {
  const command: Document = { find: collection, filter, limit: 1, singleBatch: true };
  return options ? complete(command, options, FIND_ONE_FIELDS) : command;
}

function complete(command: Document, options: FindOptions, fields: ReadonlySet<string>): Document {
  const { projection, hint, explain } = options;
  const sort = formatSort(options.sort);
  if (sort) command['sort'] = sort;
  if (projection) command['projection'] = Array.isArray(projection) ? inclusion(projection as string[]) : projection;
  if (hint) command['hint'] = formatHint(hint);
  copy(command, options, fields);
  return explain === undefined ? command : explained(command, explain, options);
}

/** Nothing but these fields; without any, `_id` alone. */
function inclusion(fields: string[]): Document {
  return fields.length === 0 ? { _id: 1 } : Object.fromEntries(fields.map((field) => [field, 1]));
}
