import type { Document } from 'bson';
import type { ListIndexesOptions } from '../cursor/list-cursors';
import { orderedDocument } from '../ordered';
import { checkWriteConcern } from '../replies';
import type { CommandOperationOptions, Scope } from '../scope';
import type { CollationOptions } from './fields';
import type { OneOrMore } from './types';
import { WRITE_ONCE } from './write';

export type IndexDirection = -1 | 1 | '2d' | '2dsphere' | 'text' | 'geoHaystack' | 'hashed' | number;

/** An index's keys: names of fields stand for ascending ones. */
export type IndexSpecification = OneOrMore<string | [string, IndexDirection] | { [key: string]: IndexDirection } | Map<string, IndexDirection>>;

/** What an index may have beside its keys and its name. */
interface IndexFields {
  background?: boolean;
  unique?: boolean;
  partialFilterExpression?: Document;
  sparse?: boolean;
  /** Whether it is kept up to date and not used. */
  hidden?: boolean;
  /** When documents are removed, in seconds. */
  expireAfterSeconds?: number;
  storageEngine?: Document;
  /** The index's own version. */
  version?: number;
  weights?: Document;
  default_language?: string;
  language_override?: string;
  textIndexVersion?: number;
  '2dsphereIndexVersion'?: number;
  bits?: number;
  min?: number;
  max?: number;
  bucketSize?: number;
  wildcardProjection?: Document;
  collation?: CollationOptions;
  /** Made of its keys by default. */
  name?: string;
}

export interface IndexDescription extends IndexFields {
  key: { [key: string]: IndexDirection } | Map<string, IndexDirection>;
}

export interface CreateIndexesOptions extends IndexFields, Omit<CommandOperationOptions, 'writeConcern'> {
  /** How many members must have built it, or which. */
  commitQuorum?: number | string;
}

export type IndexDescriptionInfo = Omit<IndexDescription, 'key' | 'version'> & { key: { [key: string]: IndexDirection }; v?: number } & Document;
export type IndexDescriptionCompact = Record<string, [name: string, direction: IndexDirection][]>;

export interface IndexInformationOptions extends ListIndexesOptions {
  /** Whether all is told of them, or their keys alone. */
  full?: boolean;
}

const INDEX_FIELDS = [
  'background',
  'unique',
  'partialFilterExpression',
  'sparse',
  'hidden',
  'expireAfterSeconds',
  'storageEngine',
  'collation',
  'weights',
  'default_language',
  'language_override',
  'textIndexVersion',
  '2dsphereIndexVersion',
  'bits',
  'min',
  'max',
  'bucketSize',
  'wildcardProjection',
] as const;

/** Creates indexes and gives their names. */
export async function createIndexes(scope: Scope, collection: string, descriptions: readonly IndexDescription[], options: CreateIndexesOptions = {}): Promise<string[]> {
  const indexes = descriptions.map(describe);
  const command: Document = { createIndexes: collection, indexes };
  if (options.commitQuorum !== undefined) command['commitQuorum'] = options.commitQuorum;
  return scope.execute(WRITE_ONCE, command, options, (reply, origin) => {
    checkWriteConcern(reply, origin, scope.endpoint);
    return indexes.map(({ name }) => name);
  });
}

/** The keys of an index, in order. */
export function indexKeys(specification: IndexSpecification): Map<string, IndexDirection> {
  const parts = isPair(specification) || !Array.isArray(specification) ? [specification] : specification;
  return new Map(parts.flatMap(entriesOf));
}

function entriesOf(part: unknown): [string, IndexDirection][] {
  if (typeof part === 'string') return [[part, 1]];
  if (Array.isArray(part)) return [[part[0] as string, (part[1] as IndexDirection | undefined) ?? 1]];
  return part instanceof Map ? [...(part as Map<string, IndexDirection>)] : Object.entries(part as object);
}

/** Two strings are two fields, unless the second one is the name of a kind of index. */
function isPair(specification: unknown): boolean {
  if (!Array.isArray(specification) || specification.length !== 2) return false;
  const second = specification[1] as unknown;
  return typeof second === 'number' || ['2d', '2dsphere', 'text', 'geoHaystack', 'hashed'].includes(second as string);
}

function describe(index: IndexDescription): Document & { name: string } {
  const entries = entriesOf(index.key);
  const described: Document & { name: string } = { name: index.name ?? entries.flat().join('_'), key: orderedDocument(entries) };
  for (const name of INDEX_FIELDS) if (index[name] !== undefined) described[name] = index[name];
  if (index.version !== undefined) described['v'] = index.version;
  return described;
}
