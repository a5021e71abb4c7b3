// The files of the three formats that are about parsing alone: a list of connection strings and what they mean.

import { readTestFile, type TestFile } from '../discover.mjs';
import type { Format } from '../format.mjs';
import type { TestOutcome } from '../report.mjs';
import { open, type Opened } from './open.mjs';

export interface UriTest {
  readonly description: string;
  readonly uri: string;
  readonly valid: boolean;
}

/** What a format expects of a connection string that is valid: nothing, or what is wrong. */
type Check<T> = (test: T, opened: Opened) => string | undefined;

/** A format whose files have `tests`. Each of them is a test. */
export function uriFormat<T extends UriTest>(
  folder: string,
  check: Check<T>,
  skips: Readonly<Record<string, string>> = {},
): Format {
  return {
    folder,
    run: async (file) => {
      const outcomes: TestOutcome[] = [];
      for (const test of readTests<T>(file)) {
        const name = `${file.name}: ${test.description}`;
        const reason = skips[test.description];
        if (reason !== undefined) outcomes.push({ test: name, outcome: 'skipped', reason });
        else outcomes.push({ test: name, ...(await runTest(test, check)) });
      }
      return outcomes;
    },
  };
}

function readTests<T extends UriTest>(file: TestFile): readonly T[] {
  const { tests } = readTestFile(file) as { tests?: readonly T[] };
  const isWhole = ({ description, uri, valid }: T) =>
    typeof description === 'string' && typeof uri === 'string' && typeof valid === 'boolean';
  if (!Array.isArray(tests) || tests.length === 0 || !tests.every(isWhole)) {
    throw new Error('the file has no tests with description, uri and valid');
  }
  return tests;
}

async function runTest<T extends UriTest>(
  test: T,
  check: Check<T>,
): Promise<{ outcome: 'passed' } | { outcome: 'failed'; failures: string[] }> {
  const opened = await open(test.uri);
  const failed = (failure: string) => ({ outcome: 'failed' as const, failures: [`${test.uri}\n${failure}`] });
  if ('refused' in opened) {
    if (test.valid) return failed(`it should be valid: ${String(opened.refused)}`);
    const { name } = opened.refused as Error;
    return name === 'MongoParseError' ? { outcome: 'passed' } : failed(`it should be a MongoParseError: ${name}`);
  }
  if (!test.valid) return failed('it should be refused');
  const failure = check(test, opened);
  return failure === undefined ? { outcome: 'passed' } : failed(failure);
}
