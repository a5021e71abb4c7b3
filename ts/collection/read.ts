// Reads whose reply is the result.

import type { Document } from 'bson';
import { EXPLAIN, explained, type ExplainOptions } from '../explain';
import type { CommandOperationOptions, Scope } from '../scope';
import type { Treatment } from '../settings';
import { aggregateCommand, type AggregateOptions } from './aggregate';
import { copy, formatFilter, formatHint, type CollationOptions, type Hint } from './fields';
import { FIND_ONE, findOneCommand, type FindOneOptions } from './find';

export interface CountDocumentsOptions extends AggregateOptions {
  /** How many documents are left out. */
  skip?: number;
  /** How many documents are counted at most. */
  limit?: number;
}

export type EstimatedDocumentCountOptions = CommandOperationOptions;

export interface CountOptions extends CommandOperationOptions {
  skip?: number;
  limit?: number;
  hint?: Hint;
  collation?: CollationOptions;
}

export interface DistinctOptions extends CommandOperationOptions, ExplainOptions {
  collation?: CollationOptions;
  hint?: Hint;
}

const READ: Treatment = { kind: 'read', retryable: true };
const COUNT_FIELDS: ReadonlySet<string> = new Set(['limit', 'skip', 'collation']);
const DISTINCT_FIELDS: ReadonlySet<string> = new Set(['collation']);

export function findOne<T>(scope: Scope, collection: string, filter: unknown, options: FindOneOptions | undefined): Promise<T | null> {
  const command = findOneCommand(collection, formatFilter(filter), options);
  if (options?.explain !== undefined) return scope.execute(EXPLAIN, command, options, (reply) => reply as T);
  return scope.execute(FIND_ONE, command, options, firstDocument) as Promise<T | null>;
}

function firstDocument(reply: Document): Document | null {
  return (reply['cursor'] as { firstBatch: Document[] }).firstBatch[0] ?? null;
}

/** Counts with an aggregation, which sees what a transaction does and skips orphans. */
export async function countDocuments(scope: Scope, collection: string, filter: unknown, options: CountDocumentsOptions): Promise<number> {
  const { skip, limit, ...others } = options;
  const pipeline: Document[] = [{ $match: formatFilter(filter) }];
  if (typeof skip === 'number') pipeline.push({ $skip: skip });
  if (typeof limit === 'number') pipeline.push({ $limit: limit });
  pipeline.push({ $group: { _id: 1, n: { $sum: 1 } } });
  const command = aggregateCommand(collection, pipeline, others);
  return scope.execute(READ, command, options, (reply) => numberOf((firstDocument(reply) ?? { n: 0 })['n']));
}

/** Counts by what the collection knows of itself. */
export function estimatedDocumentCount(scope: Scope, collection: string, options: EstimatedDocumentCountOptions | undefined): Promise<number> {
  return scope.execute(READ, { count: collection }, options, countOf);
}

export function count(scope: Scope, collection: string, filter: unknown, options: CountOptions): Promise<number> {
  const command = copy({ count: collection, query: formatFilter(filter) }, options, COUNT_FIELDS);
  if (options.hint) command['hint'] = formatHint(options.hint);
  return scope.execute(READ, command, options, countOf);
}

export function distinct(scope: Scope, collection: string, key: string, filter: unknown, options: DistinctOptions): Promise<unknown[]> {
  const command = copy({ distinct: collection, key, query: formatFilter(filter) }, options, DISTINCT_FIELDS);
  if (options.hint) command['hint'] = formatHint(options.hint);
  if (options.explain !== undefined) return scope.execute(EXPLAIN, explained(command, options.explain, options), options, (reply) => reply) as Promise<never>;
  return scope.execute(READ, command, options, (reply) => reply['values'] as unknown[]);
}

function countOf(reply: Document): number {
  return numberOf(reply['n']);
}

/** However the user has numbers read. */
function numberOf(value: unknown): number {
  return Number(String(value));
}
