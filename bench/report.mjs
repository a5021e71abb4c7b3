// What a scenario has found: a table to paste, and the same with all samples in `results/`.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { machine, versions } from './results.mjs';

/** `columns` are pairs of a title and what a row has there. */
export function report(scenario, circumstances, rows, columns) {
  const about = { scenario, circumstances, date: new Date().toISOString(), machine: machine(), versions: versions({}) };
  const file = path.join(import.meta.dirname, 'results', `${scenario}.json`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...about, rows }, undefined, 2)}\n`);
  const { node, mongodb, commit } = about.versions;
  console.log(`\n${scenario}: ${circumstances}`);
  console.log(`${about.date}, ${about.machine.cores} cores, Node.js ${node}, mongodb ${mongodb}, ferropool at ${commit}\n`);
  console.log(markdown(columns.map(([title]) => title), rows.map((row) => columns.map(([, value]) => String(value(row))))));
}

function markdown(titles, rows) {
  const widths = titles.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index].length)));
  const line = (cells) => `| ${cells.map((cell, index) => cell.padEnd(widths[index])).join(' | ')} |`;
  return [line(titles), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}
