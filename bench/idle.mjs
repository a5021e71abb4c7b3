#!/usr/bin/env node
// A pool that a burst has filled, then one operation every three seconds, before a peer that closes what is idle for five: which
// connections a pool uses decides whether it keeps dialling.
//
//   node scripts/run.mjs bench/idle.mjs [--minutes 5] [--real]      times are a twentieth without --real

import { parseArgs } from 'node:util';

import { startSubject } from './child.mjs';
import { startIdleCloser } from './idle-closer.mjs';
import { report } from './report.mjs';
import { startServers } from './servers.mjs';

const { values } = parseArgs({
  options: { real: { type: 'boolean', default: false }, minutes: { type: 'string', default: '5' } },
});
const scale = values.real ? 1 : 1 / 20;
const minuteMS = 60_000 * scale;
const everyMS = 3_000 * scale;
const idleMS = 5_000 * scale;
const minutes = Number(values.minutes);
const maxPoolSize = 5;
// Enough for every connection to be used, however quickly the first of them answers.
const burst = 100;
const contenders = ['ferropool', 'mongodb', 'round-robin'];

const { stub } = await startServers(new Set(['stub']));
try {
  const rows = await Promise.all(contenders.map(measure));
  const circumstances = `pool of ${maxPoolSize}, one ping every ${everyMS} ms, idle connections closed after ${idleMS} ms, ${minutes} minutes of ${minuteMS} ms`;
  report('idle', circumstances, rows, [
    ['contender', ({ contender }) => contender],
    ['opened by the burst', ({ byMinute }) => byMinute[0]],
    ...Array.from({ length: minutes }, (_, minute) => [`minute ${minute + 1}`, ({ byMinute }) => byMinute[minute + 1]]),
    ['closed by the peer', ({ closed }) => closed],
    ['failed', ({ failed }) => failed],
    ['median ms', ({ medianMS }) => medianMS.toFixed(2)],
  ]);
} finally {
  await stub.stop();
}

async function measure(contender) {
  const peer = await startIdleCloser({ port: Number(new URL(stub.uri).port), idleMS });
  const subject = await startSubject('idle', contender);
  try {
    const begin = performance.now();
    const uri = `mongodb://127.0.0.1:${peer.port}/?directConnection=true`;
    const options = { maxPoolSize, minPoolSize: 0, maxConnecting: maxPoolSize };
    const operations = Math.floor((minutes * minuteMS) / everyMS);
    const job = { uri, options, burst, everyMS, operations };
    const { failed, latencies } = await subject.run(job, minutes * minuteMS * 1.5 + 10_000);
    // What opened before the first connection could grow idle is the burst's.
    const first = Math.min(...peer.opened);
    const byMinute = Array.from({ length: minutes + 1 }, () => 0);
    for (const opened of peer.opened) byMinute[opened < first + everyMS ? 0 : 1 + Math.min(minutes - 1, Math.floor((opened - first) / minuteMS))] += 1;
    const medianMS = latencies.sort((one, other) => one - other)[latencies.length >> 1];
    return { contender, byMinute, closed: peer.closed.length, failed, medianMS, elapsedMS: performance.now() - begin };
  } finally {
    await subject.stop();
    peer.stop();
  }
}
