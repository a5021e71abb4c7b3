// What a failed establishment says: the phase, the server, and whether load may be the cause (CMAP, "Backpressure-enabled").

import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

import { Binary, ObjectId, type Document } from 'bson';
import {
  type MongoError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoParseError,
  MongoRuntimeError,
  MongoServerError,
  type ConnectionPoolOptions,
} from 'ferropool';
import { expect, test } from 'vitest';

import { useCertificates } from '../support/certificates.js';
import { EventLog } from '../support/events.js';
import { onBothLanes, openPool } from '../support/lanes.js';
import { commandOf, helloReply, onMessage, replyTo } from '../support/messages.js';
import { isHello, ScriptedPeer } from '../support/peer.js';
import { afterAccepting, beforeProvingItself, duringHello, duringTls, StallingPeer, type Stall } from '../support/stalling.js';

const files = useCertificates();
const tls = { tls: true, tlsCAFile: files.caFile };
const user = { auth: { username: 'user', password: 'pencil' }, authMechanism: 'SCRAM-SHA-256' } as const;

interface Expected {
  Class: new (...values: never[]) => MongoError;
  code: string | number;
  message: RegExp;
  phase: 'dns' | 'tcp' | 'tls' | 'hello' | 'auth';
  /** Whether load may be the cause: the error has both labels, and the pool is left alone. */
  mayBeLoad: boolean;
  /** Labels that the server gave. */
  labels?: string[];
}

interface Case extends Expected {
  title: string;
  /** Where a peer is, or none. */
  address: () => Promise<string>;
  options?: ConnectionPoolOptions;
}

/** A peer that does something with each connection's socket. */
async function peer(serve: Stall): Promise<string> {
  return (await StallingPeer.start(serve)).address;
}

/** A peer that answers hello, and does something else with what comes after it. */
function afterHello(then: (socket: Socket, message: Buffer) => unknown): Stall {
  return onMessages((socket, message) => (isHello(commandOf(message)) ? socket.write(replyTo(message, helloReply)) : then(socket, message)));
}

const onMessages = (then: (socket: Socket, message: Buffer) => unknown): Stall => (socket) => onMessage(socket, (message) => then(socket, message));
const answering = (document: Document): Stall => onMessages((socket, message) => socket.write(replyTo(message, document)));
const onceItSpeaks = (then: (socket: Socket) => unknown): Stall => (socket) => socket.once('data', () => then(socket));
const notBson = Buffer.concat([Buffer.of(37, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 221, 7, 0, 0), Buffer.alloc(21, 0xff)]);
const saslReply = (payload: string): Document => ({ ok: 1, conversationId: 1, done: false, payload: new Binary(Buffer.from(payload)) });
const refused = { ok: 0, code: 18, codeName: 'AuthenticationFailed', errmsg: 'Authentication failed.', errorLabels: ['Other'] };
const overloaded = { ok: 0, code: 462, errmsg: 'too much', errorLabels: ['SystemOverloadedError', 'RetryableError'] };

/** A connection that fails, in a phase in which load may be the cause. */
function broken(phase: Case['phase'], message: RegExp): Expected {
  return { Class: MongoNetworkError, code: 'FERROPOOL_NETWORK', message, phase, mayBeLoad: true };
}

/** One that takes too long. */
function silent(phase: Case['phase']): Expected {
  return { Class: MongoNetworkTimeoutError, code: 'FERROPOOL_NETWORK_TIMEOUT', message: new RegExp(`^connection timed out after 400 ms \\(${phase}\\)$`), phase, mayBeLoad: true };
}

const notByLoad = { mayBeLoad: false };
const byServer = (phase: Case['phase'], code: number, message: RegExp): Expected => ({ Class: MongoServerError, code, message, phase, ...notByLoad });
const briefly = { connectTimeoutMS: 400 };
const ended = /^connection closed by the server$/;
const reset = /reset/i;

const end = (socket: Socket): unknown => socket.end();
const resetIt = (socket: Socket): unknown => socket.resetAndDestroy();
const alert = Buffer.of(21, 3, 3, 0, 2, 2, 40);

