// Connections that are opened, round by round, and what the server says of them.

import { audit } from './audit.mjs';
import { startOpener } from './child.mjs';
import { cpuOf, residentBytes } from './servers.mjs';
import { shuffled } from './shuffled.mjs';

const maxConnecting = 10;
const patienceMS = 30_000;
/** Enough for compiled code, few enough to leave no memory behind that others would use again. */
const warmConnections = 20;

/**
 * A process for each contender; one opening in each that is not counted, so that compiled code is there; then rounds. Where
 * memory is measured, a round has processes of its own, and an opening of its own before the one that is timed. `record` gets each
 * sample with its cell and its contender.
 */
export async function measureOpenings({ group, deployment, plan }, record) {
  const { maxPoolSize, contenders, cells } = group;
  const server = await audit({ ...deployment, requiresUsers: group.auth });

  const open = async (opener, job) => {
    const limitMS = plan.openingLimitMS[job.by];
    const before = await server.authentications();
    const [cpu, begin] = [cpuOf(deployment.pid), performance.now()];
    const sample = await opener.run({ connections: maxPoolSize, maxConnecting, limitMS, ...job }, limitMS + patienceMS);
    sample.wallMS = performance.now() - begin;
    sample.serverCpuMS = cpu === undefined ? undefined : cpuOf(deployment.pid) - cpu;
    sample.rssBytes = residentBytes(opener.pid);
    // Of a burst's, some may still be on their way.
    if (job.by !== 'burst') await server.verify(opener.name, sample.connections, before);
    await opener.run({ close: true });
    await server.gone(opener.name);
    return sample;
  };
  const withOpeners = async (work) => {
    const openers = [];
    try {
      for (const name of contenders) openers.push(await startNamed(name, deployment.uri));
      await work(openers);
    } finally {
      await Promise.all(openers.map((opener) => opener.stop()));
    }
  };
  const measure = async (opener, cell) => {
    const { by, busy, requests } = cell;
    const memory = cell.memory && (await open(opener, { by: 'check-outs', memory: true }));
    const sample = await open(opener, { by, busy, requests });
    record(cell, opener.contender, { ...sample, ...(memory && { bytesPerConnection: memory.bytesPerConnection }) });
  };
  const warmUp = (opener, connections) => open(opener, { by: 'check-outs', connections });

  try {
    for (const cell of cells.filter(({ memory }) => memory)) {
      for (let round = 0; round < plan.openingRounds; round += 1) {
        await withOpeners(async (openers) => {
          for (const opener of shuffled(openers)) {
            await warmUp(opener, warmConnections);
            await measure(opener, cell);
          }
        });
      }
    }
    const others = cells.filter(({ memory }) => !memory);
    if (others.length === 0) return;
    await withOpeners(async (openers) => {
      for (const opener of shuffled(openers)) await warmUp(opener, others[0].requests ? warmConnections : maxPoolSize);
      for (let round = 0; round < plan.openingRounds; round += 1) {
        for (const cell of shuffled(others)) {
          for (const opener of shuffled(openers)) await measure(opener, cell);
        }
      }
    });
  } finally {
    await server.close();
  }
}

/** The server knows a contender's connections by its opener's name. */
async function startNamed(contender, uri) {
  const name = `bench-${contender}`;
  return { ...(await startOpener(contender, { uri: `${uri}&appName=${name}` })), name, contender };
}
