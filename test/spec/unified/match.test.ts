import { Binary, Decimal128, Double, Int32, Long, MaxKey, ObjectId, Timestamp } from 'bson';
import { describe, expect, it } from 'vitest';
import { mismatch, type MatchContext, type Root } from './match.mjs';

const id = new ObjectId();
const context: MatchContext = {
  value: (name) => {
    if (name !== 'saved') throw new Error(`there is no entity ${name}`);
    return { $$type: 'objectId' };
  },
  lsid: (name) => ({ id: name }),
};

const match = (expected: unknown, actual: unknown, root: Root = 'none') => mismatch(expected, actual, context, 'x', root);

describe('matching in the unified test format', () => {
  it.each<[string, unknown, unknown]>([
    ['equal values', { a: 1, b: 'x', c: true, d: null }, { d: null, c: true, b: 'x', a: 1 }],
    ['numbers of any type by their value', [1, 2, 3, 4], [new Int32(1), Long.fromNumber(2), new Double(3), 4n]],
    ['large numbers', Long.fromString('9007199254740993'), 9007199254740993n],
    ['values of BSON', [id, new Timestamp({ t: 1, i: 2 })], [new ObjectId(id.toHexString()), new Timestamp({ t: 1, i: 2 })]],
    ['dates', new Date(7), new Date(7)],
    ['a field that is undefined, which is none', {}, { a: undefined }],
  ])('accepts %s', (_, expected, actual) => {
    expect(match(expected, actual)).toBeUndefined();
  });

  it.each<[string, unknown, unknown, string]>([
    ['another value', { a: 1 }, { a: 2 }, 'x.a should be 1, is 2'],
    ['a missing field', { a: { b: 1 } }, { a: {} }, 'x.a.b should exist'],
    ['an inherited field', { constructor: { $$exists: true } }, {}, 'x.constructor should exist'],
    ['an extra field', {}, { a: 1 }, 'x.a should not exist, is 1'],
    ['a text for a number', [1], ['1'], "x[0] should be 1, is '1'"],
    ['a decimal for a number', 1, Decimal128.fromString('1'), 'x should be 1, is '],
    ['neighbours that are one as doubles', Long.fromString('9007199254740993'), 9007199254740992n, 'x should be '],
    ['an array for a document', {}, [], 'x should be a document, is []'],
    ['a value of BSON for a document', {}, id, 'x should be a document, is '],
    ['a document for an array', [], {}, 'x should be an array, is {}'],
    ['a shorter array', [1, 2], [1], 'x should have 2 elements, has 1'],
    ['a longer array', [1], [1, 2], 'x should have 1 elements, has 2'],
    ['null for a document', {}, null, 'x should be a document, is null'],
    ['null where nothing is', null, undefined, 'x should be null, is undefined'],
    ['another id', id, new ObjectId(), 'x should be '],
  ])('refuses %s, and says where', (_, expected, actual, message) => {
    expect(match(expected, actual)).toContain(message);
  });

  it('allows extra fields in a root document, and in none below it', () => {
    expect(match({ a: 1 }, { a: 1, b: 2 }, 'document')).toBeUndefined();
    expect(match({ a: {} }, { a: { b: 2 } }, 'document')).toBe('x.a.b should not exist, is 2');
    expect(match([{}], [{ a: 1 }], 'document')).toBe('x[0].a should not exist, is 1');
    expect(match([{}], [{ a: 1 }], 'elements')).toBeUndefined();
    expect(match([{ a: {} }], [{ a: { b: 1 } }], 'elements')).toBe('x[0].a.b should not exist, is 1');
  });
});

