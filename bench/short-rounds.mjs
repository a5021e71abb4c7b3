// Functions that take microseconds, side by side. Of many short rounds the quickest tenth counts: a machine that is busy with other
// things disturbs the rest.

import { performance } from 'node:perf_hooks';

const ROUNDS = 1000;
const ROUND_MS = 1;

/** Microseconds for each call of each function. */
export function compare(functions) {
  const times = Object.fromEntries(Object.keys(functions).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(functions)) times[name].push(measure(run));
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, lowestTenth(values)]));
}

/** A column of a table. */
export function show(microseconds) {
  return microseconds.toFixed(2).padStart(8);
}

function measure(run) {
  const start = performance.now();
  let count = 0;
  do {
    run();
    count += 1;
  } while (performance.now() - start < ROUND_MS);
  return ((performance.now() - start) * 1e3) / count;
}

function lowestTenth(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)];
}
