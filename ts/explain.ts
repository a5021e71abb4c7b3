import type { Document } from 'bson';
import { MongoAPIError } from './errors';
import type { OperationOptions } from './scope';
import type { Treatment } from './settings';

export const ExplainVerbosity = Object.freeze({
  queryPlanner: 'queryPlanner',
  queryPlannerExtended: 'queryPlannerExtended',
  executionStats: 'executionStats',
  allPlansExecution: 'allPlansExecution',
} as const);
export type ExplainVerbosity = string;
/** `true` is `allPlansExecution`, `false` is `queryPlanner`. */
export type ExplainVerbosityLike = ExplainVerbosity | boolean;

export interface ExplainCommandOptions {
  verbosity: ExplainVerbosity;
  /** How long the server may work on the explanation, in milliseconds. */
  maxTimeMS?: number;
}

export interface ExplainOptions {
  /** Explains the operation instead of doing it. */
  explain?: ExplainVerbosityLike | ExplainCommandOptions;
}

/** An explanation writes nothing and takes no concerns. */
export const EXPLAIN: Treatment = { kind: 'read', takesReadConcern: false };

/** The command that explains another one. */
export function explained(command: Document, explain: NonNullable<ExplainOptions['explain']>, { timeoutMS, maxTimeMS }: OperationOptions & { maxTimeMS?: number }): Document {
  const { verbosity, maxTimeMS: explainMaxTimeMS }: { verbosity: ExplainVerbosityLike; maxTimeMS?: number } = typeof explain === 'object' ? explain : { verbosity: explain };
  if (timeoutMS !== undefined && (maxTimeMS !== undefined || explainMaxTimeMS !== undefined)) {
    throw new MongoAPIError('Cannot use maxTimeMS with timeoutMS for explain commands.');
  }
  const level = typeof verbosity === 'boolean' ? (verbosity ? 'allPlansExecution' : 'queryPlanner') : verbosity;
  return { explain: command, verbosity: level, ...(explainMaxTimeMS !== undefined && { maxTimeMS: explainMaxTimeMS }) };
}
