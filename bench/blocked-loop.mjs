#!/usr/bin/env node
// The event loop blocked for ten seconds at a time: whether the server is still watched, and how far away it seems. The server
// itself counts the hellos.
//
//   node scripts/run.mjs bench/blocked-loop.mjs [--blocks 5] [--block-ms 10000] [--mode poll,auto]

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { startStandalone } from '../scripts/mongod.mjs';
import { startSubject } from './child.mjs';
import { report } from './report.mjs';
import { median } from './statistics.mjs';

const { values } = parseArgs({
  options: {
    blocks: { type: 'string', default: '5' },
    'block-ms': { type: 'string', default: '10000' },
    mode: { type: 'string', default: 'poll,auto' },
  },
});
const blocks = Number(values.blocks);
const blockMS = Number(values['block-ms']);
const freeMS = 3_000;
const marginMS = 300;
const options = { heartbeatFrequencyMS: 500, connectTimeoutMS: 1_000 };

const rows = [];
for (const mode of values.mode.split(',')) {
  for (const contender of ['ferropool', 'mongodb']) {
    console.error(`${contender}, serverMonitoringMode ${mode}`);
    rows.push(await measure(contender, mode));
  }
}
report('blocked-loop', `${blocks} blocks of ${blockMS} ms, ${JSON.stringify(options)}`, rows, [
  ['monitoring', ({ mode }) => mode],
  ['contender', ({ contender }) => contender],
  ['hellos/s, free', ({ free }) => free.hellosPerSecond.toFixed(1)],
  ['hellos/s, blocked', ({ blocked }) => blocked.hellosPerSecond.toFixed(1)],
  ['round trip ms, free', ({ free }) => milliseconds(free)],
  ['round trip ms, blocked', ({ blocked }) => milliseconds(blocked)],
  ['longest', ({ blocked }) => (blocked.durations.length ? Math.max(...blocked.durations).toFixed(1) : '-')],
  ['cleared', ({ blocked }) => blocked.cleared],
  ['failed heartbeats', ({ blocked }) => blocked.failures],
  ['failed pings', ({ blocked }) => blocked.failed],
]);

async function measure(contender, mode) {
  const mongod = await startStandalone();
  const subject = await startSubject('blocked-loop', contender);
  try {
    await subject.run({ open: { uri: mongod.uri, options: { ...options, serverMonitoringMode: mode } } });
    const phases = { free: [], blocked: [] };
    for (let block = 0; block < blocks; block += 1) {
      phases.free.push(await during(mongod, subject, 'free', freeMS));
      phases.blocked.push(await during(mongod, subject, 'blocked', blockMS));
    }
    await subject.run({ close: true });
    return { contender, mode, free: summary(phases.free), blocked: summary(phases.blocked) };
  } finally {
    await subject.stop();
    await mongod.stop();
  }
}

/** One phase, of which the server's count leaves out both ends. */
async function during(mongod, subject, phase, milliseconds) {
  const phaseEnds = subject.run({ phase, milliseconds }, milliseconds + 30_000);
  await sleep(marginMS);
  const [before, begin] = [await hellosOf(mongod), performance.now()];
  await sleep(milliseconds - 2 * marginMS);
  const [after, end] = [await hellosOf(mongod), performance.now()];
  return { ...(await phaseEnds), hellosPerSecond: ((after - before) / (end - begin)) * 1_000 };
}

async function hellosOf(mongod) {
  const { metrics } = await mongod.command('admin', { serverStatus: 1 });
  return ['hello', 'isMaster', 'ismaster'].reduce((sum, name) => sum + Number(metrics.commands[name]?.total ?? 0), 0);
}

function summary(phases) {
  const sum = (figure) => phases.reduce((total, phase) => total + phase[figure], 0);
  return {
    hellosPerSecond: median(phases.map(({ hellosPerSecond }) => hellosPerSecond)),
    durations: phases.flatMap(({ durations }) => durations),
    cleared: sum('cleared'),
    failures: sum('failures'),
    failed: sum('failed'),
  };
}

/** Streamed heartbeats say nothing of the round trip. */
function milliseconds({ durations }) {
  return durations.length ? median(durations).toFixed(2) : '-';
}
