import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { TestOutcome } from '../report.mjs';
import { Servers, ServerUnavailable } from '../servers.mjs';
import { cmapFormat } from './runner.mjs';

// A runner that passes everything is worse than none: these tests are of what it must refuse.

const directory = mkdtempSync(path.join(os.tmpdir(), 'ferropool-spec-'));
const servers = new Servers();

afterAll(async () => {
  await servers.stop();
  rmSync(directory, { recursive: true });
});

async function run(test: object, on: Servers = servers): Promise<TestOutcome> {
  const file = path.join(directory, 'test.json');
  writeFileSync(file, JSON.stringify({ version: 1, style: 'unit', description: 'a test', ...test }));
  const outcomes = await cmapFormat.run({ suite: 'pools', name: 'pools/test.json', path: file }, on);
  expect(outcomes).toHaveLength(1);
  return outcomes[0] as TestOutcome;
}

const checkOutAndIn = [{ name: 'ready' }, { name: 'checkOut', label: 'a' }, { name: 'checkIn', connection: 'a' }];
const closed = [{ name: 'ready' }, { name: 'close' }, { name: 'waitForEvent', event: 'ConnectionPoolClosed', count: 1 }];
const start = { name: 'start', target: 't' };
const poolClosed = {
  type: 'PoolClosedError',
  message: 'Attempted to check out a connection from closed connection pool',
};

describe('the runner of the cmap format', () => {
  it.each<[string, object]>([
    [
      'events in order, without those that are ignored',
      {
        operations: checkOutAndIn,
        events: [
          { type: 'ConnectionPoolCreated', options: 42 },
          { type: 'ConnectionPoolReady' },
          { type: 'ConnectionCheckOutStarted' },
          { type: 'ConnectionCheckedOut', connectionId: 1, duration: 42 },
        ],
        ignore: ['ConnectionCreated', 'ConnectionReady'],
      },
    ],
    ['the expected error', { operations: [...closed, { name: 'checkOut' }], error: poolClosed }],
    [
      'an error of a thread that nobody waits for',
      {
        operations: [
          start,
          { name: 'checkOut', thread: 't' },
          { name: 'waitForEvent', event: 'ConnectionCheckOutFailed', count: 1 },
        ],
      },
    ],
    [
      "an error of a thread that is waited for, as the main thread's",
      {
        operations: [start, ...closed, { name: 'checkOut', thread: 't' }, { name: 'waitForThread', target: 't' }],
        error: poolClosed,
      },
    ],
  ])('passes %s', async (_, test) => {
    expect(await run(test)).toEqual({ test: 'pools/test.json: a test', outcome: 'passed' });
  });

  it.each<[string, object, string]>([
    [
      'another order',
      { operations: checkOutAndIn, events: [{ type: 'ConnectionPoolReady' }] },
      "events[0].type should be 'ConnectionPoolReady', is 'ConnectionPoolCreated'",
    ],
    [
      'a field that the event does not have',
      { operations: [], events: [{ type: 'ConnectionPoolCreated', connectionId: 42 }] },
      'events[0].connectionId should exist',
    ],
    [
      'an event that did not occur',
      { operations: [], events: [{ type: 'ConnectionPoolCreated' }, { type: 'ConnectionPoolReady' }] },
      'events[1] should exist',
    ],
    [
      'an event that is waited for in vain',
      { operations: [{ name: 'waitForEvent', event: 'ConnectionReady', count: 1, timeout: 5 }] },
      'ConnectionReady has occurred 0 times in 5 ms',
    ],
    ['an error that was not expected', { operations: [{ name: 'checkOut' }] }, 'no error was expected: '],
    [
      'no error where one was expected',
      { operations: [{ name: 'ready' }], error: poolClosed },
      'an error was expected: ',
    ],
    [
      'an error of another type',
      { operations: [{ name: 'checkOut' }], error: { type: 'PoolClosedError' } },
      "error.type should be 'PoolClosedError', is 'PoolClearedError'",
    ],
    [
      'an error with another message',
      { operations: [...closed, { name: 'checkOut' }], error: { ...poolClosed, message: 'x' } },
      "error.message should be 'x'",
    ],
    [
      'an operation that it does not know',
      { operations: [{ name: 'reopen' }] },
      'the format has no operation reopen',
    ],
    [
      'a label that nobody set',
      { operations: [{ name: 'checkIn', connection: 'a' }] },
      'no connection was checked out as a',
    ],
  ])('fails %s, on each lane', async (_, test, message) => {
    const outcome = await run(test);
    const failures = outcome.outcome === 'failed' ? outcome.failures : [];
    expect(failures).toEqual([
      expect.stringMatching(/^on the event-loop lane: /),
      expect.stringMatching(/^on the tokio lane: /),
    ]);
    for (const failure of failures) expect(failure).toContain(message);
  });

  it('refuses a file that asserts nothing because it is no test', async () => {
    await expect(run({ style: 'other', operations: [] })).rejects.toThrow('no test of the cmap format');
    await expect(run({})).rejects.toThrow('no test of the cmap format');
  });

  it('skips, with the reason, what it cannot run', async () => {
    expect(await run({ version: 2, operations: [] })).toMatchObject({
      outcome: 'skipped',
      reason: 'version 2 of the format; this runner knows 1',
    });
    const none = new Servers();
    none.deployment = () => Promise.reject(new ServerUnavailable('no mongod'));
    expect(await run({ style: 'integration', operations: [] }, none)).toMatchObject({
      outcome: 'skipped',
      reason: 'no mongod',
    });
  });
});
