import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { TestOutcome } from '../report.mjs';
import { unmetByAll, type Requirement } from '../requirements.mjs';
import { Servers, type Deployment } from '../servers.mjs';
import { bothLanes, unifiedFormat } from './runner.mjs';

// The stub plays the server, so that these tests run where there is no mongod.

const directory = mkdtempSync(path.join(os.tmpdir(), 'ferropool-spec-'));
const servers = new Servers();
const commands: object[] = [];

afterEach(() => commands.splice(0));
afterAll(async () => {
  await servers.stop();
  rmSync(directory, { recursive: true });
});

async function deployment(): Promise<Deployment> {
  const { port } = await servers.stub();
  const command = async (_database: string, body: object) => {
    commands.push(body);
    return { ok: 1, cursor: { firstBatch: [{ _id: 1, x: 2 }] } };
  };
  const server = { port, command, stop: async () => {} };
  return { server, nodes: [server], uri: `mongodb://127.0.0.1:${port}/`, traits: { version: '7.0.0', topology: 'single' } };
}

type Lists = readonly (readonly Requirement[] | undefined)[];

/** All that there is. */
async function choose(lists: Lists): Promise<string | { unmet: string }> {
  const reason = unmetByAll(lists, [(await deployment()).traits]);
  return reason === undefined ? 'standalone' : { unmet: reason };
}

async function run(test: object, file: object = {}, choice: typeof choose = choose): Promise<TestOutcome> {
  const name = path.join(directory, 'test.json');
  const content = { description: 'a file', schemaVersion: '1.0', createEntities, tests: [{ description: 'a test', operations: [], ...test }], ...file };
  writeFileSync(name, JSON.stringify(content));
  const format = unifiedFormat('suite/tests', bothLanes);
  const outcomes = await format.run({ suite: 'suite', name: 'suite/tests/test.json', path: name }, { deployment, choose: choice } as unknown as Servers);
  expect(outcomes).toHaveLength(1);
  return outcomes[0] as TestOutcome;
}

const createEntities = [
  { client: { id: 'client0', observeEvents: ['commandStartedEvent', 'connectionCreatedEvent'] } },
  { database: { id: 'database0', client: 'client0', databaseName: 'shop' } },
  { thread: { id: 'thread0' } },
];
const ping = { name: 'runCommand', object: 'database0', arguments: { commandName: 'ping', command: { ping: 1 } } };
const unknown = { ...ping, arguments: { commandName: 'nothing', command: { nothing: 1 } } };
const onRunner = (name: string, given: object) => ({ name, object: 'testRunner', arguments: given });
const onThread = (operation: object) => onRunner('runOnThread', { thread: 'thread0', operation });
const pingStarted = { commandStartedEvent: { commandName: 'ping', databaseName: 'shop' } };
const failPoint = { configureFailPoint: 'failCommand', mode: 'alwaysOn', data: { failCommands: ['ping'] } };

