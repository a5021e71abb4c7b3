import { describe, expect, it } from 'vitest';
import { mismatch } from './match.mjs';

describe('MATCH of the cmap format', () => {
  it.each([
    ['equal values', { a: 1, b: 'x', c: true, d: null }, { a: 1, b: 'x', c: true, d: null }],
    ['a subset of the fields', { a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }],
    ['42 for anything that is there', { a: 42, b: '42', c: 42, d: 42 }, { a: 'x', b: 7, c: false, d: {} }],
    ['42 for 42', 42, 42],
    ['0, false and an empty text, which are there', [42, 42, 42], [0, false, '']],
    ['the first elements of an array', [1, { a: 42 }], [1, { a: 2 }, 3]],
    ['an empty object, by any object', {}, { a: 1 }],
  ])('accepts %s', (_, expected, actual) => {
    expect(mismatch(expected, actual, 'x')).toBeUndefined();
  });

  it.each([
    ['another value', { a: 1 }, { a: 2 }, 'x.a should be 1, is 2'],
    ['a missing field', { a: { b: 1 } }, { a: {} }, 'x.a.b should be 1 (number), is undefined (undefined)'],
    ['a missing field where 42 stands', { a: 42 }, {}, 'x.a should exist'],
    ['null where "42" stands', { a: '42' }, { a: null }, 'x.a should exist'],
    ['a text for a number', [1], ['1'], "x[0] should be 1 (number), is '1' (string)"],
    ['an object for an array', [], {}, 'x should be [] (array), is {} (object)'],
    ['an array for an object', {}, [], 'x should be {} (object), is [] (array)'],
    ['null for an object', {}, null, 'x should be {} (object), is null (null)'],
    ['a shorter array', [1, 2], [1], 'x[1] should be 2 (number), is undefined (undefined)'],
    ['the same elements in another order', [1, 2], [2, 1], 'x[0] should be 1, is 2'],
    ['43, which is no placeholder', 43, 1, 'x should be 43, is 1'],
  ])('refuses %s, and says where', (_, expected, actual, message) => {
    expect(mismatch(expected, actual, 'x')).toBe(message);
  });
});
