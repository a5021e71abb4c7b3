// The "Spec Test Match Function" of the cmap format: an expected value is a subset of the actual one, and 42 stands for
// any value that is there.

import { inspect } from 'node:util';

/** Says where and how `actual` does not match `expected`; `undefined` if it does. */
export function mismatch(expected: unknown, actual: unknown, path: string): string | undefined {
  if (expected === 42 || expected === '42') {
    return actual === null || actual === undefined ? `${path} should exist` : undefined;
  }
  const [wanted, given] = [jsonType(expected), jsonType(actual)];
  if (wanted !== given) return `${path} should be ${show(expected)} (${wanted}), is ${show(actual)} (${given})`;
  if (wanted === 'array' || wanted === 'object') {
    for (const [key, value] of Object.entries(expected as object)) {
      const at = wanted === 'array' ? `${path}[${key}]` : `${path}.${key}`;
      const found = mismatch(value, (actual as Record<string, unknown>)[key], at);
      if (found) return found;
    }
    return undefined;
  }
  return expected === actual ? undefined : `${path} should be ${show(expected)}, is ${show(actual)}`;
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function show(value: unknown): string {
  return inspect(value, { depth: 2, breakLength: Infinity });
}
