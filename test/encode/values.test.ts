// Single values and documents of which bson has an opinion of its own.

import { runInNewContext } from 'node:vm';

import type { Document } from 'bson';
import { describe, expect, it } from 'vitest';

import { bson, encode, expectAsBson, isPlain, SequenceWriter } from './subject';

class Point {
  constructor(readonly x: number, readonly y: number) {}
}
class Money {
  toBSON(): unknown {
    return { cents: 5 };
  }
}
const circular: Document = { a: [] };
(circular['a'] as unknown[]).push(circular);
const withHidden = Object.defineProperty({ shown: 1 }, 'hidden', { value: 2 });

describe('the encoder makes what bson makes of', () => {
  it.each<[string, unknown]>([
    ['integers at the limits', [2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53, 0, -0]],
    ['doubles', [0.5, NaN, Infinity, -Infinity, 5e-324, 1e300]],
    ['strings around the length that loops write', ['x'.repeat(48), 'x'.repeat(49), 'é'.repeat(48), `${'x'.repeat(47)}é`, '😀'.repeat(30), '', 'nul\0inside']],
    ['dates', [new Date(0), new Date(-1), new Date(8.64e15), new Date(-8.64e15), new Date(NaN), new Date(4294967296000)]],
    ['an instance of a class', new Point(1, 2)],
    ['an object that has a value for bson', new Money()],
    ['an array that has a value for bson', Object.assign([1], { toBSON: () => 'instead' })],
    ['a date that has a value for bson', Object.assign(new Date(), { toBSON: () => 7 })],
    ['an array of a class of its own', new (class Extended extends Array<number> {})(1, 2, 3)],
    ['arrays with holes', Object.assign(Array<unknown>(4), { 1: undefined, 3: null })],
    ['what another realm made', runInNewContext('({ a: [1, new Date(5), { b: /x/ }], c: new Uint8Array(3) })')],
    ['properties that are not enumerable', withHidden],
    ['properties under symbols', { [Symbol('s')]: 1, a: 1 }],
    ['inherited properties', Object.create({ inherited: 1 })],
    ['typed arrays', [new Uint8Array([1, 2]), Buffer.alloc(40, 1), new Uint8Array(0)]],
    ['a word of bson that is not of bson', { _bsontype: 'Nothing' }],
    ['a null word of bson', { _bsontype: null, a: 1 }],
    ['a value of another version', Object.assign(Object.create({ _bsontype: 'Int32' }), { value: 1 })],
    ['each type of bson', [new bson.Int32(1), new bson.Double(1), new bson.Long(1, 2), bson.Timestamp.fromBits(1, 2), new bson.ObjectId(), new bson.UUID(), new bson.Binary(Buffer.from('a'), 2), bson.Decimal128.fromString('1.5'), new bson.MinKey(), new bson.MaxKey(), new bson.Code('f()', { a: 1 }), new bson.BSONSymbol('s'), new bson.BSONRegExp('a', 'i'), new bson.DBRef('c', new bson.ObjectId())]],
    ['numbers and strings as objects', [Object(1), Object('a'), Object(true)]],
  ])('%s', (_name, value) => {
    expectAsBson({ before: 1, value, after: 'x' });
  });

  it('documents while all objects inherit a key', () => {
    const everywhere = Object.prototype as Record<string, unknown>;
    everywhere['everywhere'] = 1;
    try {
      expectAsBson({ own: 1, nested: { everywhere: 2 }, list: [{}] });
    } finally {
      delete everywhere['everywhere'];
    }
  });

  it.each<[string, Document]>([
    ['a key with a zero', { 'a\0b': 1 }],
    ['a nested key with a zero', { a: { '\0': 1 } }],
    ['keys that are not Latin', { é: 1, 日本: 2, '😀': 3, '\ud800': 4, ['long '.repeat(30)]: 5, '': 6 }],
    ['keys of commands', { $db: 1, $clusterTime: {}, 'a.b': 1, $x: 1 }],
    ['a key that is a prototype elsewhere', JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as Document],
    ['a circle', circular],
    ['numbers as keys, in their order', { b: 1, 2: 2, 1: 3, a: 4 }],
  ])('%s', (_name, document) => {
    expectAsBson(document);
  });

  it('an object whose getter is asked once', () => {
    let asked = 0;
    const document = {
      get value(): unknown {
        asked += 1;
        return 1n;
      },
    };
    encode(Buffer.alloc(100), 0, document);
    expect(asked).toBe(1);
  });
});

it.each([[[]], [new Map()], [new Date()], [new Uint8Array(5)], [new Point(1, 2)], [new bson.ObjectId()], [{ toBSON: () => ({}) }], [null], ['text']])('leaves bson what may be no document: %s', (document) => {
  expect(isPlain(document)).toBe(false);
});

it('leaves bson what it has to check keys of', () => {
  expect(isPlain({ a: 1 }, { checkKeys: true })).toBe(false);
});

/** OP_MSG, "Kind 1: Document Sequence". */
function section(name: string, documents: Uint8Array): Buffer {
  const head = Buffer.from(`\u0001\0\0\0\0${name}\0`);
  head.writeInt32LE(head.length - 1 + documents.length, 1);
  return Buffer.concat([head, documents]);
}

describe('a sequence', () => {
  it('has its documents one behind the other, also those that are bytes already, and grows', () => {
    const documents = [{ a: 1 }, bson.serialize({ b: 2 }), new Point(1, 2), { text: 'é'.repeat(3 << 20) }, { last: true }];
    const body = Buffer.concat(documents.map((document) => (document instanceof Uint8Array ? document : bson.serialize(document))));
    const sequence = { name: 'documents', documents };
    const writer = new SequenceWriter();
    for (let times = 0; times < 2; times += 1) expect(Buffer.compare(writer.write([sequence]) as Uint8Array, section('documents', body))).toBe(0);
  });

  it('is made room for, so that each document is written once', () => {
    let written = 0;
    const text = 'x'.repeat(100_000);
    const documents = Array.from({ length: 100 }, () => Object.defineProperty({}, 'text', { enumerable: true, get: () => (written++, text) }));
    const body = Buffer.concat(documents.map(() => bson.serialize({ text })));
    expect(Buffer.compare(new SequenceWriter().write([{ name: 'documents', documents }]) as Uint8Array, section('documents', body))).toBe(0);
    expect(written).toBe(documents.length);
  });

  it('follows another one, and may be empty', () => {
    const bytes = new SequenceWriter().write([{ name: 'ops', documents: [{ a: 1 }] }, { name: 'nsInfo', documents: [] }]) as Uint8Array;
    expect(Buffer.compare(bytes, Buffer.concat([section('ops', bson.serialize({ a: 1 })), section('nsInfo', Buffer.alloc(0))]))).toBe(0);
  });

  it('is given up where it may not be as long as it is, and tells the size of each document', () => {
    const documents = [{ a: 1 }, { a: 'text' }];
    const sizes = documents.map((document) => bson.serialize(document).length);
    const told: [number, number][] = [];
    const check = (...size: [number, number]): unknown => told.push(size);
    const [first, second] = sizes as [number, number];
    const writer = new SequenceWriter();
    expect(writer.write([{ name: 'documents', documents }], {}, { room: first + second, check })?.length).toBe(15 + first + second);
    expect(told).toEqual([[0, first], [1, second]]);
    expect(writer.write([{ name: 'documents', documents }], {}, { room: first + second - 1, check })).toBeUndefined();
  });
});
