// The fields of commands that options become.

import type { Document } from 'bson';
import { MongoInvalidArgumentError } from '../errors';

/** An index by its name, or by its keys: names of fields stand for ascending ones. */
export type Hint = string | Document;

export interface CollationOptions {
  locale: string;
  caseLevel?: boolean;
  caseFirst?: string;
  strength?: number;
  numericOrdering?: boolean;
  alternate?: string;
  maxVariable?: string;
  backwards?: boolean;
  normalization?: boolean;
}

/** Copies those of `options` that are a field of the command: they are few, and its fields are many. */
export function copy(command: Document, options: object, names: ReadonlySet<string>): Document {
  for (const name in options) {
    if (!names.has(name)) continue;
    const value = (options as Document)[name] as unknown;
    if (value !== undefined && value !== null) command[name] = value;
  }
  return command;
}

export function formatHint(hint: Hint | readonly string[]): Hint {
  return Array.isArray(hint) ? Object.fromEntries(hint.map((name) => [name, 1])) : (hint as Hint);
}

/** A filter as commands carry it: an ObjectId stands for the document of that `_id`. */
export function formatFilter(filter: unknown): Document {
  if (filter === undefined || filter === null) return {};
  if (typeof filter !== 'object' || Array.isArray(filter)) {
    throw new MongoInvalidArgumentError('Query filter must be a plain object or ObjectId');
  }
  return (filter as { _bsontype?: string })._bsontype === 'ObjectId' ? { _id: filter } : filter;
}

/** A filter of a write: it has to be there. */
export function checkFilter(filter: unknown): Document {
  if (filter === undefined || filter === null || typeof filter !== 'object') {
    throw new MongoInvalidArgumentError('Selector must be a valid JavaScript object');
  }
  return filter;
}

/** Whether a document is an update: its first field decides, the server finds where others differ. */
export function hasAtomicOperators(document: Document | Document[]): boolean {
  if (Array.isArray(document)) return document.some(hasAtomicOperators);
  return Object.keys(document)[0]?.[0] === '$';
}

/** The same, by the name of the argument. */
export function checkArgument(name: string, value: unknown): void {
  if (value === undefined || value === null || typeof value !== 'object') throw new MongoInvalidArgumentError(`Argument "${name}" must be an object`);
}

/** An update has operators, some of which say something. */
export function checkUpdate(update: unknown, ignoreUndefined = false): Document | Document[] {
  checkDocument(update);
  if (ignoreUndefined && !Array.isArray(update) && Object.values(update).every((value) => value === undefined)) {
    throw new MongoInvalidArgumentError('Update operations require that all atomic operators have defined values, but none were provided.');
  }
  if (!hasAtomicOperators(update)) throw new MongoInvalidArgumentError('Update document requires atomic operators');
  return update;
}

export function checkReplacement(replacement: unknown): Document {
  checkDocument(replacement);
  if (hasAtomicOperators(replacement)) throw new MongoInvalidArgumentError('Replacement document must not contain atomic operators');
  return replacement;
}

function checkDocument(document: unknown): asserts document is Document {
  if (document === undefined || document === null || typeof document !== 'object') {
    throw new MongoInvalidArgumentError('Document must be a valid JavaScript object');
  }
}
