// The runner of the unified test format: each test is run on one of the deployments that it is for, on each lane, and passes if
// it does on all lanes.

import { inspect } from 'node:util';
import type { LaneKind } from 'ferropool';
import { deploymentKinds, type Deployment, type DeploymentKind } from '../deployments.mjs';
import type { TestFile } from '../discover.mjs';
import type { Format } from '../format.mjs';
import type { TestOutcome } from '../report.mjs';
import type { Servers } from '../servers.mjs';
import { within } from '../within.mjs';
import { checkOutcome, prepare } from './data.mjs';
import type { EventType } from './events.mjs';
import { checkEvents } from './expected-events.mjs';
import { readUnifiedFile, unknownVersion, type UnifiedFile, type UnifiedTest } from './file.mjs';
import { whyFlawed } from './flawed.mjs';
import { checkMessages } from './log-messages.mjs';
import { neverSupported, OutOfScope } from './never.mjs';
import { Run } from './run.mjs';
import { needsAnotherServer } from './shared-server.mjs';
import { TestError, Unsupported } from './unsupported.mjs';

export const bothLanes: readonly LaneKind[] = ['event-loop', 'tokio'];

/** Far above what any test takes: a promise that never settles must fail one test, not hang the runner. */
const runLimitMS = 60_000;
const endLimitMS = 20_000;

/** The files below a folder of the specifications' directory, on so many lanes. */
export function unifiedFormat(folder: string, lanes: readonly LaneKind[] = ['event-loop']): Format {
  return { folder, run: (file, servers) => runFile(file, servers, (...test) => runTest(lanes, ...test)) };
}

export type Result = { outcome: 'passed' } | { outcome: 'failed'; failures: string[] } | { outcome: 'skipped'; reason: string };
export type RunTest = (file: UnifiedFile, test: UnifiedTest, deployment: Deployment) => Promise<Result>;

/** Runs the tests of a file, those of a deployment together. */
export async function runFile(file: TestFile, servers: Servers, run: RunTest): Promise<TestOutcome[]> {
  const content = readUnifiedFile(file);
  const outcomes: TestOutcome[] = [];
  const planned: { test: UnifiedTest; name: string; kind: DeploymentKind }[] = [];
  for (const test of content.tests) {
    const name = `${file.name}: ${test.description}`;
    const kind = whySkipped(file.name, content, test) ?? (await servers.choose([content.runOnRequirements, test.runOnRequirements]));
    const reason = typeof kind === 'object' ? kind.unmet : needsAnotherServer(kind, test.description);
    if (reason !== undefined) outcomes.push({ test: name, outcome: 'skipped', reason });
    else if (typeof kind === 'string') planned.push({ test, name, kind });
  }
  for (const { test, name, kind } of planned.sort((a, b) => deploymentKinds.indexOf(a.kind) - deploymentKinds.indexOf(b.kind))) {
    outcomes.push({ test: name, ...(await run(content, test, await servers.deployment(kind))) });
  }
  return outcomes;
}

function whySkipped(name: string, { schemaVersion }: UnifiedFile, test: UnifiedTest): { unmet: string } | undefined {
  const reason = unknownVersion(schemaVersion) ?? test.skipReason ?? whyFlawed(name, test.description);
  if (reason !== undefined) return { unmet: reason };
  return test.expectTracingMessages ? { unmet: neverSupported['expectTracingMessages'] as string } : undefined;
}

async function runTest(lanes: readonly LaneKind[], file: UnifiedFile, test: UnifiedTest, deployment: Deployment): Promise<Result> {
  const failures: string[] = [];
  for (const lane of lanes) {
    const error = await attempt(file, test, deployment, lane);
    if (error instanceof Unsupported || error instanceof OutOfScope) return { outcome: 'skipped', reason: error.message };
    if (error) failures.push(`on the ${lane} lane, ${deployment.traits.topology}: ${error instanceof TestError ? error.message : inspect(error)}`);
  }
  return failures.length > 0 ? { outcome: 'failed', failures } : { outcome: 'passed' };
}

/** Runs a test, and gives what it failed with. */
export async function attempt(file: UnifiedFile, test: UnifiedTest, deployment: Deployment, lane: LaneKind): Promise<Error | undefined> {
  try {
    await runOnLane(file, test, deployment, lane);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(inspect(error));
  }
}

async function runOnLane(file: UnifiedFile, test: UnifiedTest, deployment: Deployment, lane: LaneKind): Promise<void> {
  await prepare(deployment.server, file.initialData ?? []);
  const run = new Run(deployment, lane);
  try {
    try {
      await within(runLimitMS, 'the operations', operate(run, file, test));
    } finally {
      await within(endLimitMS, 'what the operations began', run.finish());
    }
    const found = checkObserved(run, test) ?? (await checkOutcome(deployment.server, test.outcome ?? []));
    if (found) throw new TestError(found);
  } finally {
    await within(endLimitMS, 'ending what the entities hold', run.end());
  }
}

async function operate(run: Run, file: UnifiedFile, test: UnifiedTest): Promise<void> {
  await run.createEntities(file.createEntities ?? []);
  for (const operation of test.operations) await run.operate(operation);
  await run.joinThreads();
}

/** Says which events or log messages are not as expected. */
function checkObserved({ entities }: Run, test: UnifiedTest): string | undefined {
  for (const expected of test.expectEvents ?? []) {
    const observed = entities.get('client', expected.client).events.events((expected.eventType ?? 'command') as EventType);
    const found = checkEvents(expected, observed, entities);
    if (found) return found;
  }
  for (const expected of test.expectLogMessages ?? []) {
    const found = checkMessages(expected, entities.get('client', expected.client).messages.messages, entities);
    if (found) return found;
  }
  return undefined;
}
