import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ConnectionPool, MongoClient } from 'ferropool';
import * as ferropool from 'ferropool';

import { root } from '../../scripts/process.mjs';
import { startStub } from '../../scripts/stub.mjs';
import { runProgram } from '../support/child';
import { commandEventNames, poolEventNames, topologyEventNames } from '../support/events';

const readme = readFileSync(path.join(root, 'README.md'), 'utf8');

/** The rows of the table below a heading, cell by cell, without its head. */
function table(heading: string): string[][] {
  const section = readme.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const [, , ...rows] = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.map((row) => row.split('|').slice(1, -1).map((cell) => cell.trim()));
}

/** What stands in a cell as code. */
function code(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
}

describe('the tour', () => {
  const blocks = [...readme.matchAll(/\*\*([^*]+)\*\*[^*]*?```js\n([\s\S]+?)```/g)];
  let stub: Awaited<ReturnType<typeof startStub>>;

  beforeAll(async () => {
    stub = await startStub();
  });

  afterAll(() => stub.stop());

  it('has nothing but blocks that are run', () => {
    expect(blocks.length).toBe(readme.split('```js').length - 1);
    expect(blocks.length).toBeGreaterThan(5);
  });

  it.each(blocks.map(([, title = '', program = '']) => [title, program]))('%s', async (_title, program) => {
    const withoutImport = program.replace(/^import .* from 'ferropool';$/m, '');
    const { code, stdout, stderr } = await runProgram(withoutImport.replaceAll('localhost:27017', `127.0.0.1:${stub.port}`));

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const promised = [...program.matchAll(/\/\/ → (.+)/g)].map(([, text]) => text);
    expect(stdout.trimEnd().split('\n')).toEqual(promised);
  });
});

describe('the options table', () => {
  const rows = table('Options');
  const refusal = (name: string, value: unknown): string => {
    try {
      return String(new ConnectionPool('localhost:1', { [name]: value }));
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('has the options that exist, and no others', () => {
    const [, allowed = ''] = refusal('noSuchOption', 1).split('; allowed are ');
    expect(rows.flatMap(([name]) => code(name))).toEqual(allowed.split(', '));
  });

  it.each(rows.map(([name, , range = '']) => [code(name)[0] ?? '', range]))('has what %s may be: %s', (name, range) => {
    // A symbol is nothing that an option may be.
    const [, allowed = ''] = /must be (?:an integer from |one of )?(.+), received/.exec(refusal(name, Symbol())) ?? [];
    expect(range.replaceAll('`', '').split(/, | or /)).toEqual(allowed.replaceAll('"', '').split(/, | or /));
  });
});

it('the options table has the defaults that the typings state', () => {
  const typings = ['options', 'client-options'].map((name) => readFileSync(path.join(root, 'ts', `${name}.ts`), 'utf8')).join('\n');
  const stated = new Map(
    [...typings.matchAll(/@defaultValue (\S+) \*\/\n {2}(\w+)\?/g)].map(([, value = '', name = '']) => [name, value.replaceAll("'", '')]),
  );
  const rows = table('Options').map(([name, value = '']) => [code(name)[0] ?? '', value.replaceAll('`', '')] as const);
  const compared = rows.filter(([name]) => stated.has(name));
  expect(compared.length).toBeGreaterThan(10);
  expect(compared).toEqual(compared.map(([name]) => [name, stated.get(name)]));
});

it('the events table has every event, in order', () => {
  expect(table('Events').flatMap(([name]) => code(name))).toEqual([...poolEventNames, ...commandEventNames, ...topologyEventNames]);
});

it('the errors table has every class and code that there is', () => {
  const rows = table('Errors');
  const classes = Object.keys(ferropool).filter((name) => /^Mongo.+Error$/.test(name) && name !== 'MongoError');
  expect([...new Set(rows.flatMap(([name]) => code(name)))].toSorted()).toEqual(classes.toSorted());

  const codes = new Set(sources().flatMap((text) => text.match(/FERROPOOL_[A-Z_]+/g) ?? []));
  // An abort becomes a DOMException, which has a code of its own; the other one is never seen.
  for (const inner of ['FERROPOOL_ABORTED', 'FERROPOOL_UNKNOWN']) codes.delete(inner);
  // A warning's.
  codes.delete('FERROPOOL_OPTION');
  expect([...new Set(rows.flatMap(([, cell]) => code(cell)))].toSorted()).toEqual([...codes].toSorted());
});

/** The core's failures and the edge's. */
function sources(): string[] {
  const directories = ['crates/client/src', 'crates/node/src', 'ts'].map((directory) => path.join(root, directory));
  const files = directories.flatMap((directory) =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(rs|ts)$/.test(name)).map((name) => path.join(directory, name)),
  );
  return files.map((file) => readFileSync(file, 'utf8'));
}

it('the statistics table has every field', async () => {
  const client = new MongoClient('mongodb://localhost:1');
  const [stats = {}] = client.pools();
  await client.close();
  expect(table('Statistics').flatMap(([name]) => code(name)).toSorted()).toEqual(Object.keys(stats).toSorted());
});

it('names commands that package.json has', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map(([, name = '']) => name);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});
