// What there is to run is what the directory holds: no file is named anywhere in this runner, so another file in a known
// folder runs by being there, and a directory with only some of the folders is run as it is.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** A file of the specifications' tests. */
export interface TestFile {
  /** The top folder: the specification that it belongs to. */
  readonly suite: string;
  /** Its path below the specifications' directory, with `/` on every system. */
  readonly name: string;
  /** Where it is. */
  readonly path: string;
}

/** Every JSON file below `directory`, in a stable order; `undefined` where there is no such directory. */
export function discover(directory: string): TestFile[] | undefined {
  if (!isDirectory(directory)) return undefined;
  return filesBelow(directory, [])
    .filter((segments) => segments.at(-1)?.endsWith('.json'))
    // A file at the top belongs to no specification.
    .filter((segments) => segments.length > 1)
    .map((segments) => ({
      suite: segments[0] as string,
      name: segments.join('/'),
      path: path.join(directory, ...segments),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Folders may be links: a directory of some of the suites is easily made of those. */
function filesBelow(directory: string, above: readonly string[]): string[][] {
  return readdirSync(directory).flatMap((name) => {
    const entry = path.join(directory, name);
    return isDirectory(entry) ? filesBelow(entry, [...above, name]) : [[...above, name]];
  });
}

function isDirectory(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** The file's content. Throws for what is no JSON, which makes the file a failed test. */
export function readTestFile(file: TestFile): unknown {
  return JSON.parse(readFileSync(file.path, 'utf8'));
}
