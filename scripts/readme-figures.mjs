#!/usr/bin/env node
// README.md's figures, from the run that is committed as `bench/results/latest.json`; and that run's page.
//
//   node scripts/readme-figures.mjs            rewrites what stands between the markers, and the page
//   node scripts/readme-figures.mjs --check    says whether it is what the run says, and changes nothing

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe } from '../bench/bars.mjs';
import { page } from '../bench/page.mjs';
import { isMain, root } from './process.mjs';

const begin = '<!-- figures: written by scripts/readme-figures.mjs -->';
const end = '<!-- end of figures -->';
const readme = path.join(root, 'README.md');
const latest = path.join(root, 'bench', 'results', 'latest.json');

const stub = { server: 'stub', maxPoolSize: 10 };
const mongod = { server: 'mongod', maxPoolSize: 10 };

const loads = [
  ['find one, 64 concurrent, on the stub', { ...stub, workload: 'find-one', concurrency: 64 }],
  ['find one, 512 concurrent, on the stub', { ...stub, workload: 'find-one', concurrency: 512 }],
  ['find one, 64 concurrent, on mongod, which shares the cores', { ...mongod, workload: 'find-one', concurrency: 64 }],
  ['find one, 64 concurrent, on mongod over TLS', { ...mongod, workload: 'find-one-tls', concurrency: 64 }],
  ['find 100 documents of 1 KB, 8 concurrent, on mongod', { ...mongod, workload: 'find-100', concurrency: 8 }],
  ['the same with ObjectIds and text beyond ASCII', { ...mongod, workload: 'find-100-mixed', concurrency: 8 }],
  ['insertMany of 100, 8 concurrent, on mongod', { ...mongod, workload: 'insert-many', concurrency: 8 }],
  ['80 % find one, 20 % insert and update, 64 concurrent, on mongod', { ...mongod, workload: 'mixed', concurrency: 64 }],
  ["`tryCheckOut()` and `checkIn()`, against the official pool's internals", { ...stub, workload: 'try-check-out', concurrency: 1 }, { workload: 'check-out' }],
  ["`await checkOut()` and `checkIn()`, against the same", { ...stub, workload: 'check-out', concurrency: 1 }],
];

const openings = [
  ['1,000 connections, on the stub', { server: 'stub', workload: 'open-1000' }],
  ['1,000 connections, on mongod', { server: 'mongod', workload: 'open-1000' }],
  ['1,000 connections, on mongod over TLS', { server: 'mongod', workload: 'open-1000-tls' }],
  ['`minPoolSize` 100, `maxConnecting` 10, on the stub', { server: 'stub', workload: 'warm-100' }],
  ['50 requests of a new client, where establishing takes 150 ms', { server: 'stub', workload: 'burst-50' }],
  ['200 connections, TLS and SCRAM-SHA-256, an event loop busy 80 % of the time', { server: 'mongod', workload: 'open-200-busy' }],
];

/** What stands between the markers, from what `latest.json` has. */
export function figures({ date, plan, machine, versions, rows, bars }) {
  const find = (cell) => rows.find((row) => Object.entries(cell).every(([key, value]) => row[key] === value));
  const compared = (lines, describe) =>
    lines.flatMap(([title, cell, other]) => {
      const [own, official] = [find({ ...cell, contender: 'ferropool' }), find({ ...cell, ...other, contender: 'mongodb' })];
      return own && official ? [`| ${title} | ${describe(own, official).join(' | ')} |`] : [];
    });
  const measured = bars.filter(({ met }) => met !== null);
  const missed = measured.filter(({ met }) => !met);
  const server = versions.mongod ? `, mongod ${versions.mongod}` : '';
  return [
    `From \`npm run bench -- --${plan}\` on ${date.slice(0, 10)}: ${machine.cpu}, ${machine.cores} cores, Node.js ${versions.node.slice(1)}${server}; ratios are`,
    `against the official driver ${versions.mongodb} in the same run, of medians. ${measured.length - missed.length} of ${measured.length} bars were met.`,
    '',
    '| pool of 10 | operations a second | CPU for each |',
    '|---|---|---|',
    ...compared(loads, describeLoad),
    '',
    '| opening | time | memory for each |',
    '|---|---|---|',
    ...compared(openings, describeOpening),
    ...(missed.length > 0 ? ['', 'Bars that were not met:', '', ...missed.map(describeMissed)] : []),
  ].join('\n');
}

function describeMissed(bar) {
  const { title, ratio, limit } = describe(bar);
  return `- ${title}: ${ratio}, ${limit}`;
}

function describeLoad(own, official) {
  const rate = own.opsPerSecond.median;
  const micros = own.cpuMicrosPerOperation;
  return [
    `${times(rate / official.opsPerSecond.median)} (${counted(rate)})`,
    `${fraction(official.cpuMicrosPerOperation / micros)} (${Number(micros.toPrecision(2))} µs)`,
  ];
}

function describeOpening(own, official) {
  const bytes = own.bytesPerConnection;
  return [
    // By rates: one that was given up is as fast as what it reached.
    `${fraction(own.opsPerSecond.median / official.opsPerSecond.median)}${own.readyMS ? ` (${Math.round(own.readyMS.median)} ms)` : ''}`,
    bytes > 0 ? `${fraction(official.bytesPerConnection / bytes)} (${(bytes / 1024).toFixed(1)} KB)` : '',
  ];
}

function counted(rate) {
  return rate < 1_000 ? `${Math.round(rate)}/s` : `${Number((rate / 1000).toPrecision(3))} k/s`;
}

function times(ratio) {
  return `${digits(ratio)} ×`;
}

function fraction(ratio) {
  return ratio >= 1 ? `1/${digits(ratio)}` : times(1 / ratio);
}

function digits(number) {
  return number >= 10 ? String(Math.round(number)) : number.toFixed(1);
}

/** README.md with the figures of a run. */
export function withFigures(text, results) {
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`README.md has no place for figures: ${begin} … ${end}`);
  return `${before}${begin}\n\n${figures(results)}\n\n${end}${after}`;
}

if (isMain(import.meta.url)) {
  const results = JSON.parse(readFileSync(latest, 'utf8'));
  const text = readFileSync(readme, 'utf8');
  const wanted = withFigures(text, results);
  if (!process.argv.includes('--check')) {
    writeFileSync(readme, wanted);
    writeFileSync(latest.replace('.json', '.html'), page(results));
  } else if (wanted !== text) {
    console.error('README.md does not have the figures of bench/results/latest.json: node scripts/readme-figures.mjs');
    process.exitCode = 1;
  }
}
