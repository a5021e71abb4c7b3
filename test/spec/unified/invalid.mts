// The tests of runners of the unified test format: files that no runner may let pass.

import type { Format } from '../format.mjs';
import type { Deployment } from '../deployments.mjs';
import { readUnifiedFile, unknownVersion, type UnifiedFile, type UnifiedTest } from './file.mjs';
import { OutOfScope } from './never.mjs';
import { attempt, runFile, type Result } from './runner.mjs';

/** A test passes if the runner fails it, or refuses what it asks for. */
export function invalidFormat(folder: string): Format {
  return {
    folder,
    run: async (file, servers) => {
      const { schemaVersion, tests } = readUnifiedFile(file);
      if (!unknownVersion(schemaVersion)) return runFile(file, servers, runInvalid);
      return tests.map(({ description }) => ({ test: `${file.name}: ${description}`, outcome: 'passed' }));
    },
  };
}

async function runInvalid(file: UnifiedFile, test: UnifiedTest, deployment: Deployment): Promise<Result> {
  const error = await attempt(file, test, deployment, 'event-loop');
  if (error instanceof OutOfScope) return { outcome: 'skipped', reason: error.message };
  return error ? { outcome: 'passed' } : { outcome: 'failed', failures: ['a test that is invalid has passed'] };
}
