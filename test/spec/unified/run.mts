// One run of a test: what it has by name, what it changed on the server, and how it ends.

import { inspect } from 'node:util';
import type { LaneKind } from 'ferropool';
import { Threads } from '../cmap/threads.mjs';
import type { Deployment } from '../deployments.mjs';
import { turnOff, type FailPoint } from '../servers.mjs';
import type { TestClient } from './client.mjs';
import { createEntity } from './create-entity.mjs';
import { driver, unknownOption, type Driver } from './driver.mjs';
import { Entities } from './entities.mjs';
import { checkError } from './expected-error.mjs';
import type { EntitySpec, Fields, OperationSpec } from './file.mjs';
import { mismatch } from './match.mjs';
import { OutOfScope } from './never.mjs';
import { Made, RootDocuments } from './operation.mjs';
import { operationOf } from './operations.mjs';
import { killSessions } from './sessions.mjs';
import { TestError, Unsupported } from './unsupported.mjs';
import { copied } from './values.mjs';

type Outcome = { readonly result: unknown } | { readonly error: unknown };

export class Run {
  readonly entities = new Entities();
  readonly threads = new Threads();
  readonly #failPoints: FailPoint[] = [];
  readonly #unsavedCursors: Driver[] = [];
  #hadTransactions = false;

  constructor(
    readonly deployment: Deployment,
    readonly lane: LaneKind,
  ) {}

  async createEntities(specs: readonly EntitySpec[]): Promise<void> {
    for (const spec of specs) {
      const [entry, ...others] = Object.entries(spec);
      if (!entry || others.length > 0) throw new TestError(`an entity has one key: ${inspect(spec)}`);
      await createEntity(this, entry[0], entry[1]);
    }
  }

  /** Runs an operation and asserts what is said of its result. */
  async operate(spec: OperationSpec): Promise<void> {
    this.#check(spec, await this.#perform(spec));
  }

  /** The same in the callback of a transaction, which fails as its operations do, expected or not. */
  async operateInCallback(spec: OperationSpec): Promise<void> {
    const outcome = await this.#perform(spec);
    this.#check(spec, outcome);
    if ('error' in outcome) throw outcome.error;
  }

  async #perform(spec: OperationSpec): Promise<Outcome> {
    const kind = spec.object === 'testRunner' ? 'testRunner' : this.entities.kindOf(spec.object);
    const operation = operationOf(kind, spec.name);
    if (spec.name === 'startTransaction' || spec.name === 'withTransaction') this.#hadTransactions = true;
    try {
      // Inserted documents are given their ids where they are.
      return { result: await operation(this, spec.object, copied(spec.arguments ?? {}) as Fields) };
    } catch (error) {
      const isRunners = [Unsupported, OutOfScope, TestError].some((known) => error instanceof known);
      // What the runner cannot do, and its own assertions, are nothing that a test can expect.
      if (isRunners || kind === 'testRunner') throw error;
      throwIf(unknownOption(error));
      return { error };
    }
  }

  #check(spec: OperationSpec, outcome: Outcome): void {
    if (spec.ignoreResultAndError) return;
    if (spec.expectError) {
      const found = checkError(spec.expectError, 'error' in outcome ? outcome.error : undefined, this.entities);
      throwIf(found && new TestError(`${spec.name}: ${found}`));
      return;
    }
    if ('error' in outcome) throw new TestError(`${spec.name} failed: ${inspect(outcome.error)}`, { cause: outcome.error });
    this.#checkResult(spec, outcome.result);
  }

  #checkResult(spec: OperationSpec, returned: unknown): void {
    if (returned instanceof Made) {
      if ('expectResult' in spec) throw new TestError(`${spec.name} has no result to expect`);
      const { kind, entity } = returned;
      if (spec.saveResultAsEntity !== undefined) this.entities.add(kind, spec.saveResultAsEntity, entity);
      else if (kind !== 'collection') this.#unsavedCursors.push(entity);
      return;
    }
    const isList = returned instanceof RootDocuments;
    const result = isList ? returned.documents : returned;
    if ('expectResult' in spec) {
      const found = mismatch(spec.expectResult, result, this.entities, `the result of ${spec.name}`, isList ? 'elements' : 'document');
      throwIf(found && new TestError(found));
    }
    if (spec.saveResultAsEntity !== undefined) {
      if (result === undefined) throw new TestError(`${spec.name} has no result to save`);
      this.entities.add('value', spec.saveResultAsEntity, result);
    }
  }

  /** Turns a fail point on until the run ends, where the client's writes go. */
  async failPoint({ client }: TestClient, failPoint: FailPoint): Promise<void> {
    this.#failPoints.push(failPoint);
    await client.db('admin').command(failPoint);
  }

  /** The same on the server at an address. */
  async failPointAt(address: string, failPoint: FailPoint): Promise<void> {
    this.#failPoints.push(failPoint);
    const { nodes, server } = this.deployment;
    // Behind all routers is the same server.
    const node = nodes.find(({ port }) => address.endsWith(`:${port}`)) ?? server;
    await node.command('admin', failPoint);
  }

  /** Waits for the threads. What failed on one of them fails the test. */
  async joinThreads(): Promise<void> {
    for (const { threads, name } of this.entities.of('thread')) await threads.finished(name);
  }

  /** Records nothing any more, and leaves no fail point behind. */
  async finish(): Promise<void> {
    await this.threads.settled();
    for (const { events, messages } of this.entities.of('client')) {
      events.end();
      messages.end();
    }
    // A fail point may be on a server that was the primary then.
    for (const failPoint of this.#failPoints.splice(0)) {
      await Promise.all(this.deployment.nodes.map((node) => turnOff(node, failPoint)));
    }
  }

  /** Ends what the entities hold, and what they have left on the servers. */
  async end(): Promise<void> {
    const { entities } = this;
    const cursors = [...entities.of('cursor'), ...entities.of('changeStream'), ...this.#unsavedCursors];
    await Promise.allSettled(cursors.map((cursor) => cursor.close()));
    await Promise.allSettled(entities.of('session').map(({ session }) => driver(session).endSession()));
    await Promise.all(entities.of('client').map((client) => client.close()));
    if (this.#hadTransactions) await killSessions(this.deployment);
  }
}

function throwIf(error: Error | undefined | ''): void {
  if (error) throw error;
}
