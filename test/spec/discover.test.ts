import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discover, readTestFile, type TestFile } from './discover.mjs';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'ferropool-spec-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function put(name: string, content = '{}'): void {
  const file = path.join(directory, ...name.split('/'));
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

describe('the files of a directory', () => {
  it('are found at any depth, in an order that does not depend on the file system', () => {
    put('b/tests/two.json');
    put('b/tests/deeper/one.json');
    put('a/tests/three.json');
    expect(discover(directory)?.map(({ suite, name }) => [suite, name])).toEqual([
      ['a', 'a/tests/three.json'],
      ['b', 'b/tests/deeper/one.json'],
      ['b', 'b/tests/two.json'],
    ]);
  });

  it('are found through links to folders', () => {
    put('a/tests/one.json');
    symlinkSync(path.join(directory, 'a'), path.join(directory, 'b'), 'junction');
    expect(discover(directory)?.map(({ name }) => name)).toEqual(['a/tests/one.json', 'b/tests/one.json']);
  });

  it('are JSON, below a folder', () => {
    put('a/tests/one.yml');
    put('a/tests/README.md');
    put('top.json');
    expect(discover(directory)).toEqual([]);
  });

  it('are none where there is no directory, which is not the same as an empty one', () => {
    expect(discover(path.join(directory, 'missing'))).toBeUndefined();
    put('file');
    expect(discover(path.join(directory, 'file'))).toBeUndefined();
  });

  it('are read as JSON, and refused if they are none', () => {
    put('a/one.json', '{ "version": 1 }');
    put('a/two.json', '{ "version":');
    const [one, two] = discover(directory) as [TestFile, TestFile];
    expect(readTestFile(one)).toEqual({ version: 1 });
    expect(() => readTestFile(two)).toThrow(SyntaxError);
  });
});
