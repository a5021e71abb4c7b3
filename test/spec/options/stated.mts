// What `client.options` says, by the names that a connection string has for it.

import type { MongoOptions } from 'ferropool';

/** Options that the official driver, and so this one, groups or names otherwise. */
const elsewhere: Readonly<Record<string, (options: MongoOptions) => unknown>> = {
  authmechanism: ({ credentials }) => credentials?.mechanism,
  authmechanismproperties: ({ credentials }) => credentials?.mechanismProperties,
  authsource: ({ authSource, credentials }) => credentials?.source ?? authSource,
  journal: ({ writeConcern }) => field(writeConcern, 'journal'),
  maxstalenessseconds: ({ readPreference }) => field(readPreference, 'maxStalenessSeconds'),
  readconcernlevel: ({ readConcern }) => field(readConcern, 'level'),
  readpreference: ({ readPreference }) => field(readPreference, 'mode'),
  readpreferencetags: ({ readPreference }) => field(readPreference, 'tags'),
  ssl: ({ tls }) => tls,
  tlscertificatekeyfilepassword: ({ passphrase }) => passphrase,
  w: ({ writeConcern }) => field(writeConcern, 'w'),
  wtimeoutms: ({ writeConcern }) => field(writeConcern, 'wtimeoutMS'),
};

/** The value of an option, whose name has no case. */
export function stated(options: MongoOptions, name: string): unknown {
  const key = name.toLowerCase();
  const get = elsewhere[key];
  if (get) return get(options);
  return Object.entries(options).find(([own]) => own.toLowerCase() === key)?.[1];
}

function field(group: unknown, name: string): unknown {
  return (group as Record<string, unknown> | undefined)?.[name];
}
