// The servers: the stub, which sends prepared bytes as fast as one core can, and real mongods with the same data.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { MongoClient } from 'mongodb';

import { MongodUnavailable, startStandalone } from '../scripts/mongod.mjs';
import { root } from '../scripts/process.mjs';
import { buildStub, startStub } from '../scripts/stub.mjs';
import { large, small } from './documents.mjs';

const mongods = {
  mongod: {},
  'mongod-tls': { tls: true },
  'mongod-tls-auth': { tls: true, auth: true },
};

/** The servers that can be had here, by name. A missing mongod leaves its rows out, and that is said. */
export async function startServers(names) {
  const servers = {};
  if (names.has('stub')) servers.stub = await startCannedStub();
  for (const [name, options] of Object.entries(mongods)) {
    if (!names.has(name)) continue;
    try {
      servers[name] = await startLoadedMongod(options);
    } catch (error) {
      if (!(error instanceof MongodUnavailable)) throw error;
      console.error(`left out, there is no mongod: ${error.message}`);
    }
  }
  return servers;
}

async function startCannedStub() {
  const built = path.join(root, 'target', 'release', 'ferropool-stub');
  const program = process.env.FERROPOOL_STUB ?? (existsSync(built) ? built : await buildStub({ release: true }));
  const { uri, pid, stop } = await startStub(['--canned'], { program });
  // Whatever is asked for, its one document is this.
  return { uri, pid, stop, fixedId: 7 };
}

async function startLoadedMongod(options) {
  const { uri, pid, stop } = await startStandalone(options);
  const client = new MongoClient(uri);
  try {
    const db = client.db('bench');
    await db.collection('one').insertMany(Array.from({ length: 10_000 }, (_, id) => small(id)));
    await db.collection('many').insertMany(Array.from({ length: 100 }, (_, id) => large(id)));
    const { version } = await db.admin().serverInfo();
    return { uri, pid, stop, version };
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
