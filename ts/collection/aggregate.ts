import type { Document } from 'bson';
import type { AbstractCursorOptions } from '../cursor/options';
import { explained, type ExplainOptions } from '../explain';
import type { Treatment } from '../settings';
import { copy, formatHint, type CollationOptions, type Hint } from './fields';

export interface AggregateOptions extends AbstractCursorOptions, ExplainOptions {
  /** Whether stages may write to disk. */
  allowDiskUse?: boolean;
  /** Whether documents that `$out` and `$merge` write need not be valid. */
  bypassDocumentValidation?: boolean;
  cursor?: Document;
  collation?: CollationOptions;
  hint?: Hint;
  /** Variables of the pipeline's expressions. */
  let?: Document;
  /** The name of a collection to write to: as if an `$out` stood at the end. */
  out?: string;
}

export type AggregationCursorOptions = AggregateOptions;

export const AGGREGATE: Treatment = { kind: 'read', retryable: true, opensCursor: true };

/** One that ends in `$out` or `$merge`. */
export const WRITING_AGGREGATE: Treatment = { kind: 'writing-aggregate', opensCursor: true };

const FIELDS: ReadonlySet<string> = new Set(['allowDiskUse', 'bypassDocumentValidation', 'collation', 'let']);

/** @param collection - Its name, or 1 for the database as a whole. */
export function aggregateCommand(collection: string | 1, pipeline: readonly Document[], options: AggregateOptions): Document {
  const { batchSize, hint, explain, out } = options;
  const stages = typeof out === 'string' ? [...pipeline, { $out: out }] : pipeline;
  const command: Document = { aggregate: collection, pipeline: stages, cursor: { ...options.cursor } };
  // A batch that is to be empty would stop before the last stage has written.
  if (typeof batchSize === 'number' && !writes(stages)) command['cursor'].batchSize = batchSize;
  if (hint) command['hint'] = formatHint(hint);
  copy(command, options, FIELDS);
  if (explain === undefined) return command;
  return explained(command, explain, options);
}

/** Whether the last stage writes. */
export function writes(pipeline: readonly Document[]): boolean {
  const last = pipeline.at(-1);
  return typeof last === 'object' && last !== null && ('$out' in last || '$merge' in last);
}
