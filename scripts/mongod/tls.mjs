// Certificates for loopback, made by the openssl program: Node.js can read certificates and not make them.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A certificate authority, and a server's and a client's certificate signed by it.
 *
 * @returns {{ caFile: string, certificateKeyFile: string, clientCertificateKeyFile: string }}
 */
export function makeCertificates(directory) {
  mkdirSync(directory, { recursive: true });
  const at = (name) => path.join(directory, name);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-batch'];

  const days = ['-days', '30'];
  const authority = ['-subj', '/O=ferropool/CN=test authority'];
  openssl(['req', '-x509', ...newKey, ...days, ...authority, '-keyout', at('ca.key'), '-out', at('ca.pem')]);

  const signed = (name, subject, extensions) => {
    const [key, request, certificate, both] = ['key', 'csr', 'crt', 'pem'].map((kind) => at(`${name}.${kind}`));
    writeFileSync(at(`${name}.ext`), extensions);
    openssl(['req', ...newKey, '-subj', subject, '-keyout', key, '-out', request]);
    const ca = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial'];
    openssl(['x509', '-req', ...days, ...ca, '-in', request, '-extfile', at(`${name}.ext`), '-out', certificate]);
    // mongod, and a driver's tlsCertificateKeyFile, want both in one file.
    writeFileSync(both, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'), { mode: 0o600 });
    return both;
  };
  return {
    caFile: at('ca.pem'),
    // Members of a replica set call each other with it, so it is a client's as well.
    certificateKeyFile: signed(
      'server',
      '/O=ferropool/OU=server/CN=localhost',
      'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n',
    ),
    // Another organisational unit: mongod takes a client that shares the server's O and OU for a member of its set.
    clientCertificateKeyFile: signed(
      'client',
      '/O=ferropool/OU=client/CN=client',
      'extendedKeyUsage=clientAuth\n',
    ),
  };
}

function openssl(args) {
  const result = spawnSync('openssl', args, { encoding: 'utf8' });
  if (result.error) throw new Error('TLS needs the openssl program', { cause: result.error });
  if (result.status !== 0) throw new Error(`openssl ${args[0]} failed: ${result.stderr.trim()}`);
}
