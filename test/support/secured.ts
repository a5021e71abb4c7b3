// A real mongod with authentication, TLS or compressors of its own, beside a test file.

import path from 'node:path';

import { afterAll } from 'vitest';

import { makeClientCertificates } from '../../scripts/mongod/tls.mjs';
import { certificateUser, users } from '../../scripts/mongod/users.mjs';
import type { TlsOptions } from '../../scripts/mongod/deployment.mjs';
import { startStandalone } from '../../scripts/mongod.mjs';
import type { ClientCertificates } from './certificates.js';

export { certificateUser, users };

export interface SecuredOptions {
  /** Clients have to authenticate; `root`, and every user of {@link users}, is made. */
  auth?: boolean;
  /** What the server shows to clients, and what it asks for; `scripts/mongod/tls.mjs` says what is wrong with each. */
  tls?: boolean | TlsOptions;
  /** `--networkMessageCompressors`: `[]` for none; by default all that mongod has. */
  compressors?: string[];
  args?: string[];
}

/** A server that runs. */
export interface Secured {
  /** With the credentials of `root` and the file of its authority, where it has them. */
  readonly uri: string;
  readonly host: string;
  readonly port: number;
  readonly logFile: string;
  /** Only with TLS. */
  readonly tls: SecuredFiles | undefined;
  /** As `root`, on a connection of its own that is not the product's. */
  command(database: string, body: object): Promise<Record<string, unknown>>;
  /** A connection string with other parts than `uri` has. */
  uriWith(parts: { username?: string; password?: string; host?: string; options?: Record<string, string> }): string;
  stop(): Promise<void>;
}

export interface SecuredFiles {
  /** The authority of the server, unless it is one that nobody knows, and of the clients. */
  caFile: string;
  clientCertificateKeyFile: string;
  /** What the server shows, and its key. */
  certificateKeyFile: string;
  /** The authority of a server with the certificate `unknownAuthority`. */
  otherCAFile?: string;
  /** The list that has the certificate `revoked`. */
  crlFile?: string;
  /** A client's certificate and key in every form; made when asked for. */
  readonly clients: ClientCertificates;
}

// Registered while the file is collected: a hook that a running test or hook registers is never called.
const running = new Set<() => Promise<void>>();
afterAll(() => Promise.all([...running].map((stop) => stop())));

/** Starts one, wherever this is called; it is stopped after the file's tests, if not before. */
export async function securedMongod({ auth = false, tls = false, compressors, args = [] }: SecuredOptions = {}): Promise<Secured> {
  const started = await startStandalone({ auth, users: auth, tls, ...(compressors && { compressors }), args });
  const stop = async () => {
    if (running.delete(stop)) await started.stop();
  };
  running.add(stop);
  const files = started.tls && withClients(started.tls);
  return {
    uri: started.uri,
    host: started.host,
    port: started.port,
    logFile: started.logFile,
    tls: files,
    command: (database, body) => started.command(database, body),
    uriWith({ username, password, host = started.host, options = {} }) {
      const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
      const user = username === undefined ? '' : `${encodeURIComponent(username)}${secret}@`;
      return `mongodb://${user}${host}:${started.port}/?${new URLSearchParams({ directConnection: 'true', ...options })}`;
    },
    stop,
  };
}

function withClients(files: Omit<SecuredFiles, 'clients'>): SecuredFiles {
  let clients: ClientCertificates | undefined;
  return {
    ...files,
    get clients() {
      return (clients ??= makeClientCertificates(path.dirname(files.caFile)));
    },
  };
}
