// The runner of the cmap format: each file is run on each lane, style `unit` against the stub, style `integration`
// against a real server. It is one test, which passes if it does on all lanes.

import { inspect } from 'node:util';
import { ConnectionPool, type ConnectionPoolOptions, type LaneKind } from 'ferropool';
import type { TestFile } from '../discover.mjs';
import type { Format } from '../format.mjs';
import { mismatch } from '../match.mjs';
import type { TestOutcome } from '../report.mjs';
import { unmet } from '../requirements.mjs';
import { ServerUnavailable, withFailPoint, type Deployment, type Servers } from '../servers.mjs';
import { within } from '../within.mjs';
import { EventRecorder, type SpecEvent } from './events.mjs';
import { readCmapTest, type CmapTest } from './file.mjs';
import { Operations } from './operations.mjs';

const folder = 'connection-monitoring-and-pooling/tests/cmap-format';
const formatVersion = 1;
const lanes: readonly LaneKind[] = ['event-loop', 'tokio'];

/** Far above what any test takes. A pool that loses a check-out must fail one test, not hang the runner. */
const runLimitMS = 60_000;
const endLimitMS = 10_000;

export const cmapFormat: Format = { folder, run: async (file, servers) => [await runTest(file, servers)] };

async function runTest(file: TestFile, servers: Servers): Promise<TestOutcome> {
  const test = readCmapTest(file);
  const name = `${file.name}: ${test.description}`;
  if (test.version !== formatVersion) {
    return { test: name, outcome: 'skipped', reason: `version ${test.version} of the format; this runner knows ${formatVersion}` };
  }
  const target = await targetOf(test, servers);
  if ('skipped' in target) return { test: name, outcome: 'skipped', reason: target.skipped };

  const failures: string[] = [];
  for (const lane of lanes) {
    const run = () => runOnLane(test, target.port, lane);
    const { deployment } = target;
    const failure = await (deployment && test.failPoint ? withFailPoint(deployment, test.failPoint, run) : run());
    if (failure) failures.push(`on the ${lane} lane: ${failure}`);
  }
  return failures.length > 0 ? { test: name, outcome: 'failed', failures } : { test: name, outcome: 'passed' };
}

type Target = { readonly port: number; readonly deployment?: Deployment } | { readonly skipped: string };

async function targetOf(test: CmapTest, servers: Servers): Promise<Target> {
  if (test.style === 'unit') return servers.stub();
  try {
    const deployment = await servers.deployment('standalone');
    const skipped = unmet(test.runOn, deployment.traits);
    return skipped === undefined ? { port: deployment.server.port, deployment } : { skipped };
  } catch (error) {
    if (error instanceof ServerUnavailable) return { skipped: error.message };
    throw error;
  }
}

/** Says what did not match, with the events that there were. */
async function runOnLane(test: CmapTest, port: number, lane: LaneKind): Promise<string | undefined> {
  const options = { ...test.poolOptions, lane } as ConnectionPoolOptions;
  const pool = new ConnectionPool(`127.0.0.1:${port}`, options);
  const recorder = new EventRecorder(pool);
  const operations = new Operations(pool, recorder);
  let thrown: { error: unknown } | undefined;
  try {
    await within(runLimitMS, 'the operations', operations.run(test.operations));
  } catch (error) {
    thrown = { error };
  }
  // What ending the test causes is not the test's.
  const { events } = recorder;
  const failure = checkError(test, thrown) ?? checkEvents(test, events);
  const ending = await within(endLimitMS, 'closing the pool', operations.end()).catch(
    (error: unknown) => `after the test: ${inspect(error)}`,
  );
  if (failure !== undefined) return `${failure}\n${describeEvents(events)}`;
  return ending === undefined ? undefined : `${ending}\n${describeEvents(recorder.events)}`;
}

function checkError(test: CmapTest, thrown: { error: unknown } | undefined): string | undefined {
  if (!test.error) return thrown && `no error was expected: ${inspect(thrown.error)}`;
  if (!thrown) return `an error was expected: ${inspect(test.error)}`;
  const found = mismatch(test.error, toSpecError(thrown.error), 'error');
  return found && `${found}: ${inspect(thrown.error)}`;
}

/** `WaitQueueTimeoutError` is a `MongoWaitQueueTimeoutError` in Node.js. */
function toSpecError(error: unknown): Record<string, unknown> {
  const { name, message, address } = error as Error & { address?: string };
  return { type: name.replace(/^Mongo/, ''), message, address };
}

function checkEvents(test: CmapTest, events: readonly SpecEvent[]): string | undefined {
  const actual = events.filter(({ type }) => !test.ignore.includes(type));
  for (const [index, expected] of test.events.entries()) {
    const event = actual[index];
    if (!event) return `events[${index}] should exist: ${inspect(expected)}`;
    const found = mismatch(expected, event, `events[${index}]`);
    if (found) return found;
  }
  return undefined;
}

function describeEvents(events: readonly SpecEvent[]): string {
  const lines = events.map((event) => inspect(event, { depth: 3, breakLength: Infinity }));
  return ['all events:', ...lines.map((line) => `  ${line}`)].join('\n');
}
