// What every runner has in common. A later suite is one more `Format`, listed in suites.mts.

import type { TestFile } from './discover.mjs';
import type { TestOutcome } from './report.mjs';
import type { Servers } from './servers.mjs';

/** A kind of test files. */
export interface Format {
  /** Where its files are, from the specifications' directory on; the first segment is the suite. */
  readonly folder: string;
  /** Runs the tests of a file. What it throws is the failure of the file as a whole. */
  run(file: TestFile, servers: Servers): Promise<readonly TestOutcome[]>;
}
