// "Entity Map": what a test has by name.

import type { Db, TopologyDescription } from 'ferropool';
import type { Threads } from '../cmap/threads.mjs';
import type { TestClient } from './client.mjs';
import type { Driver } from './driver.mjs';
import type { MatchContext } from './match.mjs';
import { TestError } from './unsupported.mjs';

/** What entities are in the map, by kind. */
export interface EntityKinds {
  client: TestClient;
  database: Db;
  collection: object;
  session: TestSession;
  thread: { readonly threads: Threads; readonly name: string };
  /** A find or command cursor. */
  cursor: Driver;
  changeStream: Driver;
  topologyDescription: TopologyDescription;
  /** A BSON value that a test saved. */
  value: unknown;
}

/** A session of the product, with the client that it is of. */
export interface TestSession {
  readonly client: TestClient;
  readonly session: object & { readonly id?: unknown };
  /** Its id, which it no longer has when it has ended. */
  readonly lsid: unknown;
}

export type EntityKind = keyof EntityKinds;

export class Entities implements MatchContext {
  readonly #entities = new Map<string, { kind: EntityKind; entity: unknown }>();

  add<Kind extends EntityKind>(kind: Kind, name: string, entity: EntityKinds[Kind]): void {
    if (typeof name !== 'string') throw new TestError(`a ${kind} needs a name`);
    if (this.#entities.has(name)) throw new TestError(`there is an entity ${name} already`);
    this.#entities.set(name, { kind, entity });
  }

  get<Kind extends EntityKind>(kind: Kind, name: unknown): EntityKinds[Kind] {
    const found = this.#find(name);
    if (found.kind !== kind) throw new TestError(`the entity ${String(name)} is a ${found.kind}, not a ${kind}`);
    return found.entity as EntityKinds[Kind];
  }

  kindOf(name: string): EntityKind {
    return this.#find(name).kind;
  }

  /** All of a kind. */
  of<Kind extends EntityKind>(kind: Kind): EntityKinds[Kind][] {
    const entities = [...this.#entities.values()].filter((each) => each.kind === kind);
    return entities.map(({ entity }) => entity as EntityKinds[Kind]);
  }

  value(name: string): unknown {
    return this.get('value', name);
  }

  lsid(name: string): unknown {
    return this.get('session', name).lsid;
  }

  #find(name: unknown): { kind: EntityKind; entity: unknown } {
    const found = this.#entities.get(name as string);
    if (!found) throw new TestError(`there is no entity ${String(name)}`);
    return found;
  }
}
