// The files that TLS needs: for loopback, right and wrong in the ways that a client has to notice. Every call makes keys
// of its own, so nothing secret is kept in the repository and nothing expires there.

import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { makeCertificate, makeRevocationList } from './x509.mjs';

const authoritySubject = [
  ['O', 'ferropool'],
  ['CN', 'test authority'],
];

const serverSubject = [
  ['O', 'ferropool'],
  ['OU', 'server'],
  ['CN', 'localhost'],
];

// Another organisational unit: mongod takes a client that shares the server's O and OU for a member of its set.
const clientSubject = [
  ['O', 'ferropool'],
  ['OU', 'client'],
  ['CN', 'client'],
];

/** The subject of every client's certificate, as RFC 2253 writes it: the name of its user in `$external`. */
export const clientUsername = clientSubject
  .map(([type, value]) => `${type}=${value}`)
  .toReversed()
  .join(',');

/** What protects the keys that are protected. */
export const keyPassword = 'open, sesame';

const server = {
  subject: serverSubject,
  hosts: ['localhost', '127.0.0.1'],
  // Members of a replica set call each other with it, so it is a client's as well.
  usages: ['serverAuth', 'clientAuth'],
};

/**
 * A certificate authority, and a server's and a client's certificate signed by it.
 *
 * @param {string} directory
 * @returns {{ caFile: string, certificateKeyFile: string, clientCertificateKeyFile: string }}
 */
export function makeCertificates(directory) {
  const authority = makeAuthority(directory, 'ca', authoritySubject);
  return {
    caFile: authority.certificateFile,
    certificateKeyFile: authority.issue('server', server).certificateKeyFile,
    clientCertificateKeyFile: authority.issue('client', { subject: clientSubject, usages: ['clientAuth'] })
      .certificateKeyFile,
  };
}

/**
 * Server certificates that a client should refuse, and one that it should not. Each is right but for one thing.
 *
 * @param {string} directory one that {@link makeCertificates} has filled; `caFile` is its authority's, where none is named
 */
export function makeServerCertificates(directory) {
  const authority = readAuthority(directory, 'ca', authoritySubject);
  const stranger = makeAuthority(directory, 'other-ca', [
    ['O', 'elsewhere'],
    ['CN', 'another authority'],
  ]);
  const intermediate = authority.issueAuthority('intermediate', [
    ['O', 'ferropool'],
    ['CN', 'intermediate authority'],
  ]);
  const chained = intermediate.issue('chained', server, readFileSync(intermediate.certificateFile, 'utf8'));
  const unchained = intermediate.issue('unchained', server);
  const revoked = authority.issue('revoked', server);
  const crlFile = path.join(directory, 'crl.pem');
  writeFileSync(crlFile, makeRevocationList(authority, [revoked.serial]));
  return {
    /** It was right until an hour ago. mongod does not start with it: see {@link makeShortLivedCertificate}. */
    expired: authority.issue('expired', { ...server, notBefore: hoursAgo(48), notAfter: hoursAgo(1) }).certificateKeyFile,
    /** mongod does not start with this one either. */
    notYetValid: authority.issue('not-yet-valid', { ...server, notBefore: hoursAgo(-24) }).certificateKeyFile,
    wrongHost: authority.issue('wrong-host', { ...server, hosts: ['elsewhere.example'] }).certificateKeyFile,
    /** `localhost`, but not its address. */
    localhostOnly: authority.issue('localhost-only', { ...server, hosts: ['localhost'] }).certificateKeyFile,
    selfSigned: makeSelfSigned(directory, 'self-signed', server),
    unknownAuthority: {
      certificateKeyFile: stranger.issue('stranger', server).certificateKeyFile,
      caFile: stranger.certificateFile,
    },
    /** Signed by an authority that is signed by `caFile`'s, which the server shows. */
    chained: chained.certificateKeyFile,
    /** The same, and the server does not show what is between. */
    unchained: unchained.certificateKeyFile,
    revoked: { certificateKeyFile: revoked.certificateKeyFile, crlFile },
  };
}

/**
 * A server certificate that expires: mongod refuses to start with one that has, and goes on with one that does.
 *
 * @param {string} directory one that {@link makeCertificates} has filled
 * @param {Date} notAfter
 */
