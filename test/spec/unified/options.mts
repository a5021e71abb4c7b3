// "Common Options": arguments of operations, and options of databases, collections and sessions, as the product takes them.

import type { Fields } from './file.mjs';
import type { Run } from './run.mjs';
import { TestError } from './unsupported.mjs';

type Convert = (value: unknown, run: Run) => Fields;

const converted: Readonly<Record<string, Convert>> = {
  session: (value, { entities }) => ({ session: entities.get('session', value).session }),
  readPreference: (value) => ({ readPreference: readPreference(value as Fields) }),
  cursorType: (value) => cursorType(String(value)),
  returnDocument: (value) => ({ returnDocument: returnDocument(String(value)) }),
  defaultTransactionOptions: (value, run) => ({ defaultTransactionOptions: optionsOf(run, value as Fields) }),
  // The name of a value that was saved.
  snapshotTime: (value, { entities }) => ({ snapshotTime: entities.value(String(value)) }),
};

/** The options that arguments are, by the product's names. */
export function optionsOf(run: Run, given: Fields): Fields {
  const each = Object.entries(given).map(([name, value]) => converted[name]?.(value, run) ?? { [name]: value });
  return Object.assign({}, ...each) as Fields;
}

/** Only the mode, where there is nothing else. */
function readPreference({ mode, tagSets, ...rest }: Fields): unknown {
  if (tagSets === undefined && Object.keys(rest).length === 0) return mode;
  return { mode, ...(tagSets !== undefined && { tags: tagSets }), ...rest };
}

function cursorType(type: string): Fields {
  const known: Readonly<Record<string, Fields>> = {
    nonTailable: {},
    tailable: { tailable: true },
    tailableAwait: { tailable: true, awaitData: true },
  };
  const options = known[type];
  if (!options) throw new TestError(`there is no type of cursor ${type}`);
  return options;
}

function returnDocument(when: string): string {
  const lowered = when.toLowerCase();
  if (!['before', 'after'].includes(lowered)) throw new TestError(`there is no returnDocument ${when}`);
  return lowered;
}
