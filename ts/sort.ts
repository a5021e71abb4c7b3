import { MongoInvalidArgumentError } from './errors';
import { orderedDocument } from './ordered';

export type SortDirection = 1 | -1 | 'asc' | 'desc' | 'ascending' | 'descending' | { readonly $meta: string };

/** What may be given for an order. */
export type Sort =
  | string
  | Exclude<SortDirection, { readonly $meta: string }>
  | ReadonlyArray<string>
  | { readonly [key: string]: SortDirection }
  | ReadonlyMap<string, SortDirection>
  | ReadonlyArray<readonly [string, SortDirection]>
  | readonly [string, SortDirection];

/** An order as commands carry it. */
export type SortForCommand = object;

/** `undefined` where there is none. Its fields stay in order. */
export function formatSort(sort: Sort | undefined | null, direction?: SortDirection): SortForCommand | undefined {
  if (sort === undefined || sort === null) return undefined;
  if (typeof sort === 'string') return { [sort]: directionOf(direction) };
  if (typeof sort !== 'object') throw new MongoInvalidArgumentError(`Invalid sort format: ${JSON.stringify(sort)} Sort must be a valid object`);
  if (!Array.isArray(sort)) {
    const entries = sort instanceof Map ? [...(sort as ReadonlyMap<string, SortDirection>)] : Object.entries(sort);
    if (entries.length === 0) return undefined;
    if (entries.every(([, value]) => typeof value !== 'string')) return sort;
    return formatEntries(entries);
  }
  const [first, second] = sort as unknown[];
  if (sort.length === 0) return undefined;
  if (Array.isArray(first)) return formatEntries(sort as [string, SortDirection][]);
  if (sort.length === 2 && isDirection(second)) return formatEntries([sort as unknown as [string, SortDirection]]);
  return formatEntries((sort as string[]).map((name) => [name, 1]));
}

function formatEntries(entries: [string, SortDirection][]): SortForCommand {
  return orderedDocument(entries.map(([name, direction]) => [String(name), directionOf(direction)]));
}

function isDirection(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'object' && value !== null) || DIRECTIONS.has(String(value));
}

const DIRECTIONS = new Map([
  ['asc', 1],
  ['ascending', 1],
  ['1', 1],
  ['desc', -1],
  ['descending', -1],
  ['-1', -1],
]);

function directionOf(direction: SortDirection = 1): 1 | -1 | { $meta: string } {
  if (typeof direction === 'object' && '$meta' in direction) return { $meta: String(direction.$meta) };
  const number = DIRECTIONS.get(String(direction).toLowerCase());
  if (number === undefined) throw new MongoInvalidArgumentError(`Invalid sort direction: ${JSON.stringify(direction)}`);
  return number as 1 | -1;
}
