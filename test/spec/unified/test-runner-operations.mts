// "Special Test Operations": those of the object `testRunner`.

import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../within.mjs';
import type { FailPoint } from '../servers.mjs';
import type { TestClient } from './client.mjs';
import { mismatchOfEvent } from './expected-events.mjs';
import type { EntitySpec, Fields, OperationSpec } from './file.mjs';
import { args, type Operation } from './operation.mjs';
import type { Run } from './run.mjs';
import { Unsupported } from './unsupported.mjs';

/** How long the format's operations wait. */
const timeoutMS = 10_000;

export const testRunnerOperations: Readonly<Record<string, Operation>> = {
  createEntities: (run, _, given) => run.createEntities(args(given, 'createEntities', ['entities'])['entities'] as EntitySpec[]),

  failPoint: (run, _, given) => {
    const { client, failPoint } = args(given, 'failPoint', ['client', 'failPoint']);
    // Every client of a standalone server is a client of this one.
    run.entities.get('client', client);
    return run.failPoint(failPoint as FailPoint);
  },

  targetedFailPoint: async () => {
    throw new Unsupported('a session that is pinned');
  },

  wait: (_run, _, given) => sleep(args(given, 'wait', ['ms'])['ms'] as number),

  waitForEvent: async (run, _, given) => {
    const { event, count, client } = eventArguments(run, 'waitForEvent', given);
    const occurrences = () => countEvents(run, client, event);
    const what = `${inspect(event)} has not occurred ${count} times`;
    await client.events.until(() => occurrences() >= count, timeoutMS, what);
  },

  assertEventCount: async (run, _, given) => {
    const { event, count, client } = eventArguments(run, 'assertEventCount', given);
    const actual = countEvents(run, client, event);
    if (actual !== count) throw new Error(`${inspect(event)} should have occurred ${count} times, has ${actual} times`);
  },

  assertNumberConnectionsCheckedOut: async ({ entities }, _, given) => {
    const { client, connections } = args(given, 'assertNumberConnectionsCheckedOut', ['client', 'connections']);
    const { checkedOut } = entities.get('client', client);
    if (checkedOut !== connections) throw new Error(`${String(connections)} connections should be checked out, ${checkedOut} are`);
  },

  runOnThread: async (run, _, given) => {
    const { thread, operation } = args(given, 'runOnThread', ['thread', 'operation']);
    const { threads, name } = run.entities.get('thread', thread);
    threads.schedule(name, () => run.operate(operation as OperationSpec));
  },

  waitForThread: async ({ entities }, _, given) => {
    const { threads, name } = entities.get('thread', args(given, 'waitForThread', ['thread'])['thread']);
    await within(timeoutMS, `the thread ${name}`, threads.finished(name));
  },

  assertCollectionExists: (run, _, given) => assertExists(run, given, true, collectionExists),
  assertCollectionNotExists: (run, _, given) => assertExists(run, given, false, collectionExists),
  assertIndexExists: (run, _, given) => assertExists(run, given, true, indexExists),
  assertIndexNotExists: (run, _, given) => assertExists(run, given, false, indexExists),
};

interface EventArguments {
  readonly client: TestClient;
  readonly event: Fields;
  readonly count: number;
}

function eventArguments({ entities }: Run, operation: string, given: Fields): EventArguments {
  const { client, event, count } = args(given, operation, ['client', 'event', 'count']);
  return { client: entities.get('client', client), event: event as Fields, count: count as number };
}

function countEvents({ entities }: Run, { events }: TestClient, event: Fields): number {
  return events.events().filter((each) => mismatchOfEvent(event, each, entities, 'event') === undefined).length;
}

type Exists = (run: Run, given: Fields) => Promise<boolean>;

async function assertExists(run: Run, given: Fields, expected: boolean, exists: Exists): Promise<void> {
  if ((await exists(run, given)) !== expected) throw new Error(`${inspect(given)} should ${expected ? '' : 'not '}exist`);
}

async function collectionExists({ deployment }: Run, { databaseName, collectionName }: Fields): Promise<boolean> {
  const reply = await deployment.server.command(String(databaseName), { listCollections: 1, filter: { name: collectionName } });
  return firstBatch(reply).length > 0;
}

async function indexExists(run: Run, given: Fields): Promise<boolean> {
  // The command fails where there is no collection.
  if (!(await collectionExists(run, given))) return false;
  const reply = await run.deployment.server.command(String(given['databaseName']), { listIndexes: given['collectionName'] });
  return firstBatch(reply).some(({ name }) => name === given['indexName']);
}

function firstBatch(reply: Fields): Fields[] {
  return (reply['cursor'] as { firstBatch: Fields[] }).firstBatch;
}