export function makeShortLivedCertificate(directory, notAfter) {
  const authority = readAuthority(directory, 'ca', authoritySubject);
  return authority.issue('short-lived', { ...server, notAfter }).certificateKeyFile;
}

/**
 * Client certificates, each in one file with its key, in every form that such a file has. All have one subject.
 *
 * @param {string} directory one that {@link makeCertificates} has filled
 */
export function makeClientCertificates(directory) {
  const authority = readAuthority(directory, 'ca', authoritySubject);
  const [ec, rsa] = [newKey('ec'), newKey('rsa')];
  const client = { subject: clientSubject, usages: ['clientAuth'] };
  const stranger = makeAuthority(directory, 'other-client-ca', [
    ['O', 'elsewhere'],
    ['CN', 'another authority'],
  ]);
  const file = (key, type, cipher) => {
    const form = `client-${key.asymmetricKeyType}-${type}${cipher ? `-${cipher}` : ''}`;
    return authority.issue(form, { ...client, key }, '', { type, ...(cipher && { cipher, passphrase: keyPassword }) })
      .certificateKeyFile;
  };
  return {
    pkcs1: file(rsa, 'pkcs1'),
    sec1: file(ec, 'sec1'),
    pkcs8: file(ec, 'pkcs8'),
    rsaPkcs8: file(rsa, 'pkcs8'),
    encryptedPkcs8: file(ec, 'pkcs8', 'aes-256-cbc'),
    encryptedRsaPkcs8: file(rsa, 'pkcs8', 'aes-256-cbc'),
    // Encrypted as PEM itself does it, with a Proc-Type header (RFC 1421).
    encryptedPkcs1Aes: file(rsa, 'pkcs1', 'aes-256-cbc'),
    encryptedPkcs1Des: file(rsa, 'pkcs1', 'des-ede3-cbc'),
    encryptedSec1: file(ec, 'sec1', 'aes-256-cbc'),
    /** Signed by an authority that the server does not know. */
    unknownAuthority: stranger.issue('client-stranger', client).certificateKeyFile,
    expired: authority.issue('client-expired', { ...client, notBefore: hoursAgo(48), notAfter: hoursAgo(1) })
      .certificateKeyFile,
  };
}

function makeAuthority(directory, name, subject) {
  mkdirSync(directory, { recursive: true });
  const key = newKey('ec');
  const { pem } = makeCertificate({ subject, key, isAuthority: true });
  return new Authority(directory, name, subject, key).write(pem);
}

function readAuthority(directory, name, subject) {
  return new Authority(directory, name, subject, createPrivateKey(readFileSync(path.join(directory, `${name}.key`))));
}

class Authority {
  #directory;

  constructor(directory, name, subject, key) {
    this.#directory = directory;
    this.subject = subject;
    this.key = key;
    this.certificateFile = path.join(directory, `${name}.pem`);
    this.keyFile = path.join(directory, `${name}.key`);
  }

  write(pem) {
    writeFileSync(this.certificateFile, pem);
    writeFileSync(this.keyFile, this.key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    return this;
  }

  /** Certificate, whatever it needs to be believed, and key, in one file as mongod and a driver want it. */
  issue(name, { key = newKey('ec'), ...template }, chain = '', encoding = { type: 'pkcs8' }) {
    const { pem, serial } = makeCertificate({ ...template, key, issuer: this });
    const certificateKeyFile = path.join(this.#directory, `${name}.pem`);
    const content = pem + chain + key.export({ ...encoding, format: 'pem' });
    writeFileSync(certificateKeyFile, content, { mode: 0o600 });
    return { certificateKeyFile, serial };
  }

  issueAuthority(name, subject) {
    const key = newKey('ec');
    const { pem } = makeCertificate({ subject, key, issuer: this, isAuthority: true });
    return new Authority(this.#directory, name, subject, key).write(pem);
  }
}

function makeSelfSigned(directory, name, template) {
  const key = newKey('ec');
  const file = path.join(directory, `${name}.pem`);
  const { pem } = makeCertificate({ ...template, key });
  writeFileSync(file, pem + key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return file;
}

function newKey(type) {
  const options = type === 'rsa' ? { modulusLength: 2048 } : { namedCurve: 'prime256v1' };
  return generateKeyPairSync(type, options).privateKey;
}

function hoursAgo(hours) {
  return new Date(Date.now() - hours * 3_600_000);
}
