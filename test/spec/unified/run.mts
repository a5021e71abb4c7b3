// One run of a test: what it has by name, what it changed on the server, and how it ends.

import { inspect } from 'node:util';
import type { LaneKind } from 'ferropool';
import { Threads } from '../cmap/threads.mjs';
import { turnOff, type Deployment, type FailPoint } from '../servers.mjs';
import { TestClient } from './client.mjs';
import { Entities } from './entities.mjs';
import { checkError } from './expected-error.mjs';
import type { EntitySpec, Fields, OperationSpec } from './file.mjs';
import { mismatch } from './match.mjs';
import { RootDocuments } from './operation.mjs';
import { operationOf } from './operations.mjs';
import { Unsupported } from './unsupported.mjs';

export class Run {
  readonly deployment: Deployment;
  readonly entities = new Entities();
  readonly #lane: LaneKind;
  readonly #threads = new Threads();
  readonly #failPoints: FailPoint[] = [];

  constructor(deployment: Deployment, lane: LaneKind) {
    this.deployment = deployment;
    this.#lane = lane;
  }

  async createEntities(specs: readonly EntitySpec[]): Promise<void> {
    for (const spec of specs) {
      const [entry, ...others] = Object.entries(spec);
      if (!entry || others.length > 0) throw new Error(`an entity has one key: ${inspect(spec)}`);
      await this.#create(entry[0], entry[1]);
    }
  }

  async #create(kind: string, fields: EntitySpec[string]): Promise<void> {
    const { entities } = this;
    switch (kind) {
      case 'client':
        return entities.add('client', fields.id, await TestClient.create(fields, this.deployment.server.port, this.#lane));
      case 'database': {
        refuseOthers(fields, kind, ['id', 'client', 'databaseName']);
        const client = entities.get('client', fields['client']);
        return entities.add('database', fields.id, { client, db: client.client.db(String(fields['databaseName'])) });
      }
      case 'collection': {
        refuseOthers(fields, kind, ['id', 'database', 'collectionName']);
        const database = entities.get('database', fields['database']);
        return entities.add('collection', fields.id, { database, name: String(fields['collectionName']) });
      }
      case 'session':
        return entities.add('session', fields.id, { client: entities.get('client', fields['client']) });
      case 'thread':
        this.#threads.start(fields.id);
        return entities.add('thread', fields.id, { threads: this.#threads, name: fields.id });
      default:
        throw new Unsupported(`an entity ${kind}`);
    }
  }

  /** Runs an operation and asserts what is said of its result. */
  async operate(spec: OperationSpec): Promise<void> {
    const kind = spec.object === 'testRunner' ? 'testRunner' : this.entities.kindOf(spec.object);
    const operation = operationOf(kind, spec.name);
    const work = async () => ({ result: await operation(this, spec.object, spec.arguments ?? {}) });
    const outcome = await work().catch((error: unknown) => ({ error }));
    // What the runner cannot do, and its own assertions, are nothing that a test can expect.
    if ('error' in outcome && (outcome.error instanceof Unsupported || kind === 'testRunner')) throw outcome.error;
    if (!spec.ignoreResultAndError) this.#check(spec, outcome);
  }

  #check(spec: OperationSpec, outcome: { result: unknown } | { error: unknown }): void {
    if (spec.expectError) {
      const found = checkError(spec.expectError, 'error' in outcome ? outcome.error : undefined, this.entities);
      if (found) throw new Error(`${spec.name}: ${found}`);
      return;
    }
    if ('error' in outcome) throw outcome.error;
    const { result: returned } = outcome;
    const isList = returned instanceof RootDocuments;
    const result = isList ? returned.documents : returned;
    if ('expectResult' in spec) {
      const found = mismatch(spec.expectResult, result, this.entities, `the result of ${spec.name}`, isList ? 'elements' : 'document');
      if (found) throw new Error(found);
    }
    if (spec.saveResultAsEntity !== undefined) {
      if (result === undefined) throw new Error(`${spec.name} has no result to save`);
      this.entities.add('value', spec.saveResultAsEntity, result);
    }
  }

  /** Turns a fail point on until the run ends. */
  async failPoint(failPoint: FailPoint): Promise<void> {
    this.#failPoints.push(failPoint);
    await this.deployment.server.command('admin', failPoint);
  }

  /** Waits for the threads. What failed on one of them fails the test. */
  async joinThreads(): Promise<void> {
    for (const { threads, name } of this.entities.of('thread')) await threads.finished(name);
  }

  /** Records no event any more, and leaves no fail point behind. */
  async finish(): Promise<void> {
    await this.#threads.settled();
    for (const { events } of this.entities.of('client')) events.end();
    for (const failPoint of this.#failPoints.splice(0)) await turnOff(this.deployment.server, failPoint);
  }

  /** Ends what the entities hold. */
  async end(): Promise<void> {
    await Promise.all(this.entities.of('client').map((client) => client.close()));
  }
}

/** An option that is not heeded would make a test say less than it seems to. */
function refuseOthers(fields: Fields, kind: string, known: readonly string[]): void {
  const other = Object.keys(fields).find((field) => !known.includes(field));
  if (other !== undefined) throw new Unsupported(`${other} of a ${kind}`);
}
