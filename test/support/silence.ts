// Whether a secret is in something: looked for in everything that a program could print of it.

import { inspect } from 'node:util';

import { expect } from 'vitest';

/** Fails if one of the secrets can be seen in one of the values, in whatever case or encoding. */
export function expectSilence(values: readonly unknown[], secrets: readonly string[]): void {
  const shown = values.flatMap(everythingShown).map((text) => text.toLowerCase());
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')]) {
      const found = shown.find((text) => text.includes(form.toLowerCase()));
      expect(found, `${form} is shown`).toBeUndefined();
    }
  }
}

function everythingShown(value: unknown): string[] {
  const endless = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity } as const;
  return [
    String(value),
    inspect(value),
    inspect(value, endless),
    inspect(value, { ...endless, showHidden: true }),
    inspect(value, { ...endless, showHidden: true, getters: true }),
    inspect(value, { ...endless, showHidden: true, customInspect: false }),
    json(value),
    ...reachable(value),
  ];
}

/** `JSON.stringify`, which must not stop at what it cannot say. */
function json(value: unknown): string {
  const within: unknown[] = [];
  const text = JSON.stringify(value, function (this: unknown, _key, each: unknown) {
    within.splice(within.indexOf(this) + 1);
    if (typeof each === 'bigint') return String(each);
    if (within.includes(each)) return '[Circular]';
    if (typeof each === 'object') within.push(each);
    return each;
  });
  return text ?? '';
}

/** The names and values of own properties at any depth, hidden ones as well, and what bytes spell. Getters are not called. */
function reachable(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value === 'string' || typeof value === 'symbol') return [String(value)];
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return [];
  seen.add(value);
  if (ArrayBuffer.isView(value)) return [Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')];
  const entries = value instanceof Map || value instanceof Set ? [...value].flat() : [];
  const own = Reflect.ownKeys(value).flatMap((key) => [key, Object.getOwnPropertyDescriptor(value, key)?.value as unknown]);
  return [...own, ...entries].flatMap((each) => reachable(each, seen));
}
