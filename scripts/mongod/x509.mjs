// Certificates and revocation lists (RFC 5280). Node.js makes keys and signatures; what is missing is the DER around them.

import { createHash, createPublicKey, randomBytes, sign } from 'node:crypto';

/** @typedef {import('node:crypto').KeyObject} KeyObject */

/**
 * @typedef {object} Template
 * @property {[string, string][]} subject in this order, such as `[['O', 'ferropool'], ['CN', 'localhost']]`
 * @property {KeyObject} key the subject's private key
 * @property {{ subject: [string, string][], key: KeyObject }} [issuer] absent for a self-signed certificate
 * @property {boolean} [isAuthority] it may sign others
 * @property {string[]} [hosts] names and IPv4 addresses
 * @property {('serverAuth' | 'clientAuth')[]} [usages]
 * @property {Date} [notBefore] an hour ago, for clocks that differ
 * @property {Date} [notAfter] in 30 days
 */

const hour = 3_600_000;

/**
 * @param {Template} template
 * @returns {{ pem: string, serial: Buffer }}
 */
export function makeCertificate({
  subject,
  key,
  issuer = { subject, key },
  isAuthority = false,
  hosts = [],
  usages = [],
  notBefore = new Date(Date.now() - hour),
  notAfter = new Date(Date.now() + 30 * 24 * hour),
}) {
  // Positive, whatever the first byte is.
  const serial = Buffer.concat([Buffer.from([0x40]), randomBytes(15)]);
  const extensions = [
    isAuthority
      ? extension(oids.basicConstraints, sequence(boolean(true)), true)
      : extension(oids.basicConstraints, sequence(), true),
    // keyCertSign and cRLSign, or digitalSignature; a bit string begins with its number of unused bits.
    extension(oids.keyUsage, der(0x03, isAuthority ? Buffer.from([1, 0x06]) : Buffer.from([7, 0x80])), true),
    extension(oids.subjectKeyIdentifier, der(0x04, keyIdentifier(key))),
    extension(oids.authorityKeyIdentifier, sequence(der(0x80, keyIdentifier(issuer.key)))),
  ];
  if (usages.length > 0) extensions.push(extension(oids.extendedKeyUsage, sequence(...usages.map((use) => oid(oids[use])))));
  if (hosts.length > 0) extensions.push(extension(oids.subjectAlternativeName, sequence(...hosts.map(generalName))));
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    algorithm(issuer.key),
    name(issuer.subject),
    sequence(time(notBefore), time(notAfter)),
    name(subject),
    publicKey(key),
    der(0xa3, sequence(...extensions)),
  );
  return { pem: pem('CERTIFICATE', signed(toBeSigned, issuer.key)), serial };
}

/**
 * @param {{ subject: [string, string][], key: KeyObject }} issuer
 * @param {Buffer[]} serials of the certificates that are revoked
 */
export function makeRevocationList(issuer, serials) {
  const [now, later] = [new Date(Date.now() - hour), new Date(Date.now() + 30 * 24 * hour)];
  const revoked = serials.map((serial) => sequence(integer(serial), time(now)));
  const toBeSigned = sequence(
    integer(Buffer.from([1])), // version 2
    algorithm(issuer.key),
    name(issuer.subject),
    time(now),
    time(later),
    ...(revoked.length > 0 ? [sequence(...revoked)] : []),
    der(
      0xa0,
      sequence(
        extension(oids.authorityKeyIdentifier, sequence(der(0x80, keyIdentifier(issuer.key)))),
        extension(oids.crlNumber, integer(Buffer.from([1]))),
      ),
    ),
  );
  return pem('X509 CRL', signed(toBeSigned, issuer.key));
}

const oids = {
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  sha256WithEcdsa: '1.2.840.10045.4.3.2',
};

/** A value with its tag and its length. */
function der(tag, ...parts) {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.from(content.length.toString(16).padStart(content.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content]);
}

const sequence = (...parts) => der(0x30, ...parts);
const integer = (bytes) => der(0x02, bytes);
const boolean = (value) => der(0x01, Buffer.from([value ? 0xff : 0]));

function oid(dotted) {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const digits = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
    bytes.push(...digits);
  }
  return der(0x06, Buffer.from(bytes));
}

/** Two digits of a year up to 2049, four of a later one. */
function time(date) {
  const digits = `${date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

function name(attributes) {
  return sequence(
    ...attributes.map(([type, value]) => der(0x31, sequence(oid(oids[type]), der(0x0c, Buffer.from(value))))),
  );
}

function generalName(host) {
  const isAddress = /^[\d.]+$/.test(host);
  return isAddress ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
}

function extension(id, value, isCritical = false) {
  return sequence(oid(id), ...(isCritical ? [boolean(true)] : []), der(0x04, value));
}

function publicKey(key) {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

function keyIdentifier(key) {
  return createHash('sha1').update(publicKey(key)).digest();
}

function algorithm(key) {
  return key.asymmetricKeyType === 'rsa'
    ? sequence(oid(oids.sha256WithRsa), der(0x05))
    : sequence(oid(oids.sha256WithEcdsa));
}

function signed(toBeSigned, key) {
  const signature = sign('sha256', toBeSigned, key);
  return sequence(toBeSigned, algorithm(key), der(0x03, Buffer.from([0]), signature));
}

function pem(label, bytes) {
  const lines = bytes.toString('base64').match(/.{1,64}/g);
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
