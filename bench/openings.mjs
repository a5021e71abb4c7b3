// Connections opened on a busy event loop, round by round, and what the server says of them.

import { setTimeout as sleep } from 'node:timers/promises';

import { MongoClient } from 'mongodb';

import { startOpener } from './child.mjs';
import { cpuOf, residentBytes } from './servers.mjs';
import { shuffled } from './shuffled.mjs';

const maxConnecting = 10;
const patienceMS = 30_000;

/**
 * A process for each contender; one opening in each on an idle event loop, so that compiled code is there; then rounds. `record` gets
 * each sample with its cell and its contender.
 */
export async function measureOpenings({ deployment: { uri, pid }, maxPoolSize, contenders, cells, rounds, limitMS }, record) {
  const watcher = new MongoClient(uri, { appName: 'bench watcher' });
  const openers = [];
  const open = async (opener, job, measured) => {
    const before = await authentications(watcher);
    const [cpu, begin] = [cpuOf(pid), performance.now()];
    const sample = await opener.run({ ...job, connections: maxPoolSize, maxConnecting }, job.limitMS + patienceMS);
    sample.wallMS = performance.now() - begin;
    sample.serverCpuMS = cpu === undefined ? undefined : cpuOf(pid) - cpu;
    sample.rssBytes = residentBytes(opener.pid);
    await verify(watcher, opener.name, sample, before);
    await opener.run({ close: true });
    await gone(watcher, opener.name);
    if (measured) record(measured, opener.name, sample);
  };
  try {
    for (const name of contenders) openers.push(await startOpener(name, { uri: `${uri}&appName=${appName(name)}` }));
    for (const opener of shuffled(openers)) {
      await open(opener, { by: 'check-outs', limitMS: limitMS['check-outs'], busy: false });
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const cell of shuffled(cells)) {
        for (const opener of shuffled(openers)) {
          await open(opener, { by: cell.by, limitMS: limitMS[cell.by], busy: true }, cell);
        }
      }
    }
  } finally {
    await Promise.all(openers.map((opener) => opener.stop()));
    await watcher.close();
  }
}

/**
 * The server has as many authenticated connections of the opener as it counted, and that many more exchanges of SCRAM-SHA-256 behind
 * it. That they are encrypted, the server sees to: it takes no others.
 */
async function verify(watcher, name, { operations }, before) {
  const counted = await connectionsOf(watcher, name);
  const proven = (await authentications(watcher)) - before;
  if (counted < operations || proven < operations) {
    throw new Error(`${name} counts ${operations} connections; the server has ${counted}, ${proven} by SCRAM-SHA-256`);
  }
}

/** Waits until the server has noticed that an opener's connections are closed. */
async function gone(watcher, name) {
  for (const deadline = performance.now() + patienceMS; (await connectionsOf(watcher, name)) > 0; await sleep(20)) {
    if (performance.now() > deadline) throw new Error(`${name} has closed its client, and the server still has its connections`);
  }
}

/** Monitors do not authenticate, so they are not among them. */
async function connectionsOf(watcher, name) {
  const pipeline = [
    { $currentOp: { allUsers: true, idleConnections: true } },
    { $match: { appName: appName(name), 'effectiveUsers.0': { $exists: true } } },
    { $count: 'connections' },
  ];
  const [found] = await watcher.db('admin').aggregate(pipeline).toArray();
  return found?.connections ?? 0;
}

async function authentications(watcher) {
  const { security } = await watcher.db('admin').command({ serverStatus: 1 });
  return security.authentication.mechanisms['SCRAM-SHA-256'].authenticate.successful;
}

function appName(name) {
  return `bench-${name}`;
}
