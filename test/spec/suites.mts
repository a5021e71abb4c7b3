// What can be run, in the order in which it runs.

import { cmapFormat } from './cmap/runner.mjs';
import { seedlistFormat } from './dns/runner.mjs';
import type { TestFile } from './discover.mjs';
import type { Format } from './format.mjs';
import { authFormat } from './options/auth.mjs';
import { connectionStringFormat } from './options/connection-string.mjs';
import { uriOptionsFormat } from './options/uri-options.mjs';
import { rustFormats } from './rust.mjs';
import { invalidFormat } from './unified/invalid.mjs';
import { bothLanes, unifiedFormat } from './unified/runner.mjs';

/** Of the pool, of discovery and of the handshake, which the lanes have most to do with. */
const onBothLanes = [
  'connection-monitoring-and-pooling/tests/logging',
  'load-balancers/tests',
  'mongodb-handshake/tests/unified',
  'server-discovery-and-monitoring/tests/unified',
];

const onOneLane = [
  'auth/tests/unified',
  'causal-consistency/tests',
  'change-streams/tests/unified',
  'client-backpressure/tests',
  'client-side-operations-timeout/tests',
  'collection-management/tests',
  'command-logging-and-monitoring/tests',
  'crud/tests/unified',
  'index-management/tests',
  'read-write-concern/tests/operation',
  'retryable-reads/tests/unified',
  'retryable-writes/tests/unified',
  'run-command/tests/unified',
  'server-selection/tests/logging',
  'sessions/tests',
  'transactions/tests/unified',
  'transactions-convenient-api/tests/unified',
  'unified-test-format/tests/valid-pass',
  'versioned-api/tests',
];

export const formats: readonly Format[] = [
  connectionStringFormat,
  uriOptionsFormat,
  authFormat,
  seedlistFormat,
  cmapFormat,
  ...rustFormats,
  ...onBothLanes.map((folder) => unifiedFormat(folder, bothLanes)),
  ...onOneLane.map((folder) => unifiedFormat(folder)),
  invalidFormat('unified-test-format/tests/valid-fail'),
];

/** The format that runs a file, if any does. */
export function formatOf(file: TestFile): Format | undefined {
  return formats.find(({ folder }) => file.name.startsWith(`${folder}/`));
}

/** The suite of a format: the specification's folder. */
export function suiteOf(format: Format): string {
  return format.folder.split('/')[0] as string;
}
