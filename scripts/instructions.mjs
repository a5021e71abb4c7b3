#!/usr/bin/env node
// Counts the instructions of the core's hot paths under callgrind, and compares them with `bench/instructions.json`: what a
// busy machine cannot disturb.
//
//   node scripts/instructions.mjs [--record]
//
// Only those of the program itself count: the C library chooses other ones on other processors.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { cache, isMain, must, root, run } from './process.mjs';

const file = path.join(root, 'bench', 'instructions.json');
const measured = 'the_counted_part';
/** How much dearer a part may get. Another compiler makes other instructions of the same code. */
const tolerance = { same: 0.03, other: 0.15 };

/** Why they cannot be counted here, or not compared; `undefined` if they can. */
export async function whyNotCounted() {
  const valgrind = await run('valgrind', ['--version'], { quiet: true }).catch(() => undefined);
  if (valgrind?.code !== 0) return 'there is no valgrind';
  const { host } = await compiler();
  const { host: recorded } = readRecord();
  return recorded === host ? undefined : `they are recorded for ${recorded}, this is ${host}`;
}

/**
 * Counts and compares.
 *
 * @returns {Promise<{ parts: { name: string, counted: number, expected?: number, dearer: boolean }[], note: string }>}
 */
export async function compareInstructions() {
  const { rustc } = await compiler();
  const recorded = readRecord();
  const isSame = recorded.rustc === rustc;
  const limit = 1 + (isSame ? tolerance.same : tolerance.other);
  const parts = Object.entries(await countInstructions()).map(([name, instructions]) => {
    const expected = recorded.instructions[name];
    return { name, counted: instructions, expected, dearer: expected === undefined || instructions > expected * limit };
  });
  const note = isSame ? '' : `recorded with ${recorded.rustc}, this is ${rustc}: ${tolerance.other * 100} % are tolerated`;
  return { parts, note };
}

/** Writes down what is counted now as what is expected. */
async function record() {
  const { rustc, host } = await compiler();
  const counts = { rustc, host, instructions: await countInstructions() };
  writeFileSync(file, `${JSON.stringify(counts, undefined, 2)}\n`);
}

function readRecord() {
  return JSON.parse(readFileSync(file, 'utf8'));
}

async function compiler() {
  const { output } = await must('rustc', ['--version', '--verbose'], { quiet: true });
  return { rustc: output.split('\n')[0], host: /^host: (.*)$/m.exec(output)[1] };
}

/** Instructions for each time that a part is done, by its name. */
async function countInstructions() {
  const program = await buildExample();
  const directory = path.join(cache, 'instructions');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const { output } = await must(
    'valgrind',
    [
      '--quiet',
      '--tool=callgrind',
      '--collect-atstart=no',
      // Callgrind remembers one option for each pattern, hence two patterns for one function.
      `--toggle-collect=*${measured}*`,
      `--dump-after=*${measured.slice(1)}*`,
      '--dump-line=no',
      '--compress-strings=no',
      '--compress-pos=no',
      `--callgrind-out-file=${path.join(directory, 'part')}`,
      program,
    ],
    { quiet: true, timeoutMS: 120_000 },
  );
  const parts = output.matchAll(/^(.+)\t(\d+)$/gm);
  const dumps = readdirSync(directory).filter((name) => /^part\.\d+$/.test(name)).length;
  const counts = [...parts].map(([, name, times], index) => {
    const profile = readFileSync(path.join(directory, `part.${index + 1}`), 'utf8');
    return [name, Math.round(ownInstructions(profile, program) / Number(times))];
  });
  if (counts.length === 0 || counts.length !== dumps) throw new Error(`${counts.length} parts left ${dumps} profiles`);
  return Object.fromEntries(counts);
}

/** The sum of what a profile has for the functions of one program, without what they called. */
function ownInstructions(profile, program) {
  let sum = 0;
  let isOwn = false;
  let isCall = false;
  for (const line of profile.split('\n')) {
    if (line.startsWith('ob=')) isOwn = line.slice(3) === program;
    else if (line.startsWith('calls=')) isCall = true;
    else if (/^\d+ \d+$/.test(line)) {
      // The line after a call has what the call cost.
      if (isOwn && !isCall) sum += Number(line.split(' ').at(-1));
      isCall = false;
    }
  }
  return sum;
}

async function buildExample() {
  await must('cargo', ['build', '--quiet', '--profile', 'instructions', '--package', 'ferropool-stub', '--example', 'instructions']);
  const { output } = await must('cargo', ['metadata', '--no-deps', '--format-version', '1'], { quiet: true });
  return path.join(JSON.parse(output).target_directory, 'instructions', 'examples', 'instructions');
}

/** A part as a line. */
export function describe({ name, counted, expected, dearer }) {
  const change = expected === undefined ? 'not recorded' : `${percent(counted / expected - 1)} of ${expected}`;
  return `${String(counted).padStart(8)}  ${name}: ${change}${dearer ? ', TOO DEAR' : ''}`;
}

function percent(share) {
  return `${share < 0 ? '' : '+'}${(share * 100).toFixed(1)} %`;
}

if (isMain(import.meta.url)) {
  if (process.argv.includes('--record')) await record();
  else {
    const reason = await whyNotCounted();
    if (reason) {
      console.error(`instructions are not counted: ${reason}`);
      process.exit(69);
    }
    const { parts, note } = await compareInstructions();
    for (const part of parts) console.log(describe(part));
    if (note) console.log(note);
    if (parts.some(({ dearer }) => dearer)) process.exitCode = 1;
  }
}
