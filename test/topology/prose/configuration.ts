// A change that every client of a replica set hears of, with all else that is new by then.

import type { Member } from '../../support/mongod.js';

/** Gives the set's configuration another version: hello replies have another topology version then. */
export async function changeConfiguration(primary: Member): Promise<void> {
  const { config } = (await primary.command('admin', { replSetGetConfig: 1 })) as { config: { version: number } };
  await primary.command('admin', { replSetReconfig: { ...config, version: config.version + 1 } });
}
