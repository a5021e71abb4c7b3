#!/usr/bin/env node
// `npm run bench -- --quick`: this package beside the official driver, a minimal pool in JavaScript and the core alone,
// in one run. `--full` takes longer; `--only find-one` and `--server stub` narrow it. README.md has the method.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { startContender } from './child.mjs';
import { buildCore } from './core.mjs';
import { measureOpenings } from './openings.mjs';
import { full, quick } from './plan.mjs';
import { machine, toRow, versions } from './results.mjs';
import { cpuOf, residentBytes, startServers } from './servers.mjs';
import { shuffled } from './shuffled.mjs';
import { table } from './table.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    only: { type: 'string' },
    server: { type: 'string' },
    rounds: { type: 'string' },
    output: { type: 'string', default: path.join(import.meta.dirname, 'results', 'latest.json') },
  },
});
const plan = values.full ? full : quick;
const rounds = Number(values.rounds ?? plan.rounds);
const groups = plan.groups.map(narrow).filter(({ cells }) => cells.length > 0);

const about = machine();
const core = await buildCore();
const servers = await startServers(new Set(groups.map(deploymentOf)));
const samples = new Map();
try {
  for (const group of groups.filter((group) => servers[deploymentOf(group)])) {
    if (group.opening) await measureOpening(group);
    else for (let set = 0; set < plan.sets; set += 1) await measure(group);
  }
} finally {
  await Promise.all(Object.values(servers).map(({ stop }) => stop()));
}

const rows = groups.flatMap((group) =>
  group.cells.flatMap((cell) =>
    group.contenders
      .map((contender) => keyOf(group, cell, contender))
      .filter((key) => samples.has(JSON.stringify(key)))
      .map((key) => toRow(key, samples.get(JSON.stringify(key)))),
  ),
);
mkdirSync(path.dirname(values.output), { recursive: true });
writeFileSync(values.output, `${JSON.stringify({ machine: about, versions: versions(servers), rows }, undefined, 2)}\n`);
console.log(table(rows));
console.log(`\nRatios are against mongodb in the same run; written to ${path.relative(process.cwd(), values.output)}`);

/**
 * One set of processes for a group: every contender connected and warm, then rounds, in each the cells in any order,
 * in each cell the contenders in any order, so that a noisy moment hits all of them.
 */
async function measure(group) {
  const { maxPoolSize, contenders, cells } = group;
  const { uri, pid, fixedId } = servers[deploymentOf(group)];
  console.error(`${deploymentOf(group)}, pool of ${maxPoolSize}`);
  const children = [];
  try {
    for (const name of contenders) children.push(await startContender(name, { uri, maxPoolSize, core }));
    for (const child of shuffled(children)) await warmUp(child, cells, fixedId);
    for (let round = 0; round < rounds; round += 1) {
      for (const cell of shuffled(cells)) {
        for (const child of shuffled(children).filter(({ supports }) => supports.has(cell.workload))) {
          await child.run({ ...cell, fixedId, milliseconds: plan.milliseconds / 5 });
          const [cpu, begin] = [cpuOf(pid), performance.now()];
          const sample = await child.run({ ...cell, fixedId, milliseconds: plan.milliseconds });
          sample.wallMS = performance.now() - begin;
          sample.serverCpuMS = cpu === undefined ? undefined : cpuOf(pid) - cpu;
          sample.rssBytes = residentBytes(child.pid);
          record(group, cell, child.name, sample);
        }
      }
    }
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

/**
 * Runs each workload until its rate has not risen for three steps: compiled code comes late to what is large. Says
 * which workloads the contender has.
 */
async function warmUp(child, cells, fixedId) {
  child.supports = new Set();
  for (const workload of new Set(cells.map(({ workload }) => workload))) {
    const concurrency = workload.endsWith('check-out') ? 1 : 64;
    let best = 0;
    let since = 0;
    for (const begin = performance.now(); since < 3 && performance.now() - begin < plan.warmUpMS; since += 1) {
      const { unsupported, operations, elapsedMS } = await child.run({ workload, concurrency, fixedId, milliseconds: 200 });
      if (unsupported) break;
      child.supports.add(workload);
      if (operations / elapsedMS > best * 1.05) since = -1;
      best = Math.max(best, operations / elapsedMS);
    }
  }
}

async function measureOpening(group) {
  console.error(`${deploymentOf(group)}, opening ${group.maxPoolSize} connections`);
  const deployment = servers[deploymentOf(group)];
  await measureOpenings({ ...group, deployment, rounds, limitMS: plan.openingLimitMS }, (cell, contender, sample) =>
    record(group, cell, contender, sample),
  );
}

function record(group, cell, contender, sample) {
  const key = JSON.stringify(keyOf(group, cell, contender));
  samples.set(key, [...(samples.get(key) ?? []), sample]);
}

function keyOf(group, cell, contender) {
  const { server, maxPoolSize } = group;
  return { workload: nameOf(group, cell), server, concurrency: cell.concurrency, maxPoolSize, contender };
}

/** What results call a workload: a command is the same one with TLS, and a row of its own. */
function nameOf({ tls, opening }, { workload }) {
  return tls && !opening ? `${workload}-tls` : workload;
}

function deploymentOf({ server, tls, auth }) {
  return [server, ...(tls ? ['tls'] : []), ...(auth ? ['auth'] : [])].join('-');
}

function narrow(group) {
  const only = values.only?.split(',');
  if (values.server && values.server !== group.server) return { ...group, cells: [] };
  return { ...group, cells: group.cells.filter((cell) => !only || only.includes(nameOf(group, cell))) };
}
