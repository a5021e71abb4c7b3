// The comparisons that the formats share.

import { inspect, isDeepStrictEqual } from 'node:util';
import type { Opened } from './open.mjs';
import { stated } from './stated.mjs';

/** Every option has its value; what the test does not name may be anything. */
export function checkOptions(expected: Readonly<Record<string, unknown>> | null | undefined, opened: Opened): string | undefined {
  for (const [name, value] of Object.entries(expected ?? {})) {
    const found = stated(opened.options, name);
    if (!isDeepStrictEqual(plain(found), value)) return `${name} should be ${inspect(value)}, and is ${inspect(found)}`;
  }
  return undefined;
}

/** `true` is at least one warning, `false` none at all. */
export function checkWarning(expected: boolean | null, { warnings }: Opened): string | undefined {
  if (expected === true && warnings.length === 0) return 'there should be a warning';
  if (expected === false && warnings.length > 0) return `there should be no warning: ${warnings.join('; ')}`;
  return undefined;
}

/** Without prototypes, which do not matter here. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
