// Certificates of tests: the files, and what they are protected with. `scripts/mongod/tls.mjs` says what each is.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll } from 'vitest';

import { makeCertificates, makeClientCertificates, makeServerCertificates } from '../../scripts/mongod/tls.mjs';

export { clientUsername, keyPassword } from '../../scripts/mongod/tls.mjs';

export type ClientCertificates = ReturnType<typeof makeClientCertificates>;
export type ServerCertificates = ReturnType<typeof makeServerCertificates>;

/** The files of one authority. */
export interface Certificates {
  directory: string;
  caFile: string;
  /** The server's that is right. */
  certificateKeyFile: string;
  /** A client's that is right. */
  clientCertificateKeyFile: string;
  servers: ServerCertificates;
  clients: ClientCertificates;
}

/** Makes certificates for the suite that this is called in, in a directory that is removed after it. */
export function useCertificates(): Certificates {
  const directory = mkdtempSync(path.join(tmpdir(), 'ferropool-certificates-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return {
    directory,
    ...makeCertificates(directory),
    servers: makeServerCertificates(directory),
    clients: makeClientCertificates(directory),
  };
}
