// A real mongod beside a test file. Where none can be had, its tests are skipped by name, and counted.

import { afterAll, beforeAll, describe } from 'vitest';

import { findMongod, MongodUnavailable, startReplicaSet, startStandalone } from '../../scripts/mongod.mjs';

export type Mongod = Awaited<ReturnType<typeof startStandalone>>;
/** A member of a replica set; its `uri` is for a direct connection. */
export type Member = Mongod;
export type ReplicaSet = Omit<Awaited<ReturnType<typeof startReplicaSet>>, 'members' | 'primary'> & {
  members: Member[];
  /** The primary, once there is one. */
  primary: () => Promise<Member>;
};

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

/** The same for a replica set, of three members unless `options` say otherwise. */
export function useReplicaSet(options: Parameters<typeof startReplicaSet>[0] = {}): { readonly current: ReplicaSet } {
  let replicaSet: ReplicaSet | undefined;
  beforeAll(async () => {
    replicaSet = await startReplicaSet(options);
  });
  afterAll(() => replicaSet?.stop());
  return {
    get current() {
      if (!replicaSet) throw new Error('the replica set runs only while tests do');
      return replicaSet;
    },
  };
}

/** Where a member listens, as a client names it. */
export function addressOf({ host, port }: Pick<Member, 'host' | 'port'>): string {
  return `${host}:${port}`;
}

/** The addresses of all members, in order. */
export function addressesOf({ members }: Pick<ReplicaSet, 'members'>): string[] {
  return members.map(addressOf).toSorted();
}

/** Every member but the primary. */
export async function secondariesOf(replicaSet: ReplicaSet): Promise<Member[]> {
  const primary = await replicaSet.primary();
  return replicaSet.members.filter((member) => member !== primary);
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
