// A standalone and a replica set, with a user and certificates where asked.

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { findMongod } from './binary.mjs';
import { remove, removeAtExit, startServer } from './server.mjs';
import { makeCertificates, makeServerCertificates, makeShortLivedCertificate } from './tls.mjs';
import { createUsers } from './users.mjs';
import { command } from './wire.mjs';

const root = { username: 'root', password: 'ferropool' };

/**
 * What differs from a server whose certificate is right and that takes clients without one.
 *
 * @typedef {object} TlsOptions
 * @property {ServerCertificate} [certificate] what the server shows
 * @property {boolean} [requireClientCertificate] clients without a certificate are turned away
 *
 * @typedef {'right' | 'expired' | 'wrongHost' | 'localhostOnly' | 'selfSigned' | 'unknownAuthority' | 'chained'
 *   | 'unchained' | 'revoked'} ServerCertificate see `makeServerCertificates`, of which mongod refuses `notYetValid`
 */

/**
 * @typedef {object} StartOptions
 * @property {boolean} [auth] require authentication; the user `root` (SCRAM-SHA-1 and -256) is made
 * @property {boolean | TlsOptions} [tls] require TLS, by certificates made for loopback
 * @property {string[]} [compressors] `--networkMessageCompressors`; none for `[]`. By default mongod's own: all
 * @property {Record<string, string | number | boolean>} [parameters] for `--setParameter`
 * @property {string[]} [args] further arguments of mongod
 */

/** @param {StartOptions & { users?: boolean }} [options] `users`: those of `users.mjs` are made, which needs `auth` */
export async function startStandalone({
  auth = false,
  tls = false,
  users = false,
  compressors,
  parameters,
  args = [],
} = {}) {
  const directory = workDirectory();
  try {
    const files = tls ? certificateFiles(path.join(directory, 'tls'), tls === true ? {} : tls) : undefined;
    const server = await startServer({
      binary: findMongod(),
      dbpath: subdirectory(directory, 'data'),
      parameters,
      tls: files,
      args: [...(auth ? ['--auth'] : []), ...compressorArguments(compressors), ...args],
    });
    if (auth) await createRoot(server);
    if (users) await createUsers(server);
    await expired(files);
    return {
      ...describe(server, { auth, tls: files, query: { directConnection: 'true' } }),
      get pid() {
        return server.pid;
      },
      command: (database, body) => server.command(database, body),
      kill: () => server.kill(),
      restart: () => server.restart(),
      stop: async () => {
        await server.stop();
        remove(directory);
      },
    };
  } catch (error) {
    remove(directory);
    throw error;
  }
}

/**
 * @param {StartOptions & { nodes?: number, name?: string, electionTimeoutMillis?: number, settings?: object }} [options]
 *   `settings`: more of those of the set's configuration
 */
export async function startReplicaSet({
  nodes = 3,
  name = 'rs0',
  auth = false,
  tls = false,
  electionTimeoutMillis = 1_000,
  settings = {},
  compressors,
  parameters,
  args = [],
} = {}) {
  const directory = workDirectory();
  const servers = [];
  try {
    const files = tls ? certificateFiles(path.join(directory, 'tls'), tls === true ? {} : tls) : undefined;
    const security = auth ? keyFile(directory) : [];
    const shared = ['--replSet', name, '--oplogSize', '64', ...security, ...compressorArguments(compressors), ...args];
    const binary = findMongod();
    for (let index = 0; index < nodes; index += 1) {
      const dbpath = subdirectory(directory, `data-${index}`);
      servers.push(await startServer({ binary, dbpath, parameters, tls: files, args: shared }));
    }
    await initiate(servers, name, { electionTimeoutMillis, ...settings });
    if (auth) {
      await createRoot(await primaryOf(servers), servers.length);
      for (const server of servers) server.credentials = root;
    }
    await expired(files);

    const members = servers.map((server) => ({
      ...describe(server, { auth, tls: files, query: { directConnection: 'true' } }),
      get pid() {
        return server.pid;
      },
      command: (database, body) => server.command(database, body),
      kill: () => server.kill(),
      restart: () => server.restart(),
      stop: () => server.stop(),
    }));
    return {
      name,
      members,
      uri: uri(servers, { auth, tls: files, query: { replicaSet: name } }),
      ...(auth && root),
      ...(files && { tls: files }),
      primary: async () => members[servers.indexOf(await primaryOf(servers))],
      ready: () => settled(servers.filter((server) => server.isRunning)),
      stop: async () => {
        await Promise.all(servers.map((server) => server.stop()));
        remove(directory);
      },
    };
  } catch (error) {
    await Promise.all(servers.map((server) => server.kill()));
    remove(directory);
    throw error;
  }
}

