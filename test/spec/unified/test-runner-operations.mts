// "Special Test Operations": those of the object `testRunner`.

import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TopologyDescription } from 'ferropool';
import { within } from '../within.mjs';
import type { FailPoint } from '../servers.mjs';
import type { TestClient } from './client.mjs';
import { mismatchOfEvent } from './expected-events.mjs';
import type { EntitySpec, Fields, OperationSpec } from './file.mjs';
import { args, required, type Operations } from './operation.mjs';
import type { Run } from './run.mjs';
import { TestError } from './unsupported.mjs';

/** How long the format's operations wait. */
const timeoutMS = 10_000;

export const testRunnerOperations: Operations = {
  createEntities: (run, _, given) => run.createEntities(args(given, 'createEntities', ['entities'])['entities'] as EntitySpec[]),

  failPoint: (run, _, given) => {
    const { client, failPoint } = args(given, 'failPoint', ['client', 'failPoint', 'session']);
    return run.failPoint(run.entities.get('client', client), failPoint as FailPoint);
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
    if (actual !== count) throw new TestError(`${inspect(event)} should have occurred ${count} times, has ${actual} times`);
  },

  assertNumberConnectionsCheckedOut: async ({ entities }, _, given) => {
    const { client } = args(given, 'assertNumberConnectionsCheckedOut', ['client', 'connections']);
    const connections = required(given, 'assertNumberConnectionsCheckedOut', 'connections');
    const { checkedOut } = entities.get('client', client);
    if (checkedOut !== connections) throw new TestError(`${String(connections)} connections should be checked out, ${checkedOut} are`);
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

  recordTopologyDescription: async ({ entities }, _, given) => {
    const { client, id } = args(given, 'recordTopologyDescription', ['client', 'id']);
    entities.add('topologyDescription', String(id), topologyOf(entities.get('client', client)));
  },

  assertTopologyType: async ({ entities }, _, given) => {
    const { topologyDescription, topologyType } = args(given, 'assertTopologyType', ['topologyDescription', 'topologyType']);
    const { type } = entities.get('topologyDescription', topologyDescription);
    if (type !== topologyType) throw new TestError(`the topology should be ${String(topologyType)}, is ${type}`);
  },

  waitForPrimaryChange: async ({ entities }, _, given) => {
    const { client, priorTopologyDescription, ...limit } = args(given, 'waitForPrimaryChange', ['client', 'priorTopologyDescription', 'timeoutMS']);
    const watched = entities.get('client', client);
    const prior = primaryOf(entities.get('topologyDescription', priorTopologyDescription));
    const isChanged = () => ![undefined, prior].includes(primaryOf(topologyOf(watched)));
    await watched.whenTopology(isChanged, (limit['timeoutMS'] as number | undefined) ?? timeoutMS, 'the primary has not changed');
  },

  assertCollectionExists: (run, _, given) => assertExists(run, given, true, collectionExists),
  assertCollectionNotExists: (run, _, given) => assertExists(run, given, false, collectionExists),
  assertIndexExists: (run, _, given) => assertExists(run, given, true, indexExists),
  assertIndexNotExists: (run, _, given) => assertExists(run, given, false, indexExists),
};

function topologyOf({ topology }: TestClient): TopologyDescription {
  if (!topology) throw new TestError('the client has not described its topology yet');
  return topology;
}

/** The primary's address. */
function primaryOf({ servers }: TopologyDescription): string | undefined {
  return [...servers.values()].find(({ type }) => type === 'RSPrimary')?.address;
}

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
  if ((await exists(run, given)) !== expected) throw new TestError(`${inspect(given)} should ${expected ? '' : 'not '}exist`);
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
