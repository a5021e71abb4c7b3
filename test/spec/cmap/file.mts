// The cmap format's files, as its README defines them.

import { readTestFile, type TestFile } from '../discover.mjs';
import type { Requirement } from '../requirements.mjs';
import type { FailPoint } from '../servers.mjs';

/** One step of a test. What else it has depends on its name. */
export interface OperationSpec {
  readonly name: string;
  /** Where to run it; the main thread by default. */
  readonly thread?: string;
  readonly [field: string]: unknown;
}

export interface CmapTest {
  readonly version: number;
  readonly style: 'unit' | 'integration';
  readonly description: string;
  readonly poolOptions?: Readonly<Record<string, unknown>>;
  readonly operations: readonly OperationSpec[];
  /** What the main thread is expected to fail with. */
  readonly error?: Readonly<Record<string, unknown>>;
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** The types of events that `events` says nothing about. */
  readonly ignore: readonly string[];
  /** For integration tests. */
  readonly runOn?: readonly Requirement[];
  /** Turned on for the run, for integration tests. */
  readonly failPoint?: FailPoint;
}

/** Reads a test. A file that lacks what a test consists of is an error, not a test without assertions. */
export function readCmapTest(file: TestFile): CmapTest {
  const test = { events: [], ignore: [], ...(readTestFile(file) as object) } as Partial<CmapTest>;
  const isWhole =
    typeof test.version === 'number' &&
    (test.style === 'unit' || test.style === 'integration') &&
    [test.operations, test.events, test.ignore].every(Array.isArray);
  if (test.style === 'unit' && (test.failPoint || test.runOn)) {
    throw new Error('a unit test has no server for a fail point or requirements');
  }
  if (!isWhole) throw new Error('the file is no test of the cmap format: version, style, operations, events');
  return test as CmapTest;
}
