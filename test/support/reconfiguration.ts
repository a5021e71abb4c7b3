// Gives a replica set another configuration, whoever else does so at the time.

import type { Member } from './mongod.js';

export interface Configuration {
  version: number;
  members: { _id: number; host: string }[];
}

/** NewReplicaSetConfigurationIncompatible and ConfigurationInProgress: the set had another one in the meantime. */
const overtaken = new Set<unknown>([103, 109]);

/**
 * The primary raises the version too, unasked: a member that was added has no vote until it has caught up, and gets it
 * by a reconfiguration of the primary's own. What was read is then out of date, and is read again.
 */
export async function reconfigure(
  primary: Member,
  change: (members: Configuration['members']) => Configuration['members'] = (members) => members,
): Promise<void> {
  for (let attempts = 1; ; attempts += 1) {
    const { config } = (await primary.command('admin', { replSetGetConfig: 1 })) as { config: Configuration };
    const next = { ...config, version: config.version + 1, members: change(config.members) };
    try {
      await primary.command('admin', { replSetReconfig: next });
      return;
    } catch (error) {
      if (attempts === 10 || !overtaken.has((error as { code?: unknown }).code)) throw error;
    }
  }
}
