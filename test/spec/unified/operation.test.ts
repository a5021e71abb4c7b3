import { describe, expect, it } from 'vitest';
import { Entities } from './entities.mjs';
import { calling, iterated, RootDocuments, type Call } from './operation.mjs';
import type { Run } from './run.mjs';
import { TestError, Unsupported } from './unsupported.mjs';

const calls: unknown[] = [];
const collection = {
  find: (...given: unknown[]) => {
    calls.splice(0, Infinity, ...given);
    return { toArray: async () => [{ _id: 1 }] };
  },
};
const entities = new Entities();
entities.add('collection', 'collection0', collection);

const find: Call = { takes: ['filter', 'hint?'], options: ['limit'], gives: iterated };
const run = (given: object, call = find) => calling('collection', 'find', call)({ entities } as Run, 'collection0', given as Record<string, unknown>);

describe('an operation that calls the method of its name', () => {
  it('gives it its arguments in their order, then the options', async () => {
    expect(await run({ limit: 2, filter: { a: 1 } })).toEqual(new RootDocuments([{ _id: 1 }]));
    expect(calls).toEqual([{ a: 1 }, undefined, { limit: 2 }]);
  });

  it('refuses arguments that it does not know, and those that are missing', async () => {
    await expect(run({ filter: {}, colour: 'red' })).rejects.toThrow(new Unsupported('argument colour of find'));
    await expect(run({ limit: 2 })).rejects.toThrow(new TestError('find needs filter'));
  });

  it('is not supported where the product lacks the method', async () => {
    await expect(run({ filter: {} }, { ...find, method: 'seek' })).rejects.toThrow(new Unsupported('Object.seek'));
  });
});