const cases: Case[] = [
  { title: 'a name that nobody has', address: async () => 'nobody.invalid:27017', ...broken('dns', /^failed to lookup address information/), ...notByLoad },
  { title: 'a port where nobody listens', address: unusedAddress, ...broken('tcp', /^Connection refused/) },

  { title: 'an end in the handshake', address: () => peer(onceItSpeaks(end)), options: tls, ...broken('tls', ended) },
  { title: 'a reset in the handshake', address: () => peer(onceItSpeaks(resetIt)), options: tls, ...broken('tls', reset) },
  { title: 'silence in the handshake', address: () => peer(duringTls), options: { ...tls, ...briefly }, ...silent('tls') },
  { title: 'silence instead of it', address: () => peer(afterAccepting), options: { ...tls, ...briefly }, ...silent('tls') },
  {
    title: 'an answer that is not TLS',
    address: () => peer(onceItSpeaks((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
    options: tls,
    ...broken('tls', /InvalidContentType/),
    ...notByLoad,
  },
  { title: 'an alert', address: () => peer(onceItSpeaks((socket) => socket.end(alert))), options: tls, ...broken('tls', /HandshakeFailure/), ...notByLoad },
  { title: 'a certificate of nobody', address: () => showing(files.servers.selfSigned), options: tls, ...broken('tls', /UnknownIssuer/), ...notByLoad },
  { title: 'another host’s certificate', address: () => showing(files.servers.wrongHost), options: tls, ...broken('tls', /not valid for name/), ...notByLoad },
  { title: 'an expired certificate', address: () => showing(files.servers.expired), options: tls, ...broken('tls', /expired/), ...notByLoad },
  // In TLS 1.3 a server says so when the client has gone on already.
  { title: 'a certificate that the client lacks, in TLS 1.2', address: () => demanding('TLSv1.2'), options: tls, ...broken('tls', /alert/), ...notByLoad },
  { title: 'a certificate that the client lacks, in TLS 1.3', address: () => demanding('TLSv1.3'), options: tls, ...broken('hello', /CertificateRequired/), ...notByLoad },
  {
    title: 'a file that is not there',
    address: async () => '127.0.0.1:1',
    options: { tls: true, tlsCAFile: '/absent/ca.pem' },
    Class: MongoInvalidArgumentError,
    code: 'FERROPOOL_INVALID_ARGUMENT',
    message: /^"\/absent\/ca\.pem" cannot be read/,
    phase: 'tls',
    ...notByLoad,
  },

  { title: 'an end before the reply', address: () => peer(onceItSpeaks(end)), ...broken('hello', ended) },
  { title: 'an end in the middle of it', address: () => peer(onMessages((socket, message) => socket.end(replyTo(message, helloReply).subarray(0, 40)))), ...broken('hello', ended) },
  { title: 'a reset before it', address: () => peer(onceItSpeaks(resetIt)), ...broken('hello', reset) },
  { title: 'silence in the middle of it', address: () => peer(duringHello), options: briefly, ...silent('hello') },
  {
    title: 'a reply that is none',
    address: () => peer(onceItSpeaks((socket) => socket.write(notBson))),
    Class: MongoParseError,
    code: 'FERROPOOL_PROTOCOL',
    message: /./,
    phase: 'hello',
    ...notByLoad,
  },
  { title: 'a server that refuses', address: () => peer(answering({ ok: 0, code: 11600, errmsg: 'going down' })), ...byServer('hello', 11600, /^going down$/) },
  { title: 'a server that refuses with labels', address: () => peer(answering(overloaded)), ...byServer('hello', 462, /^too much$/), labels: overloaded.errorLabels },

  { title: 'an end', address: () => peer(afterHello(end)), options: user, ...broken('auth', ended), ...notByLoad },
  { title: 'a reset', address: () => peer(afterHello(resetIt)), options: user, ...broken('auth', reset), ...notByLoad },
  { title: 'silence', address: () => peer(beforeProvingItself), options: { ...user, ...briefly }, ...silent('auth'), ...notByLoad },
  {
    title: 'a server that refuses',
    address: () => peer(afterHello((socket, message) => socket.write(replyTo(message, refused)))),
    options: user,
    ...byServer('auth', 18, /^Authentication failed\.$/),
    labels: refused.errorLabels,
  },
  {
    title: 'a server that does not know our nonce',
    address: () => peer(afterHello((socket, message) => socket.write(replyTo(message, saslReply('r=another,s=c2FsdA==,i=15000'))))),
    options: user,
    Class: MongoRuntimeError,
    code: 'FERROPOOL_AUTHENTICATION',
    message: /nonce/,
    phase: 'auth',
    ...notByLoad,
  },
];

onBothLanes((lane) => {
  test.each(cases)('$phase: $title', async ({ address: find, options, Class, code, message, phase, mayBeLoad, labels = [] }) => {
    const address = await find();
    const pool = openPool(address, { lane, maxConnecting: 1, ...options });
    const log = new EventLog(pool);
    pool.ready();
    const error = await pool.checkOut().catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(Class);
    expect(error).toMatchObject({ code, address, details: { phase }, message: expect.stringMatching(message) as string });
    expect((error as MongoError).errorLabels).toEqual(mayBeLoad ? ['SystemOverloadedError', 'RetryableError'] : labels);
    expect(pool.stats()).toMatchObject({ totalConnectionCount: 0, connectionsClosed: { error: 1 }, state: mayBeLoad ? 'ready' : 'paused', cleared: mayBeLoad ? 0 : 1 });
    expect(log.of('connectionPoolCleared')).toHaveLength(mayBeLoad ? 0 : 1);
    // The same error to whoever listens.
    expect(log.of('connectionClosed')).toMatchObject([{ reason: 'error', error: { name: (error as Error).name, code, details: { phase } } }]);
    expect(log.of('connectionCheckOutFailed')).toMatchObject([{ reason: 'connectionError', error: { name: (error as Error).name, code, details: { phase } } }]);
    expect(log.of('connectionReady')).toEqual([]);
  });

  test('a service behind a load balancer that refuses to authenticate is cleared, and no other', async () => {
    const [refusing, taking] = [new ObjectId(), new ObjectId()];
    const services = [taking, refusing];
    const balancer = await ScriptedPeer.start((command, connection) => {
      if (isHello(command)) return { ...helloReply, msg: 'isdbgrid', serviceId: services[(balancer.connections.indexOf(connection))] ?? taking };
      const isRefused = balancer.connections.indexOf(connection) === 1;
      if ('saslStart' in command) return isRefused ? { ok: 0, code: 18, errmsg: 'Authentication failed.' } : { ok: 1, conversationId: 1, done: true, payload: new Binary(Buffer.alloc(0)) };
      return undefined;
    });
    const pool = openPool(balancer.address, { lane, loadBalanced: true, auth: { username: 'user', password: 'pencil' }, authMechanism: 'PLAIN' });
    const log = new EventLog(pool);
    pool.ready();
    const held = await pool.checkOut();
    await expect(pool.checkOut()).rejects.toMatchObject({ code: 18, details: { phase: 'auth' }, errorLabels: [] });
    held.checkIn();

    expect(log.of('connectionPoolCleared')).toMatchObject([{ serviceId: refusing }]);
    expect(pool.stats()).toMatchObject({ state: 'ready', availableConnectionCount: 1 });
    const again = await pool.checkOut();
    expect(again.id).toBe(held.id);
    again.checkIn();
  });

  test('statistics say how long each phase took of those that succeeded', async () => {
    const pem = readFileSync(files.certificateKeyFile);
    const server = await ScriptedPeer.start(
      (command) => ('saslStart' in command ? { ok: 1, conversationId: 1, done: true, payload: new Binary(Buffer.alloc(0)) } : undefined),
      { cert: pem, key: pem },
    );
    const pool = openPool(`localhost:${server.port}`, { lane, ...tls, auth: { username: 'user', password: 'pencil' }, authMechanism: 'PLAIN' });
    const log = new EventLog(pool);
    pool.ready();
    (await pool.checkOut()).checkIn();
    const { establishment } = pool.stats();
    const phases = Object.values(establishment);
    for (const phase of ['tls', 'hello', 'auth', 'tcp', 'dns'] as const) expect(establishment[phase].meanMS, phase).toBeGreaterThan(0);
    const total = phases.reduce((sum, { meanMS }) => sum + meanMS, 0);
    // connectionReady has the whole, of which a little is in no phase.
    expect(total).toBeLessThanOrEqual((await log.nth('connectionReady')).durationMS + 1);
  });
});

/** Where something listened until now. */
async function unusedAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

/** A peer with a certificate. */
async function showing(certificateKeyFile: string): Promise<string> {
  const pem = readFileSync(certificateKeyFile);
  return (await ScriptedPeer.start(undefined, { cert: pem, key: pem })).address;
}

/** A peer that wants a certificate, which nobody here has. */
async function demanding(version: 'TLSv1.2' | 'TLSv1.3'): Promise<string> {
  const pem = readFileSync(files.certificateKeyFile);
  const options = { cert: pem, key: pem, ca: readFileSync(files.caFile), requestCert: true, rejectUnauthorized: true, minVersion: version, maxVersion: version };
  return (await ScriptedPeer.start(undefined, options)).address;
}
