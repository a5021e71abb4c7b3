// What can be run, in the order in which it runs.

import { cmapFormat } from './cmap/runner.mjs';
import { seedlistFormat } from './dns/runner.mjs';
import type { TestFile } from './discover.mjs';
import type { Format } from './format.mjs';
import { authFormat } from './options/auth.mjs';
import { connectionStringFormat } from './options/connection-string.mjs';
import { uriOptionsFormat } from './options/uri-options.mjs';
import { rustFormats } from './rust.mjs';
import { unifiedFormat } from './unified/runner.mjs';

export const formats: readonly Format[] = [
  connectionStringFormat,
  uriOptionsFormat,
  authFormat,
  seedlistFormat,
  cmapFormat,
  ...rustFormats,
  unifiedFormat('mongodb-handshake/tests/unified'),
];

/** The format that runs a file, if any does. */
export function formatOf(file: TestFile): Format | undefined {
  return formats.find(({ folder }) => file.name.startsWith(`${folder}/`));
}

/** The suite of a format: the specification's folder. */
export function suiteOf(format: Format): string {
  return format.folder.split('/')[0] as string;
}
