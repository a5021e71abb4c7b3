// Contenders that take turns: their processes, their warm-up, and the rounds.

import { startContender } from './child.mjs';
import { cpuOf, residentBytes } from './servers.mjs';
import { shuffled } from './shuffled.mjs';

/**
 * One set of processes for a group: every contender connected and warm, then rounds, in each the cells in any order,
 * in each cell the contenders in any order, so that a noisy moment hits all of them. `record` gets each sample with its cell and
 * its contender.
 */
export async function measureRounds({ group, deployment, plan, rounds, core }, record) {
  const { maxPoolSize, cells } = group;
  const { uri, pid, fixedId, forgetInserted } = deployment;
  const children = [];
  try {
    for (const { name, events } of processesOf(group).filter(({ name }) => !deployment.lacks?.includes(name))) {
      const child = await startContender(name, { uri, maxPoolSize, core, events });
      children.push({ ...child, cells: cells.filter((cell) => Boolean(cell.events) === events) });
    }
    for (const child of shuffled(children)) await warmUp(child, plan.warmUp, fixedId);
    for (let round = 0; round < rounds; round += 1) {
      for (const cell of shuffled(cells)) {
        for (const child of shuffled(children).filter((child) => child.cells.includes(cell))) {
          const [cpu, begin] = [cpuOf(pid), performance.now()];
          const milliseconds = cell.rate ? plan.openLoopMS : plan.milliseconds;
          const sample = await child.run({ ...cell, fixedId, milliseconds, settleMS: plan.settleMS });
          sample.wallMS = performance.now() - begin;
          sample.serverCpuMS = cpu === undefined ? undefined : cpuOf(pid) - cpu;
          sample.rssBytes = residentBytes(child.pid);
          record(cell, child.name, sample);
        }
      }
      await forgetInserted?.();
    }
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

/** Who listens to events does so in a process of its own: the others have nobody who listens. */
function processesOf({ contenders, cells }) {
  const plain = contenders.map((name) => ({ name, events: false }));
  const listening = ['ferropool', 'mongodb'].map((name) => ({ name, events: true }));
  return cells.some((cell) => cell.events) ? [...plain, ...listening] : plain;
}

/** Of a hundred documents each. */
const large = new Set(['find-100', 'find-100-mixed', 'insert-many']);

/**
 * Runs each workload until so many `operations` are done, and its processor time has not fallen for three steps: compiled code comes
 * late to what is large. (Its rate depends on what else the machine does.) Leaves a child the cells that it has.
 */
async function warmUp(child, { stepMS, limitMS, operations: wanted }, fixedId) {
  const unsupported = new Set();
  for (const workload of new Set(child.cells.map(({ workload }) => workload))) {
    const most = Math.max(...child.cells.filter((cell) => cell.workload === workload).map((cell) => cell.concurrency ?? 64));
    const job = { workload, concurrency: Math.min(most, 64), fixedId, milliseconds: stepMS };
    let least = Infinity;
    let since = 0;
    let operations = 0;
    const enough = large.has(workload) ? wanted / 10 : wanted;
    const isWarm = () => since >= 3 && operations >= enough;
    for (const begin = performance.now(); !isWarm() && performance.now() - begin < limitMS; since += 1) {
      const sample = await child.run(job);
      if (sample.unsupported) {
        unsupported.add(workload);
        break;
      }
      operations += sample.operations;
      const each = sample.cpuMS / sample.operations;
      if (each < least * 0.95) since = -1;
      least = Math.min(least, each);
    }
  }
  child.cells = child.cells.filter(({ workload }) => !unsupported.has(workload));
}
