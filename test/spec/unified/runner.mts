// The runner of the unified test format: each test is run on each lane, against a real server. It passes if it does on all
// lanes.

import { inspect } from 'node:util';
import type { LaneKind } from 'ferropool';
import type { TestFile } from '../discover.mjs';
import type { Format } from '../format.mjs';
import type { TestOutcome } from '../report.mjs';
import { unmet } from '../requirements.mjs';
import { ServerUnavailable, type Deployment, type Servers } from '../servers.mjs';
import { within } from '../within.mjs';
import { checkOutcome, prepare } from './data.mjs';
import { checkEvents } from './expected-events.mjs';
import type { EventType } from './events.mjs';
import { readUnifiedFile, unknownVersion, type UnifiedFile, type UnifiedTest } from './file.mjs';
import { Run } from './run.mjs';
import { unsupportedOperation } from './unsupported-operation.mjs';
import { Unsupported } from './unsupported.mjs';

const lanes: readonly LaneKind[] = ['event-loop', 'tokio'];

/** Far above what any test takes: a promise that never settles must fail one test, not hang the runner. */
const runLimitMS = 60_000;
const endLimitMS = 10_000;

/** The files below a folder of the specifications' directory. */
export function unifiedFormat(folder: string): Format {
  return { folder, run: runFile };
}

async function runFile(file: TestFile, servers: Servers): Promise<TestOutcome[]> {
  const content = readUnifiedFile(file);
  const deployment = unknownVersion(content.schemaVersion) ?? (await deploymentOf(servers));
  const outcomes: TestOutcome[] = [];
  for (const test of content.tests) {
    const name = `${file.name}: ${test.description}`;
    const reason = typeof deployment === 'string' ? deployment : whySkipped(content, test, deployment);
    if (reason !== undefined) outcomes.push({ test: name, outcome: 'skipped', reason });
    else outcomes.push({ test: name, ...(await runTest(content, test, deployment as Deployment)) });
  }
  return outcomes;
}

async function deploymentOf(servers: Servers): Promise<Deployment | string> {
  try {
    return await servers.mongod();
  } catch (error) {
    if (error instanceof ServerUnavailable) return error.message;
    throw error;
  }
}

function whySkipped(file: UnifiedFile, test: UnifiedTest, { traits }: Deployment): string | undefined {
  if (test.skipReason !== undefined) return test.skipReason;
  const reason = unmet(file.runOnRequirements, traits) ?? unmet(test.runOnRequirements, traits);
  if (reason !== undefined) return reason;
  if (test.expectLogMessages) return 'logging is not supported yet';
  if (test.expectTracingMessages) return 'tracing is not supported yet';
  // Half a test would be run in vain.
  return unsupportedOperation(file, test);
}

type Result = { outcome: 'passed' } | { outcome: 'failed'; failures: string[] } | { outcome: 'skipped'; reason: string };

async function runTest(file: UnifiedFile, test: UnifiedTest, deployment: Deployment): Promise<Result> {
  const failures: string[] = [];
  for (const lane of lanes) {
    try {
      await runOnLane(file, test, deployment, lane);
    } catch (error) {
      if (error instanceof Unsupported) return { outcome: 'skipped', reason: error.message };
      failures.push(`on the ${lane} lane: ${inspect(error)}`);
    }
  }
  return failures.length > 0 ? { outcome: 'failed', failures } : { outcome: 'passed' };
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
    for (const expected of test.expectEvents ?? []) {
      const observed = run.entities.get('client', expected.client).events.events((expected.eventType ?? 'command') as EventType);
      const found = checkEvents(expected, observed, run.entities);
      if (found) throw new Error(found);
    }
    const found = await checkOutcome(deployment.server, test.outcome ?? []);
    if (found) throw new Error(found);
  } finally {
    await within(endLimitMS, 'closing the clients', run.end());
  }
}

async function operate(run: Run, file: UnifiedFile, test: UnifiedTest): Promise<void> {
  await run.createEntities(file.createEntities ?? []);
  for (const operation of test.operations) await run.operate(operation);
  await run.joinThreads();
}
