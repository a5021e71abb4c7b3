// A user for every mechanism that a community server has. PLAIN (LDAP), GSSAPI and OIDC are MongoDB Enterprise's or
// Atlas's, and MONGODB-AWS Atlas's: no server here can be given a user of theirs.

import { clientUsername } from './tls.mjs';

/** By what they are for. `username` and `password` are as a client should be given them. */
export const users = {
  sha1: { username: 'only-sha-1', password: 'sha 1 pass', mechanisms: ['SCRAM-SHA-1'] },
  sha256: { username: 'only-sha-256', password: 'sha 256 pass', mechanisms: ['SCRAM-SHA-256'] },
  both: { username: 'both', password: 'pass of both', mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256'] },
  /** Everything that a connection string has to escape. */
  escaped: { username: 'a:b/c@d?e#f%', password: 'p:/@?#[]%&=+ ß', mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256'] },
  /** Its password may as well be written `I\u00ADX`: SASLprep makes them the same. */
  ix: { username: 'IX', password: 'IX', mechanisms: ['SCRAM-SHA-256'] },
  /** ROMAN NUMERAL NINE and FOUR; the password may as well be written `IV` or `I\u00ADV`, the name not otherwise. */
  roman: { username: '\u2168', password: '\u2163', mechanisms: ['SCRAM-SHA-256'] },
};

/** The user of every certificate that `makeClientCertificates` makes. */
export const certificateUser = { username: clientUsername, mechanism: 'MONGODB-X509' };

const roles = [{ role: 'readWriteAnyDatabase', db: 'admin' }];

/** @param {{ command: (database: string, body: object) => Promise<object> }} server one with authentication */
export async function createUsers(server) {
  for (const { username, password, mechanisms } of Object.values(users)) {
    await server.command('admin', { createUser: username, pwd: password, mechanisms, roles });
  }
  await server.command('$external', { createUser: clientUsername, roles });
}
