import { readFileSync } from 'node:fs';
import path from 'node:path';

import * as ferropool from 'ferropool';
import * as official from 'mongodb';
import { describe, expect, it } from 'vitest';

import { root } from '../../scripts/process.mjs';

type Classes = Record<string, { prototype: object }>;
const [ours, theirs] = [{ ...ferropool }, { ...official }] as unknown as [Classes, Classes];
const page = readFileSync(path.join(root, 'MIGRATION.md'), 'utf8');
/** What the page has as code. */
const named = new Set([...page.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text));

describe('the migration page', () => {
  it('names every export of the official driver that is not there', () => {
    const missing = Object.keys(theirs).filter((name) => !(name in ours) && !['default', '__esModule'].includes(name));
    expect(missing.length).toBeGreaterThan(20);
    expect(missing.filter((name) => !named.has(name))).toEqual([]);
  });

  it('names no export that is there among those that are not', () => {
    const section = page.slice(page.indexOf('## What is not there'), page.indexOf('## Options'));
    const rows = section.split('\n').filter((line) => line.startsWith('| `Mongo') || line.startsWith('| `GridFS') || line.startsWith('| `Client'));
    const first = rows.flatMap((row) => [...(row.split('|')[1] as string).matchAll(/`([A-Z]\w+)`/g)].map(([, name = '']) => name));
    expect(first.length).toBeGreaterThan(20);
    expect(first.filter((name) => name in ours)).toEqual([]);
  });

  // Of classes of the public interface, without what the official driver's typings leave out.
  it.each(['MongoClient', 'Db', 'Collection', 'Admin', 'FindCursor', 'AggregationCursor', 'ChangeStream', 'ClientSession', 'MongoError'] as const)(
    'names every method of %s that is not there',
    (name) => {
      const members = (type: { prototype: object }): string[] => {
        const names: string[] = [];
        for (let at = type.prototype; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at) as object) names.push(...Object.getOwnPropertyNames(at));
        return names;
      };
      const { prototype } = ours[name] as { prototype: object };
      const missing = members(theirs[name] as { prototype: object }).filter((member) => isPublic(name, member) && !(member in prototype));
      expect(missing.filter((member) => !isField(name, member) && !named.has(`${variables[name] ?? name}.${member}`))).toEqual([]);
    },
  );
});

/** What the page calls an instance. */
const variables: Record<string, string> = { MongoClient: 'client', FindCursor: 'cursor', AggregationCursor: 'cursor', ClientSession: 'session' };

const typings = readFileSync(path.join(root, 'node_modules', 'mongodb', 'mongodb.d.ts'), 'utf8');

/** Whether a class's typings have a member, its own or one that it inherits. */
function isPublic(type: string, member: string): boolean {
  const [, head = '', body = ''] = new RegExp(`export declare (?:abstract )?class ${type}\\b([^{]*)\\{([\\s\\S]*?)\\n\\}`).exec(typings) ?? [];
  if (new RegExp(`\\n    (?:get |static |abstract |readonly )*(?:\\[?${member}\\]?)[(<:?]`).test(body)) return true;
  const [, parent] = /extends (\w+)/.exec(head) ?? [];
  return parent !== undefined && parent !== type && isPublic(parent, member);
}

/** Whether it is a field of instances here, and an accessor there. */
function isField(type: string, member: string): boolean {
  const client = new ferropool.MongoClient('mongodb://localhost:1');
  const instances: Record<string, object> = { MongoClient: client, Db: client.db(), Collection: client.db().collection('c'), ClientSession: client.startSession() };
  return member in (instances[type] ?? {});
}
