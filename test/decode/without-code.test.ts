// Where code may not be generated from strings, closures build the same documents.

import { expect, test } from 'vitest';

import { runWithFlags } from './child';

test('documents are the same without compiled factories', async () => {
  const result = await runWithFlags(['--disallow-code-generation-from-strings'], `
    const { deepStrictEqual } = require('node:assert');
    const { native } = require('./dist/native.js');
    let described = 0;
    const { description } = native;
    native.description = (...numbers) => { described += 1; return description(...numbers); };
    let compiles = true;
    try { new Function(''); } catch { compiles = false; }
    const documents = Array.from({ length: 50 }, (_, number) => ({
      _id: number, ['__proto__']: 'own', 10: number / 3, name: number % 3 ? 'ö' : null, nested: { at: new Date(number), list: [1, 'two', [3]] },
    }));
    const decoder = newDecoder();
    for (let times = 0; times < 5; times += 1) {
      const bytes = reply(documents);
      slab.set(bytes);
      deepStrictEqual(decoder.decode(slab, 0, bytes.length), deserialize(bytes));
    }
    print({ compiles, described: described > 3 });
  `);
  expect(result).toEqual({ compiles: false, described: true });
});
