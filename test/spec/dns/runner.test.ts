import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { TestOutcome } from '../report.mjs';
import { Servers } from '../servers.mjs';
import { seedlistFormat } from './runner.mjs';

// A runner that passes everything is worse than none: these tests are of what it must refuse.

const directory = mkdtempSync(path.join(os.tmpdir(), 'ferropool-spec-'));

afterAll(() => rmSync(directory, { recursive: true }));

async function run(test: object): Promise<TestOutcome> {
  const file = path.join(directory, 'test.json');
  writeFileSync(file, JSON.stringify(test));
  const outcomes = await seedlistFormat.run({ suite: 'dns', name: 'dns/test.json', path: file }, new Servers());
  expect(outcomes).toHaveLength(1);
  return outcomes[0] as TestOutcome;
}

const good = 'mongodb+srv://test5.test.build.10gen.cc/';
const bad = 'mongodb+srv://test19.test.build.10gen.cc/';
const port = 'mongodb+srv://test5.test.build.10gen.cc:8123/';
const seeds = ['localhost.test.build.10gen.cc:27017'];

describe('the runner of seed list tests', () => {
  it.each<[string, object]>([
    ['seeds, options and credentials', { uri: good.replace('//', '//user:word@'), seeds, options: { replicaSet: 'repl0', ssl: true }, parsed_options: { user: 'user', password: 'word' } }],
    ['a number of seeds', { uri: 'mongodb+srv://test1.test.build.10gen.cc/?srvMaxHosts=1', numSeeds: 1 }],
    ['an error of the records', { uri: bad, error: true }],
    ['an error of the connection string', { uri: port, error: true }],
  ])('passes %s', async (_, test) => {
    expect(await run(test)).toMatchObject({ outcome: 'passed' });
  });

  it.each<[string, object, RegExp]>([
    ['other seeds', { uri: good, seeds: ['localhost.test.build.10gen.cc:27018'] }, /the seeds should be/],
    ['more seeds', { uri: good, seeds: [] }, /the seeds should be/],
    ['another number of seeds', { uri: good, numSeeds: 2 }, /2 seeds were expected/],
    ['another option', { uri: good, options: { replicaSet: 'repl1' } }, /replicaSet should be 'repl1'/],
    ['an option that is not there', { uri: 'mongodb+srv://test3.test.build.10gen.cc/', options: { replicaSet: 'repl0' } }, /replicaSet/],
    ['another user', { uri: good, parsed_options: { user: 'user' } }, /user should be 'user'/],
    ['an unknown name of a parsed option', { uri: good, parsed_options: { colour: 'red' } }, /colour should be 'red'/],
    ['an error of the records', { uri: bad, seeds }, /no such error was expected/],
    ['an error of the connection string', { uri: port, seeds }, /no such error was expected/],
    ['no error', { uri: good, error: true }, /an error was expected/],
  ])('refuses %s', async (_, test, failure) => {
    const outcome = await run(test);
    expect(outcome).toMatchObject({ outcome: 'failed' });
    // On each lane.
    expect('failures' in outcome && outcome.failures).toEqual([expect.stringMatching(failure), expect.stringMatching(failure)]);
  });

  it('refuses a file without a connection string', async () => {
    await expect(run({})).rejects.toThrow('no uri');
  });
});
