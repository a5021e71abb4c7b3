// A real mongod beside a test file. Where none can be had, its tests are skipped by name, and counted.

import { afterAll, beforeAll, describe } from 'vitest';

import { findMongod, MongodUnavailable, startStandalone } from '../../scripts/mongod.mjs';

export type Mongod = Awaited<ReturnType<typeof startStandalone>>;

/** A suite that needs a real server. */
export const describeWithMongod = describe.skipIf(isMissing());

/** Calls that start and stop one for the suite that this is called in; read it inside of tests. */
export function useMongod(options: Parameters<typeof startStandalone>[0] = {}): { readonly current: Mongod } {
  let mongod: Mongod | undefined;
  beforeAll(async () => {
    mongod = await startStandalone({ parameters: { enableTestCommands: 1 }, ...options });
  });
  afterAll(() => mongod?.stop());
  return {
    get current() {
      if (!mongod) throw new Error('the server runs only while tests do');
      return mongod;
    },
  };
}

function isMissing(): boolean {
  if (process.env['FERROPOOL_NO_MONGOD']) return true;
  try {
    findMongod();
    return false;
  } catch (error) {
    if (error instanceof MongodUnavailable) return true;
    throw error;
  }
}
