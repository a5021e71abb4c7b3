// The runner of the connection string tests: hosts, user and database, options, warnings.

import { isIPv4, isIPv6 } from 'node:net';
import { inspect, isDeepStrictEqual } from 'node:util';
import { checkOptions, checkWarning } from './check.mjs';
import { uriFormat, type UriTest } from './file.mjs';
import type { Opened } from './open.mjs';

interface Host {
  readonly type: 'hostname' | 'ipv4' | 'ip_literal' | 'unix';
  readonly host: string;
  readonly port: number | null;
}

interface ConnectionStringTest extends UriTest {
  readonly warning: boolean | null;
  readonly hosts: readonly Host[] | null;
  readonly auth: { readonly username: string | null; readonly password: string | null; readonly db: string | null } | null;
  readonly options: Readonly<Record<string, unknown>> | null;
}

const defaultPort = 27017;

export const connectionStringFormat = uriFormat<ConnectionStringTest>(
  'connection-string/tests',
  (test, opened) =>
    checkHosts(test, opened) ?? checkAuth(test, opened) ?? checkOptions(test.options, opened) ?? checkWarning(test.warning, opened),
);

function checkHosts({ hosts }: ConnectionStringTest, { options }: Opened): string | undefined {
  if (!hosts) return undefined;
  const expected = hosts.map((host) => ({ ...host, port: host.type === 'unix' ? null : (host.port ?? defaultPort) }));
  const found = options.hosts.map((host) =>
    'socketPath' in host
      ? { type: 'unix', host: host.socketPath, port: null }
      : { type: hostType(host.host), host: host.host, port: host.port },
  );
  return isDeepStrictEqual(found, expected) ? undefined : `the hosts should be ${inspect(expected)}, and are ${inspect(found)}`;
}

function hostType(host: string): Host['type'] {
  if (isIPv4(host)) return 'ipv4';
  return isIPv6(host) ? 'ip_literal' : 'hostname';
}

function checkAuth({ auth }: ConnectionStringTest, { options }: Opened): string | undefined {
  const { credentials } = options;
  const found = {
    username: credentials?.username ?? null,
    password: credentials?.password ?? null,
    db: options.dbName ?? null,
  };
  // `null` is no user and no database; some tests leave it out.
  const expected = auth ?? { username: null, password: null, db: found.db };
  return isDeepStrictEqual(found, expected) ? undefined : `auth should be ${inspect(expected)}, and is ${inspect(found)}`;
}