function workDirectory() {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'ferropool-mongod-'));
  removeAtExit(directory);
  return directory;
}

function subdirectory(parent, name) {
  const directory = path.join(parent, name);
  mkdirSync(directory);
  return directory;
}

// mongod refuses to start with a certificate that has expired, so it gets one that is about to.
const shortLifeMS = 8_000;

/** Makes the files, and says which of them the server shows; `caFile` is what a client should trust. */
function certificateFiles(directory, { certificate = 'right', requireClientCertificate = false }) {
  const files = { ...makeCertificates(directory), isClientCertificateRequired: requireClientCertificate };
  if (certificate === 'right') return files;
  if (certificate === 'expired') {
    // A certificate tells whole seconds.
    const expires = new Date(Math.ceil((Date.now() + shortLifeMS) / 1_000) * 1_000);
    return { ...files, certificateKeyFile: makeShortLivedCertificate(directory, expires), expires };
  }
  const made = makeServerCertificates(directory)[certificate];
  if (!made) throw new Error(`there is no certificate '${certificate}'`);
  if (typeof made === 'string') return { ...files, certificateKeyFile: made };
  // The server goes on to verify clients by the authority that has signed theirs.
  const { caFile: otherCAFile, ...rest } = made;
  return { ...files, ...rest, ...(otherCAFile && { otherCAFile }) };
}

/** Waits until the certificate is what it was asked to be. */
async function expired(files) {
  if (files?.expires) await sleep(Math.max(0, files.expires.getTime() + 1_000 - Date.now()));
}

function compressorArguments(compressors) {
  return compressors ? [`--networkMessageCompressors=${compressors.join(',') || 'disabled'}`] : [];
}

/** What members of a set with authentication know each other by. */
function keyFile(directory) {
  const file = path.join(directory, 'key');
  writeFileSync(file, randomBytes(96).toString('base64'), { mode: 0o400 });
  return ['--keyFile', file];
}

/** Until the first user exists, mongod lets a local client make it. */
/** The user that is known to so many members when this returns: each of them authenticates by itself. */
async function createRoot(server, members = 1) {
  await server.command('admin', {
    createUser: root.username,
    pwd: root.password,
    roles: ['root'],
    mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256'],
    writeConcern: { w: members },
  });
  server.credentials = root;
}

async function initiate(servers, name, settings) {
  await servers[0].command('admin', {
    replSetInitiate: {
      _id: name,
      members: servers.map((server, _id) => ({ _id, host: `${server.host}:${server.port}` })),
      // A test should not wait ten seconds for an election, nor two for each heartbeat.
      settings: { heartbeatIntervalMillis: 500, ...settings },
    },
  });
  await settled(servers);
}

/** Waits until one server is the primary and every other one its secondary. */
async function settled(servers) {
  await eventually('a primary and its secondaries', async () => {
    const replies = await Promise.all(servers.map(hello));
    const primaries = replies.filter((reply) => reply.isWritablePrimary);
    const secondaries = replies.filter((reply) => reply.secondary);
    return primaries.length === 1 && primaries.length + secondaries.length === servers.length;
  });
}

function primaryOf(servers) {
  return eventually('a primary', async () => {
    const alive = servers.filter((server) => server.isRunning);
    const replies = await Promise.all(alive.map(hello));
    return alive[replies.findIndex((reply) => reply.isWritablePrimary)];
  });
}

/** Needs no user, so it works at every stage. */
async function hello({ host, port, tls }) {
  try {
    return await command({ host, port, tls }, 'admin', { hello: 1 }, 2_000);
  } catch {
    return {};
  }
}

async function eventually(what, check) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`the replica set has not got ${what} within a minute`);
    await sleep(50);
  }
}

function describe(server, options) {
  return {
    uri: uri([server], options),
    host: server.host,
    port: server.port,
    dbpath: server.dbpath,
    logFile: server.logFile,
    ...(options.auth && root),
    ...(options.tls && { tls: options.tls }),
  };
}

function uri(servers, { auth, tls, query }) {
  const search = new URLSearchParams(query);
  if (auth) search.set('authSource', 'admin');
  if (tls) {
    search.set('tls', 'true');
    search.set('tlsCAFile', tls.caFile);
  }
  const user = auth ? `${root.username}:${root.password}@` : '';
  return `mongodb://${user}${servers.map(({ host, port }) => `${host}:${port}`).join(',')}/?${search}`;
}
