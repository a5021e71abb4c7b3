import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MongoClient } from 'ferropool';

import { root } from '../../scripts/process.mjs';
import { startStub } from '../../scripts/stub.mjs';

/** What `npm start -- ARGUMENTS` runs once everything is built, in a process group of its own. */
function start(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['demo/main.mjs', ...args], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MONGODB_URI: '', ...env },
  });
  const outcome = async () => {
    const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { out, error, code: code as number | null };
  };
  return { child, outcome: outcome() };
}

/** The numbers of the summary's line that `pattern` matches. */
function numbers(out: string, pattern: RegExp): number[] {
  const match = pattern.exec(out);
  expect(match, `${String(pattern)} in ${out}`).not.toBeNull();
  return (match ?? []).slice(1).map((digits) => Number(digits.replaceAll(',', '')));
}

it('runs a workload on the embedded server, shows what happens, and accounts for everything', async () => {
  const { out, error, code } = await start(['--seconds', '2', '--concurrency', '16', '--pool', '4', '--plain']).outcome;

  expect(error).toBe('');
  const [succeeded = 0, failed] = numbers(out, /commands +([\d,]+) succeeded, ([\d,]+) failed/);
  expect(succeeded).toBeGreaterThan(0);
  expect(failed).toBe(0);
  const [started, checkedOut = 0, refused = 0] = numbers(out, /([\d,]+) started = ([\d,]+) checked out \+ ([\d,]+) failed/);
  expect(started).toBe(checkedOut + refused);
  expect(numbers(out, /([\d,]+) lost/)).toEqual([0]);
  expect(code).toBe(0);

  // The view: a line for each second, for each scene, for each change of the pool, in their order.
  expect(out.match(/in use \d+ {2}available \d+ {2}pending \d+ {2}waiting \d+/g)?.length).toBeGreaterThanOrEqual(2);
  const shown = ['-- a burst', '-- the server is gone', 'connectionPoolCleared', 'connectionPoolReady', 'connectionPoolClosed'];
  const places = shown.map((event) => out.lastIndexOf(event));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

it('ends with the summary, and without a failed command, when it is interrupted', async () => {
  const { child, outcome } = start(['--seconds', '600', '--plain']);
  // Ctrl-C in a terminal reaches the whole group.
  const interrupt = (line: string) => {
    if (line.includes('-- steady load')) process.kill(-(child.pid as number), 'SIGINT');
  };
  createInterface({ input: child.stdout }).on('line', interrupt);

  const { out, code } = await outcome;
  expect(out).toMatch(/ [\d,]+ succeeded, 0 failed/);
  expect(code).toBe(0);
});

it('prints help', async () => {
  const { out, error, code } = await start(['--help']).outcome;
  for (const option of ['--seconds', '--concurrency', '--pool', '--plain', 'MONGODB_URI']) expect(out).toContain(option);
  expect({ error, code }).toEqual({ error: '', code: 0 });
});

it.each([
  [['--speed', '3'], "Unknown option '--speed'"],
  [['more'], "Unexpected argument 'more'"],
  [['--seconds', '0'], "--seconds must be a whole number from 1 to 3600, not '0'"],
  [['--seconds', 'ten'], "--seconds must be a whole number from 1 to 3600, not 'ten'"],
  [['--concurrency', '1.5'], "--concurrency must be a whole number from 1 to 10000, not '1.5'"],
  [['--pool', '1001'], "--pool must be a whole number from 1 to 1000, not '1001'"],
  [['--lane', 'fast'], "--lane must be auto, event-loop or tokio, not 'fast'"],
])('refuses %j', async (args, text) => {
  const { out, error, code } = await start(args).outcome;
  expect(error).toContain(text);
  expect({ out, code }).toEqual({ out: '', code: 2 });
});

describe('on a deployment of the user', () => {
  let deployment: Awaited<ReturnType<typeof startStub>>;
  let controller: MongoClient;

  beforeAll(async () => {
    deployment = await startStub();
    controller = new MongoClient(deployment.uri, { appName: 'stub-control' });
  });

  afterAll(async () => {
    await controller.close();
    await deployment.stop();
  });

  it('reads, and does nothing else', async () => {
    await controller.db('admin').command({ stubControl: 1, resetCounters: true });
    const { out, code } = await start(['--seconds', '1', '--plain'], { MONGODB_URI: deployment.uri }).outcome;

    expect(out).toMatch(/s on MONGODB_URI: 64 callers/);
    expect(out).not.toContain('the server is gone');
    expect(code).toBe(0);
    const { commandsByName } = (await controller.db('admin').command({ stubStatus: 1 })) as { commandsByName: object };
    expect(Object.keys(commandsByName).filter((name) => !/^(hello|ismaster)$/i.test(name))).toEqual(['endSessions', 'find']);
  });

  it('says what the first failure was, and ends with 1', async () => {
    const failPoint = { configureFailPoint: 'failCommand', mode: 'alwaysOn', data: { failCommands: ['find'], errorCode: 13 } };
    await controller.db('admin').command(failPoint);
    const { out, code } = await start(['--seconds', '1', '--plain'], { MONGODB_URI: deployment.uri }).outcome;

    expect(out).toMatch(/ 0 succeeded, [\d,]+ failed/);
    expect(out).toMatch(/first failure +MongoServerError: /);
    expect(code).toBe(1);
  });

  it('says why it cannot be used', async () => {
    const { error, code } = await start([], { MONGODB_URI: 'mongodb://user@localhost/?authMechanism=GSSAPI' }).outcome;
    expect(error).toContain('GSSAPI is not supported');
    expect(code).toBe(1);
  });
});