describe('an operator', () => {
  it.each<[string, unknown, unknown]>([
    ['$$exists', { a: { $$exists: true }, b: { $$exists: false } }, { a: null }],
    ['$$type', { a: { $$type: 'string' }, b: { $$type: ['int', 'long'] } }, { a: '', b: 7 }],
    ['$$type with classes', [{ $$type: 'long' }, { $$type: 'binData' }, { $$type: 'maxKey' }], [Long.fromNumber(1), new Binary(), new MaxKey()]],
    ['$$type with a date and an array', [{ $$type: 'date' }, { $$type: 'array' }], [new Date(), [1]]],
    ['$$type number', [{ $$type: 'number' }, { $$type: 'number' }], [1.5, Decimal128.fromString('1')]],
    ['$$unsetOrMatches of what is there', { a: { $$unsetOrMatches: { $$type: 'int' } } }, { a: 1 }],
    ['$$unsetOrMatches of what is not', { a: { $$unsetOrMatches: 2 } }, {}],
    ['$$matchesEntity', { a: { $$matchesEntity: 'saved' } }, { a: id }],
    ['$$sessionLsid', { lsid: { $$sessionLsid: 'session0' } }, { lsid: { id: 'session0' } }],
    ['$$matchesHexBytes', { $$matchesHexBytes: '12AB' }, '12ab'],
    ['$$matchesHexBytes with bytes', { $$matchesHexBytes: '12ab' }, Buffer.from('12ab', 'hex')],
    ['$$lte', [{ $$lte: 5 }, { $$lte: 5 }], [5, Long.fromNumber(-1)]],
    ['$$matchAsDocument', { $$matchAsDocument: { a: 1 } }, '{ "a": { "$numberLong": "1" } }'],
    ['$$matchAsRoot', { a: { $$matchAsRoot: { b: 1 } } }, { a: { b: 1, c: 2 } }],
    ['$$matchAsRoot within $$matchAsDocument', { $$matchAsDocument: { $$matchAsRoot: { a: 1 } } }, '{ "a": 1, "b": 2 }'],
    ['with one $, which is none', { $set: { a: 1 } }, { $set: { a: 1 } }],
  ])('accepts: %s', (_, expected, actual) => {
    expect(match(expected, actual)).toBeUndefined();
  });

  it.each<[string, unknown, unknown, string]>([
    ['$$exists: true', { a: { $$exists: true } }, {}, 'x.a should exist'],
    ['$$exists: false', { a: { $$exists: false } }, { a: null }, 'x.a should not exist, is null'],
    ['$$type', { a: { $$type: ['int', 'long'] } }, { a: 1.5 }, 'x.a should be of type int or long, is 1.5'],
    ['$$type of an int too large', { $$type: 'int' }, 2147483648, 'x should be of type int'],
    ['$$type of what is not there', { a: { $$type: 'string' } }, {}, 'x.a should be of type string, is undefined'],
    ['$$unsetOrMatches', { a: { $$unsetOrMatches: 2 } }, { a: 3 }, 'x.a should be 2, is 3'],
    ['$$unsetOrMatches of null', { a: { $$unsetOrMatches: 2 } }, { a: null }, 'x.a should be 2, is null'],
    ['$$matchesEntity', { $$matchesEntity: 'saved' }, 'x', 'x should be of type objectId'],
    ['$$sessionLsid', { lsid: { $$sessionLsid: 'session0' } }, { lsid: { id: 'other' } }, "x.lsid.id should be 'session0', is 'other'"],
    ['$$matchesHexBytes', { $$matchesHexBytes: '12ab' }, '12', 'x should be the bytes 12ab'],
    ['$$lte', { $$lte: 1 }, 1.1, 'x should be at most 1, is 1.1'],
    ['$$lte of a text', { $$lte: 1 }, '0', "x should be at most 1, is '0'"],
    ['$$matchAsDocument, with an extra field', { $$matchAsDocument: { a: 1 } }, '{ "a": 1, "b": 2 }', 'x.b should not exist, is 2'],
    ['$$matchAsDocument of no document', { $$matchAsDocument: {} }, '[', 'x should be the text of a document'],
  ])('refuses: %s', (_, expected, actual, message) => {
    expect(match(expected, actual)).toContain(message);
  });

  it('keeps what its place allows', () => {
    expect(match({ $$unsetOrMatches: { a: 1 } }, { a: 1, b: 2 }, 'document')).toBeUndefined();
    expect(match({ $$unsetOrMatches: { a: 1 } }, { a: 1, b: 2 })).toBe('x.b should not exist, is 2');
  });

  it.each<[string, unknown]>([
    ['no operator', { $$like: 1 }],
    ['no type', { $$type: 'integer' }],
    ['no entity', { $$matchesEntity: 'nobody' }],
    ['an odd number of digits', { $$matchesHexBytes: 'abc' }],
    ['no number', { $$lte: 'x' }],
    ['no boolean', { $$exists: 1 }],
  ])('is an error of the test where there is %s', (_, expected) => {
    expect(() => match(expected, 'ab')).toThrow();
  });
});
