// "Evaluating Matches" of the unified test format.

import { inspect } from 'node:util';
import { EJSON } from 'bson';
import { isOperator, operators } from './match-operators.mjs';
import { TestError } from './unsupported.mjs';
import { isDocument, numeric } from './values.mjs';

/** What an operator may refer to. */
export interface MatchContext {
  /** The value that a test saved under a name. Throws where there is none. */
  value(name: string): unknown;
  /** The id of a session. Throws where there is none. */
  lsid(name: string): unknown;
}

/** Which documents may have fields that are not expected: this one, the elements of this array, or none. */
export type Root = 'document' | 'elements' | 'none';

/** Says where and how `actual` does not match `expected`; `undefined` if it does. An absent value is `undefined`. */
export function mismatch(expected: unknown, actual: unknown, context: MatchContext, path: string, root: Root = 'none'): string | undefined {
  if (isOperator(expected)) return applyOperator(expected, actual, context, path, root);
  if (isDocument(expected)) return mismatchOfDocument(expected, actual, context, path, root);
  if (Array.isArray(expected)) return mismatchOfArray(expected, actual, context, path, root);
  return isSame(expected, actual) ? undefined : `${path} should be ${show(expected)}, is ${show(actual)}`;
}

function mismatchOfDocument(
  expected: Record<string, unknown>,
  actual: unknown,
  context: MatchContext,
  path: string,
  root: Root,
): string | undefined {
  if (!isDocument(actual)) return `${path} should be a document, is ${show(actual)}`;
  for (const [key, value] of Object.entries(expected)) {
    const at = `${path}.${key}`;
    const given = Object.hasOwn(actual, key) ? actual[key] : undefined;
    // An operator says itself what an absent value means.
    if (given === undefined && !isOperator(value)) return `${at} should exist`;
    const found = mismatch(value, given, context, at);
    if (found) return found;
  }
  if (root === 'document') return undefined;
  const extra = Object.keys(actual).find((key) => actual[key] !== undefined && !Object.hasOwn(expected, key));
  return extra === undefined ? undefined : `${path}.${extra} should not exist, is ${show(actual[extra])}`;
}

function mismatchOfArray(expected: readonly unknown[], actual: unknown, context: MatchContext, path: string, root: Root): string | undefined {
  if (!Array.isArray(actual)) return `${path} should be an array, is ${show(actual)}`;
  if (actual.length !== expected.length) return `${path} should have ${expected.length} elements, has ${actual.length}: ${show(actual)}`;
  for (const [index, value] of expected.entries()) {
    const found = mismatch(value, actual[index], context, `${path}[${index}]`, root === 'elements' ? 'document' : 'none');
    if (found) return found;
  }
  return undefined;
}

function applyOperator(operator: Record<string, unknown>, actual: unknown, context: MatchContext, path: string, root: Root): string | undefined {
  const [name, argument] = Object.entries(operator)[0] as [string, unknown];
  const apply = operators[name];
  if (!apply) throw new TestError(`the format has no operator ${name}`);
  return apply({ argument, actual, context, path, root, match: mismatch });
}

/** Whether two values that are neither documents nor arrays are equal; of numbers, only the value counts. */
function isSame(expected: unknown, actual: unknown): boolean {
  const [wanted, given] = [numeric(expected), numeric(actual)];
  // By order, in which a bigint may be compared to a number.
  if (wanted !== undefined && given !== undefined) return wanted <= given && wanted >= given;
  if (typeof expected !== 'object' || typeof actual !== 'object') return expected === actual;
  if (expected === null || actual === null) return expected === actual;
  return EJSON.stringify(expected, { relaxed: false }) === EJSON.stringify(actual, { relaxed: false });
}

function show(value: unknown): string {
  return inspect(value, { depth: 3, breakLength: Infinity });
}
