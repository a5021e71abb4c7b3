// What operations have in common.

import { driver, type Driver } from './driver.mjs';
import type { EntityKind, EntityKinds } from './entities.mjs';
import type { Fields } from './file.mjs';
import { optionsOf } from './options.mjs';
import { plain } from './results.mjs';
import type { Run } from './run.mjs';
import { TestError, Unsupported } from './unsupported.mjs';

/** Runs on the object of that name; resolves with the result, as a test describes it. */
export type Operation = (run: Run, object: string, given: Fields) => Promise<unknown>;

export type Operations = Readonly<Record<string, Operation>>;

/** A result that was iterated: each of its documents may have fields that are not expected. */
export class RootDocuments {
  constructor(readonly documents: readonly unknown[]) {}
}

/** A result that is no value: an entity of a kind, to be saved. */
export class Made<Kind extends EntityKind = EntityKind> {
  constructor(
    readonly kind: Kind,
    readonly entity: EntityKinds[Kind],
  ) {}
}

/** The arguments of an operation, which must not have others than those that it heeds. */
export function args(given: Fields, operation: string, known: readonly string[]): Fields {
  const other = Object.keys(given).find((name) => !known.includes(name));
  if (other !== undefined) throw new Unsupported(`argument ${other} of ${operation}`);
  return given;
}

/** An argument that an operation cannot do without. */
export function required<T = unknown>(given: Fields, operation: string, name: string): T {
  if (given[name] === undefined) throw new TestError(`${operation} needs ${name}`);
  return given[name] as T;
}

/** How an operation calls the method of the same name. */
export interface Call {
  /** The arguments that are the method's own, in their order; one that may be left out ends in `?`. */
  readonly takes?: readonly string[];
  /** The arguments that become the method's options. */
  readonly options?: readonly string[];
  /** The method, if its name is another one. */
  readonly method?: string;
  /** What the method gives, and what becomes of that. */
  readonly gives?: (returned: unknown) => unknown;
}

/** The operation of a kind of object that is a call of its method. */
export function calling(kind: EntityKind, name: string, { takes = [], options = [], method = name, gives = plain }: Call): Operation {
  const names = takes.map((each) => each.replace('?', ''));
  return async (run, object, given) => {
    args(given, name, [...names, ...options]);
    const values = takes.map((each, index) => (each.endsWith('?') ? given[names[index] as string] : required(given, name, each)));
    const chosen = Object.fromEntries(Object.entries(given).filter(([key]) => options.includes(key)));
    return gives(await target(run, kind, object)[method](...values, optionsOf(run, chosen)));
  };
}

/** Those operations by name. */
export function callingAll(kind: EntityKind, calls: Readonly<Record<string, Call>>): Operations {
  return Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, calling(kind, name, call)]));
}

/** The object of the product that an entity is. */
export function target({ entities }: Run, kind: EntityKind, name: string): Driver {
  switch (kind) {
    case 'client':
      return driver(entities.get(kind, name).client);
    case 'session':
      return driver(entities.get(kind, name).session);
    case 'database':
    case 'collection':
      return driver(entities.get(kind, name));
    default:
      throw new TestError(`${name} is a ${kind}, which has no methods`);
  }
}

/** All documents of a cursor, which the method gave. */
export async function iterated(cursor: unknown): Promise<RootDocuments> {
  return new RootDocuments(await driver(cursor as object).toArray());
}
