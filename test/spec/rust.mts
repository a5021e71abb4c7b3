// What a specification says of descriptions alone, as data in and data out, is run in Rust, where those functions are: by
// cargo, once for all files. Here each file's outcome is looked up.

import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { TestFile } from './discover.mjs';
import type { Format } from './format.mjs';

/** Files that the test `target` of the crate `ferropool-topology` runs, by what it calls them. */
function rustFormat(folder: string, target: string, nameOf: (file: TestFile) => string): Format {
  return {
    folder,
    async run(file) {
      const { outcomes, output } = await run(target, file);
      const outcome = outcomes.get(nameOf(file));
      if (outcome === 'ok') return [{ test: file.name, outcome: 'passed' }];
      const why = outcome === undefined ? 'cargo did not run it' : 'it failed in Rust';
      return [{ test: file.name, outcome: 'failed', failures: [`${why}:\n${output}`] }];
    },
  };
}

const SDAM = 'server-discovery-and-monitoring/tests/';
const withoutExtension = (name: string): string => name.replace(/\.json$/, '');

/** Server discovery: its folders but `unified`, which needs servers. */
const discovery = ['errors', 'load-balanced', 'monitoring', 'rs', 'sharded', 'single'].map((folder) =>
  rustFormat(`${SDAM}${folder}`, 'conformance', ({ name }) => withoutExtension(name.slice(SDAM.length))),
);

/** Server selection: its folders but `logging`, which needs servers, and the staleness of secondaries. */
const selection = ['server-selection/tests/in_window', 'server-selection/tests/rtt', 'server-selection/tests/server_selection', 'max-staleness/tests'].map(
  (folder) => rustFormat(folder, 'selection', ({ name }) => withoutExtension(name)),
);

export const rustFormats: readonly Format[] = [...discovery, ...selection];

interface Outcomes {
  readonly outcomes: ReadonlyMap<string, string>;
  readonly output: string;
}

const runs = new Map<string, Promise<Outcomes>>();

/** The target's outcomes, of one run for all files. */
function run(target: string, { name, path }: TestFile): Promise<Outcomes> {
  const directory = path.slice(0, -name.length);
  const known = runs.get(target) ?? cargoTest(target, directory);
  runs.set(target, known);
  return known;
}

async function cargoTest(target: string, directory: string): Promise<Outcomes> {
  const cargo = spawn('cargo', ['test', '--package', 'ferropool-topology', '--test', target], {
    env: { ...process.env, MONGODB_SPECIFICATIONS: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const failed = new Promise<never>((_, reject) => cargo.once('error', reject));
  const output = await Promise.race([text(cargo.stdout), failed]);
  const lines = output.matchAll(/^test (\S+) +\.\.\. (\w+)/gm);
  return { outcomes: new Map([...lines].map(([, name = '', outcome = '']) => [name, outcome])), output };
}
