// The files of the unified test format. Only what their reader needs is checked; what is in operations and entities is
// checked by those who carry them out.

import { readFileSync } from 'node:fs';
import { EJSON } from 'bson';
import type { TestFile } from '../discover.mjs';
import { compareVersions, type Requirement } from '../requirements.mjs';
import type { ExpectedMessages } from './log-messages.mjs';

/** The versions of the format that this runner knows: from the first of a major one to the second. */
const knownVersions = ['1.0', '1.28'] as const;

export type Fields = Readonly<Record<string, unknown>>;

/** One step of a test. */
export interface OperationSpec {
  readonly name: string;
  /** The entity to run it on, or `testRunner`. */
  readonly object: string;
  readonly arguments?: Fields;
  readonly expectResult?: unknown;
  readonly expectError?: Fields;
  readonly ignoreResultAndError?: boolean;
  readonly saveResultAsEntity?: string;
}

/** What a collection holds, before or after. */
export interface CollectionData {
  readonly collectionName: string;
  readonly databaseName: string;
  readonly createOptions?: Fields;
  readonly documents: readonly Fields[];
}

/** An entity: one key, its kind. */
export type EntitySpec = Readonly<Record<string, Fields & { readonly id: string }>>;

/** What a client should have emitted. */
export interface ExpectedEvents {
  readonly client: string;
  readonly eventType?: string;
  readonly events: readonly Fields[];
  readonly ignoreExtraEvents?: boolean;
}

export interface UnifiedTest {
  readonly description: string;
  readonly runOnRequirements?: readonly Requirement[];
  readonly skipReason?: string;
  readonly operations: readonly OperationSpec[];
  readonly expectEvents?: readonly ExpectedEvents[];
  readonly expectLogMessages?: readonly ExpectedMessages[];
  readonly expectTracingMessages?: unknown;
  readonly outcome?: readonly CollectionData[];
}

export interface UnifiedFile {
  readonly description: string;
  readonly schemaVersion: string;
  readonly runOnRequirements?: readonly Requirement[];
  readonly createEntities?: readonly EntitySpec[];
  readonly initialData?: readonly CollectionData[];
  readonly tests: readonly UnifiedTest[];
}

/** Reads a file. One that lacks what it consists of is an error, not a file without tests. */
export function readUnifiedFile(file: TestFile): UnifiedFile {
  const content = EJSON.parse(readFileSync(file.path, 'utf8'), { relaxed: true }) as Partial<UnifiedFile>;
  const isWhole = typeof content.schemaVersion === 'string' && Array.isArray(content.tests) && content.tests.every(isTest);
  if (!isWhole) throw new Error('the file is not of the unified test format: schemaVersion, tests, their description and operations');
  return content as UnifiedFile;
}

function isTest(test: Partial<UnifiedTest> | null): boolean {
  return typeof test?.description === 'string' && Array.isArray(test.operations);
}

/** Says why a file of this version cannot be run; `undefined` if it can ("Test Runner Support"). */
export function unknownVersion(version: string): string | undefined {
  const [first, last] = knownVersions;
  // What comes behind the numbers of a minor version changes no file's structure.
  const isKnown = compareVersions(version, first) >= 0 && compareVersions(minorOf(version), last) <= 0;
  return isKnown ? undefined : `version ${version} of the format; this runner knows ${first} to ${last}`;
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
