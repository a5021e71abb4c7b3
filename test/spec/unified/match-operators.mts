// "Special Operators for Matching Assertions": documents whose only key begins with `$$`.

import { inspect } from 'node:util';
import { EJSON } from 'bson';
import type { MatchContext, mismatch, Root } from './match.mjs';
import { TestError } from './unsupported.mjs';
import { isDocument, numeric, types } from './values.mjs';

interface Use {
  readonly argument: unknown;
  /** `undefined` where it is absent. */
  readonly actual: unknown;
  readonly context: MatchContext;
  readonly path: string;
  /** What the operator's place allows; most do not change it. */
  readonly root: Root;
  readonly match: typeof mismatch;
}

type Operator = (use: Use) => string | undefined;

/** Whether an expected value is an operator. */
export function isOperator(value: unknown): value is Record<string, unknown> {
  if (!isDocument(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] as string).startsWith('$$');
}

export const operators: Readonly<Record<string, Operator>> = {
  $$exists: ({ argument, actual, path }) => {
    if (typeof argument !== 'boolean') throw new TestError(`${path}: $$exists takes a boolean`);
    if ((actual !== undefined) === argument) return undefined;
    return argument ? `${path} should exist` : `${path} should not exist, is ${inspect(actual)}`;
  },

  $$type: ({ argument, actual, path }) => {
    const names = [argument].flat().map(String);
    const unknown = names.find((name) => !types[name]);
    if (unknown !== undefined) throw new TestError(`${path}: there is no type ${unknown}`);
    if (actual !== undefined && names.some((name) => types[name]?.(actual))) return undefined;
    return `${path} should be of type ${names.join(' or ')}, is ${inspect(actual)}`;
  },

  $$unsetOrMatches: ({ argument, actual, context, path, root, match }) =>
    actual === undefined ? undefined : match(argument, actual, context, path, root),

  $$matchesEntity: ({ argument, actual, context, path, root, match }) =>
    match(context.value(String(argument)), actual, context, path, root),

  $$sessionLsid: ({ argument, actual, context, path, match }) => match(context.lsid(String(argument)), actual, context, path),

  $$matchesHexBytes: ({ argument, actual, path }) => {
    if (typeof argument !== 'string' || !/^([0-9a-f]{2})*$/i.test(argument)) throw new TestError(`${path}: $$matchesHexBytes takes hexadecimal text`);
    const given = actual instanceof Uint8Array ? Buffer.from(actual).toString('hex') : actual;
    if (typeof given === 'string' && given.toLowerCase() === argument.toLowerCase()) return undefined;
    return `${path} should be the bytes ${argument}, is ${inspect(given)}`;
  },

  $$lte: ({ argument, actual, path }) => {
    const [limit, given] = [numeric(argument), numeric(actual)];
    if (limit === undefined) throw new TestError(`${path}: $$lte takes a number`);
    return given !== undefined && given <= limit ? undefined : `${path} should be at most ${limit}, is ${inspect(actual)}`;
  },

  $$matchAsDocument: ({ argument, actual, context, path, match }) => {
    const parsed = parse(actual);
    if (!isDocument(parsed)) return `${path} should be the text of a document, is ${inspect(actual)}`;
    return match(argument, parsed, context, path);
  },

  $$matchAsRoot: ({ argument, actual, context, path, match }) => match(argument, actual, context, path, 'document'),
};

function parse(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return EJSON.parse(text);
  } catch {
    return undefined;
  }
}
