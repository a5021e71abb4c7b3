import { describe, expect, it } from 'vitest';
import { Entities } from './entities.mjs';
import { optionsOf } from './options.mjs';
import type { Run } from './run.mjs';
import { TestError } from './unsupported.mjs';

const session = { id: 7 };
const entities = new Entities();
entities.add('session', 'session0', { client: {} as never, session, lsid: { id: 1 } });
entities.add('value', 'time', 42);

const options = (given: object) => optionsOf({ entities } as Run, given as Record<string, unknown>);

describe('options', () => {
  it.each<[string, object, object]>([
    ['keep what is the same for the product', { limit: 1, comment: { a: 1 } }, { limit: 1, comment: { a: 1 } }],
    ['have sessions for their names', { session: 'session0' }, { session }],
    ['have the value of a snapshot time', { snapshot: true, snapshotTime: 'time' }, { snapshot: true, snapshotTime: 42 }],
    ['have only the mode of a read preference without more', { readPreference: { mode: 'secondary' } }, { readPreference: 'secondary' }],
    [
      'have the tag sets of a read preference',
      { readPreference: { mode: 'nearest', tagSets: [{ a: 'b' }], maxStalenessSeconds: 90 } },
      { readPreference: { mode: 'nearest', tags: [{ a: 'b' }], maxStalenessSeconds: 90 } },
    ],
    ['have the flags of a type of cursor', { cursorType: 'tailableAwait' }, { tailable: true, awaitData: true }],
    ['have no flag for the usual type', { cursorType: 'nonTailable' }, {}],
    ['have returnDocument in lower case', { returnDocument: 'After' }, { returnDocument: 'after' }],
    ['are converted inside of others', { defaultTransactionOptions: { readPreference: { mode: 'primary' } } }, { defaultTransactionOptions: { readPreference: 'primary' } }],
  ])('%s', (_, given, expected) => {
    expect(options(given)).toEqual(expected);
  });

  it.each([{ cursorType: 'circular' }, { returnDocument: 'never' }, { session: 'session1' }, { session: 'time' }])('are an error of the test: %j', (given) => {
    expect(() => options(given)).toThrow(TestError);
  });
});