describe('the runner of the unified test format', () => {
  it.each<[string, object]>([
    ['no operations', {}],
    ['a result', { operations: [{ ...ping, expectResult: { ok: 1 } }] }],
    ['an error', { operations: [{ ...unknown, expectError: { isClientError: false, errorContains: 'no such command' } }] }],
    ['an error that is ignored', { operations: [{ ...unknown, ignoreResultAndError: true }] }],
    ['a result that is saved', { operations: [{ ...ping, saveResultAsEntity: 'reply' }, { ...ping, expectResult: { ok: { $$type: 'number' } } }] }],
    ['events', { operations: [ping], expectEvents: [{ client: 'client0', events: [pingStarted] }] }],
    ['events of the pool', { operations: [ping], expectEvents: [{ client: 'client0', eventType: 'cmap', events: [{ connectionCreatedEvent: {} }] }] }],
    ['counting', { operations: [ping, onRunner('assertEventCount', { client: 'client0', event: pingStarted, count: 1 })] }],
    ['threads', {
      operations: [
        onThread(ping),
        onRunner('waitForEvent', { client: 'client0', event: pingStarted, count: 1 }),
        onRunner('waitForThread', { thread: 'thread0' }),
        onRunner('assertNumberConnectionsCheckedOut', { client: 'client0', connections: 0 }),
      ],
    }],
    ['entities that a test creates', {
      operations: [
        onRunner('createEntities', { entities: [{ database: { id: 'database1', client: 'client0', databaseName: 'other' } }] }),
        { ...ping, object: 'database1' },
      ],
    }],
    ['what collections hold', { outcome: [{ databaseName: 'shop', collectionName: 'c', documents: [{ x: 2, _id: 1 }] }] }],
  ])('passes: %s', async (_, test) => {
    expect(await run(test)).toEqual({ test: 'suite/tests/test.json: a test', outcome: 'passed' });
  });

  it.each<[string, object, string]>([
    ['another result', { operations: [{ ...ping, expectResult: { ok: 0 } }] }, 'the result of runCommand.ok should be 0, is 1'],
    ['an error that nobody expected', { operations: [unknown] }, 'no such command'],
    ['no error where one was expected', { operations: [{ ...ping, expectError: { isError: true } }] }, 'an error was expected'],
    ['an event too few', { expectEvents: [{ client: 'client0', events: [pingStarted] }] }, 'should exist'],
    ['an event too many', { operations: [ping], expectEvents: [{ client: 'client0', events: [] }] }, 'should not exist'],
    ['a wrong count', { operations: [ping, onRunner('assertEventCount', { client: 'client0', event: pingStarted, count: 2 })] }, 'has 1 times'],
    ['a connection in use', { operations: [onRunner('assertNumberConnectionsCheckedOut', { client: 'client0', connections: 1 })] }, '0 are'],
    ['an error on a thread that nobody waits for', { operations: [onThread(unknown)] }, 'no such command'],
    ['an unknown entity', { operations: [{ ...ping, object: 'database7' }] }, 'no entity database7'],
    ['an entity of another kind', { operations: [onRunner('waitForThread', { thread: 'client0' })] }, 'is a client, not a thread'],
    ['a name that is taken', { operations: [onRunner('createEntities', { entities: [{ thread: { id: 'thread0' } }] })] }, 'thread0'],
    ['other documents', { outcome: [{ databaseName: 'shop', collectionName: 'c', documents: [{ _id: 1, x: 3 }] }] }, 'shop.c should hold'],
    ['fewer documents', { outcome: [{ databaseName: 'shop', collectionName: 'c', documents: [] }] }, 'shop.c should hold'],
  ])('fails on both lanes: %s', async (_, test, message) => {
    const outcome = await run(test);
    expect(outcome).toMatchObject({ outcome: 'failed', failures: [expect.stringContaining(message), expect.stringContaining(message)] });
  });

  it.each<[string, object, object, string]>([
    ['the test says so', { skipReason: 'some day' }, {}, 'some day'],
    ['the file needs another server', {}, { runOnRequirements: [{ topologies: ['sharded'] }] }, 'needs topologies ["sharded"]'],
    ['the test needs another server', { runOnRequirements: [{ minServerVersion: '8.0' }] }, {}, 'needs minServerVersion "8.0"'],
    ['the version is too new', {}, { schemaVersion: '2.0' }, 'version 2.0 of the format'],
    ['the version is too old', {}, { schemaVersion: '0.9' }, 'version 0.9 of the format'],
    ['it expects spans', { expectTracingMessages: {} }, {}, 'OpenTelemetry'],
    ['there is no such operation', { operations: [{ name: 'rename', object: 'database0' }] }, {}, 'operation rename of a database is not supported yet'],
    ['there is none on a thread', { operations: [onThread({ name: 'rename', object: 'database0' })] }, {}, 'operation rename'],
    ['an argument is not heeded', { operations: [{ ...ping, arguments: { ...ping.arguments, hint: 's' } }] }, {}, 'argument hint of runCommand'],
    ['there are no such entities', {}, { createEntities: [{ flock: { id: 'b' } }] }, 'an entity flock is not supported yet'],
    ['there never will be', {}, { createEntities: [...createEntities, { bucket: { id: 'b', database: 'database0' } }] }, 'GridFS is not part'],
    ['an operation never will be', { operations: [{ ...ping, name: 'mapReduce' }] }, {}, 'map-reduce is deprecated'],
    ['a client is asked for more', {}, { createEntities: [{ client: { id: 'c', color: 'red' } }] }, 'color of a client'],
  ])('skips where %s, and says so', async (_, test, file, reason) => {
    expect(await run(test, file)).toMatchObject({ outcome: 'skipped', reason: expect.stringContaining(reason) });
  });

  it('skips where there is no server', async () => {
    const none = async () => ({ unmet: 'no mongod here' });
    expect(await run({}, {}, none)).toMatchObject({ outcome: 'skipped', reason: 'no mongod here' });
  });

  it('turns fail points off when the test ends, however it does', async () => {
    const operations = [onRunner('failPoint', { client: 'client0', failPoint }), unknown];
    expect(await run({ operations })).toMatchObject({ outcome: 'failed' });
    const off = { configureFailPoint: 'failCommand', mode: 'off' };
    // Once on each lane.
    expect(commands).toEqual([off, off]);
  });

  it('prepares the initial data', async () => {
    const data = { databaseName: 'shop', collectionName: 'c', documents: [{ _id: 1 }] };
    expect(await run({}, { initialData: [data, { ...data, collectionName: 'd', documents: [] }] })).toMatchObject({ outcome: 'passed' });
    const writeConcern = { w: 'majority' };
    const drops = (name: string) => [name, `enxcol_.${name}.esc`, `enxcol_.${name}.ecoc`].map((drop) => ({ drop, writeConcern }));
    expect(commands.slice(0, 8)).toEqual([
      ...drops('c'),
      { insert: 'c', documents: [{ _id: 1 }], writeConcern },
      ...drops('d'),
      { create: 'd', writeConcern },
    ]);
  });

  it.each([['no tests', { tests: undefined }], ['a test without operations', { tests: [{ description: 'x' }] }]])('refuses a file with %s', async (_, file) => {
    await expect(run({}, file)).rejects.toThrow('not of the unified test format');
  });
});
