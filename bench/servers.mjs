// The servers: the stub, which sends prepared bytes as fast as one core can, and real mongods with the same data.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { MongoClient } from 'mongodb';

import { MongodUnavailable, startStandalone } from '../scripts/mongod.mjs';
import { root } from '../scripts/process.mjs';
import { buildStub, startStub } from '../scripts/stub.mjs';
import { large, mixed, small } from './documents.mjs';

const stubs = {
  // Whatever is asked for, its one document is number 7.
  stub: { args: ['--canned'], fixedId: 7 },
  // So long takes an establishment where TLS, authentication and some distance are between.
  'stub-delayed': { args: ['--control', JSON.stringify({ helloDelayMS: 150 })] },
};
const mongods = {
  mongod: {},
  'mongod-tls': { tls: true },
  'mongod-tls-auth': { tls: true, auth: true },
};

/**
 * The servers that can be had here, by name; what is missing leaves its rows out, and that is said. With `uri`, the deployment that
 * it names is the mongod.
 */
export async function startServers(names, { uri } = {}) {
  const servers = {};
  for (const [name, options] of Object.entries(stubs)) if (names.has(name)) servers[name] = await startOneStub(options);
  for (const [name, options] of Object.entries(mongods).filter(([name]) => names.has(name))) {
    if (uri && name !== 'mongod') {
      console.error(`left out, MONGODB_URI is one deployment: ${name}`);
      continue;
    }
    try {
      servers[name] = uri ? await useDeployment(uri) : await startMongod(options);
    } catch (error) {
      if (!(error instanceof MongodUnavailable)) throw error;
      console.error(`left out, there is no mongod: ${error.message}`);
    }
  }
  return servers;
}

async function startOneStub({ args, fixedId }) {
  const built = path.join(root, 'target', 'release', 'ferropool-stub');
  const program = process.env.FERROPOOL_STUB ?? (existsSync(built) ? built : await buildStub({ release: true }));
  const { uri, pid, stop } = await startStub(args, { program });
  return { uri, pid, stop, fixedId, isStub: true };
}

async function startMongod(options) {
  const { uri, pid, stop } = await startStandalone(options);
  return { ...(await load(uri)), pid, stop };
}

/** A deployment that others may use: nothing of theirs is touched, and nothing of ours stays. */
async function useDeployment(uri) {
  await withDatabase(uri, async (db) => {
    const found = await db.listCollections({}, { nameOnly: true }).toArray();
    if (found.length > 0) throw new Error('the deployment of MONGODB_URI has a database "bench" already; the bench would write to it');
  });
  const stop = () => withDatabase(uri, (db) => db.dropDatabase());
  const isPlain = /^mongodb:\/\/[^,@]+$/.test(uri);
  if (!isPlain) console.error('left out, it connects to one address without a user: minimal-js');
  return { ...(await load(uri)), stop, isForeign: true, lacks: isPlain ? [] : ['minimal-js'] };
}

async function load(uri) {
  return withDatabase(uri, async (db) => {
    const documents = (count, make) => Array.from({ length: count }, (_, number) => make(number));
    await db.collection('one').insertMany(documents(10_000, small));
    await db.collection('many').insertMany(documents(100, large));
    await db.collection('mixed').insertMany(documents(100, mixed));
    const { version } = await db.admin().serverInfo();
    return { uri, version, forgetInserted: () => withDatabase(uri, forgetInserted) };
  });
}

/** What was inserted would make the next inserts slower. */
async function forgetInserted(db) {
  for (const name of ['inserted', 'inserted-many']) await db.collection(name).drop();
}

async function withDatabase(uri, work) {
  const client = new MongoClient(uri);
  try {
    return await work(client.db('bench'));
  } finally {
    await client.close();
  }
}

/** A process's processor time in milliseconds, every thread; `undefined` where `/proc` does not say. */
export function cpuOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // In ticks of 10 ms.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

/** A process's resident memory, likewise. */
export function residentBytes(pid) {
  try {
    const [, resident] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
    return Number(resident) * 4096;
  } catch {
    return undefined;
  }
}
