#!/usr/bin/env node
// `npm run bench -- --quick`: this package beside the official driver, a minimal pool in JavaScript and the core alone,
// in one run. `--full` takes longer; `--only find-one` and `--server stub` narrow it; `--check` fails where a bar is missed that was met
// before. README.md has the method.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { barsTable, heldAgainst, unexpected } from './bars.mjs';
import { buildCore } from './core.mjs';
import { deploymentOf, nameOf } from './names.mjs';
import { measureOpenings } from './openings.mjs';
import { page } from './page.mjs';
import { full, quick } from './plan.mjs';
import { addonBytes, composites, machine, toRow, versions } from './results.mjs';
import { measureRounds } from './rounds.mjs';
import { startServers } from './servers.mjs';
import { table } from './table.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    only: { type: 'string' },
    server: { type: 'string' },
    rounds: { type: 'string' },
    output: { type: 'string' },
  },
});
const narrowed = values.only ?? values.server;
const output = values.output ?? path.join(import.meta.dirname, 'results', narrowed ? 'partial.json' : 'latest.json');
const plan = values.full ? full : quick;
const rounds = Number(values.rounds ?? plan.rounds);
const groups = plan.groups.map(narrow).filter(({ cells }) => cells.length > 0);

const begin = performance.now();
const about = { date: new Date().toISOString(), plan: values.full ? 'full' : 'quick', machine: machine() };
const core = await buildCore();
const servers = await startServers(new Set(groups.map(deploymentOf)), { uri: process.env.MONGODB_URI });
const samples = new Map();
try {
  for (const group of groups) {
    const deployment = servers[deploymentOf(group)];
    if (!deployment) continue;
    if (group.opening && deployment.isForeign) {
      console.error('left out, its server is to be asked about connections: openings on MONGODB_URI');
      continue;
    }
    console.error(`${elapsed()}  ${deploymentOf(group)}, pool of ${group.maxPoolSize}${group.opening ? ', opening' : ''}`);
    const record = (cell, contender, sample) => {
      const key = keyOf(group, cell, contender);
      samples.set(key, [...(samples.get(key) ?? []), sample]);
    };
    if (group.opening) await measureOpenings({ group, deployment, plan }, record);
    else for (let set = 0; set < plan.sets; set += 1) await measureRounds({ group, deployment, plan, rounds, core }, record);
  }
} finally {
  await Promise.all(Object.values(servers).map(({ stop }) => stop()));
}

const rows = groups.flatMap((group) =>
  group.cells.flatMap((cell) =>
    group.contenders
      .map((contender) => keyOf(group, cell, contender))
      .filter((key) => samples.has(key))
      .map((key) => toRow(JSON.parse(key), samples.get(key))),
  ),
);
const results = { ...about, durationSeconds: Math.round((performance.now() - begin) / 1000), versions: versions(servers), rows };
results.addonBytes = addonBytes();
results.driverBench = composites(results.versions.commit);
results.bars = heldAgainst(results);
mkdirSync(path.dirname(output), { recursive: true });
writeFileSync(output, `${JSON.stringify(results, undefined, 2)}\n`);
const html = output.replace(/(\.json)?$/, '.html');
writeFileSync(html, page(results));
console.log(table(rows));
console.log(`\n${barsTable(results.bars)}`);
const files = [output, html].map((file) => path.relative(process.cwd(), file)).join(' and ');
console.log(`\nRatios are against mongodb in the same run, which took ${elapsed()}; written to ${files}`);
if (values.check && unexpected(results.bars).length > 0) process.exitCode = 1;

/** What tells a row from others, as text. */
function keyOf(group, cell, contender) {
  const { server, maxPoolSize } = group;
  return JSON.stringify({ workload: nameOf(group, cell), server, concurrency: cell.concurrency, maxPoolSize, contender });
}

function narrow(group) {
  const only = values.only?.split(',');
  if (values.server && values.server !== group.server) return { ...group, cells: [] };
  return { ...group, cells: group.cells.filter((cell) => !only || only.includes(nameOf(group, cell))) };
}

function elapsed() {
  const seconds = Math.round((performance.now() - begin) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
