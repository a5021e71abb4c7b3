// The runner of the authentication tests: the credential that a connection string means.

import { inspect, isDeepStrictEqual } from 'node:util';
import { uriFormat, type UriTest } from './file.mjs';
import type { Opened } from './open.mjs';

interface AuthTest extends UriTest {
  readonly credential?: {
    readonly username: string | null;
    readonly password: string | null;
    readonly source: string;
    readonly mechanism: string | null;
    readonly mechanism_properties: Readonly<Record<string, unknown>> | null;
  } | null;
}

const contradicted =
  'the same file demands that credentials in the string are refused: "should throw an exception if username and password provided (MONGODB-AWS)"';

export const authFormat = uriFormat<AuthTest>('auth/tests/legacy', checkCredential, {
  'should use username and password if specified (MONGODB-AWS)': contradicted,
  'should use username, password and session token if specified (MONGODB-AWS)': contradicted,
});

function checkCredential({ credential }: AuthTest, { options }: Opened): string | undefined {
  if (credential === undefined) return undefined;
  const found = credentialOf(options);
  return isDeepStrictEqual(found, credential)
    ? undefined
    : `the credential should be ${inspect(credential)}, and is ${inspect(found)}`;
}

function credentialOf({ credentials }: Opened['options']): AuthTest['credential'] {
  if (!credentials) return null;
  const { username, password, source, mechanism, mechanismProperties } = credentials;
  return {
    username: username ?? null,
    password: password ?? null,
    source,
    mechanism: mechanism === 'DEFAULT' ? null : mechanism,
    mechanism_properties: Object.keys(mechanismProperties).length === 0 ? null : { ...mechanismProperties },
  };
}
