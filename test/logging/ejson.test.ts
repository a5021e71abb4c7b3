import { createRequire } from 'node:module';
import { Binary, Code, Decimal128, Double, EJSON, Int32, Long, MaxKey, ObjectId, Timestamp, type Document } from 'bson';
import { describe, expect, it, vi } from 'vitest';

const { ejson } = createRequire(import.meta.url)('../../dist/logging/ejson.js') as { ejson: (document: unknown, most: number) => string };

describe('a document that is shown whole', () => {
  it.each<[string, Document]>([
    ['numbers', { a: 1, b: -1.5, c: 2 ** 40, d: NaN, e: -Infinity, f: 5n, g: new Int32(3), h: new Double(3.25), i: Long.MAX_VALUE }],
    ['BSON types', { a: new ObjectId(), b: new Timestamp({ t: 5, i: 6 }), c: new MaxKey(), d: Decimal128.fromString('1.5'), e: new Code('f') }],
    ['dates and expressions', { a: new Date(0), b: new Date(-1), c: /x"y/i }],
    ['texts', { a: 'say "so"\n', b: '🦊\u0000', 'a "key"': '' }],
    ['what is nested', { a: [], b: {}, c: [1, [null, { d: true }]], e: new Map([['f', 1]]), g: null, h: [undefined] }],
    ['binary', { a: new Binary(Buffer.from('some bytes'), 5) }],
  ])('is what bson writes: %s', (_name, document) => {
    expect(ejson(document, 0)).toBe(EJSON.stringify(document, { relaxed: true }));
  });

  it('has bytes as a binary value, as they are sent', () => {
    expect(ejson({ bytes: new Uint8Array([1, 2]) }, 0)).toBe('{"bytes":{"$binary":{"base64":"AQI=","subType":"00"}}}');
  });

  it('leaves out what is not sent', () => {
    expect(ejson({ a: undefined, b: () => 1, c: { toBSON: () => [1] } }, 0)).toBe('{"c":[1]}');
  });

  it('has errors as texts', () => {
    expect(ejson({ error: new TypeError('no') }, 0)).toBe('{"error":"TypeError: no"}');
  });

  it('says so if it cannot be shown', () => {
    const broken = { toBSON: () => { throw new Error('no'); } };
    expect(ejson(broken, 0)).toBe('Not to be shown as extended JSON: Error: no');
  });
});

describe('a document that is cut', () => {
  const document = { text: 'a🦊b"c\\'.repeat(3), list: [1, { x: 'y' }], bytes: new Binary(Buffer.alloc(50, 7)), id: new ObjectId(), last: true };
  const whole = EJSON.stringify(document, { relaxed: true });

  it('is the beginning of the whole, wherever it ends', () => {
    for (let most = 1; most < whole.length; most += 1) {
      // Of a pair of surrogates nothing is better than half.
      const end = whole.codePointAt(most - 1) !== whole.charCodeAt(most - 1) ? most - 1 : most;
      expect(ejson(document, most)).toBe(`${whole.slice(0, end)}...`);
      expect(ejson(document, most).replace(/[\ud800-\udbff][\udc00-\udfff]/g, "")).not.toMatch(/[\ud800-\udfff]/);
    }
    expect(ejson(document, whole.length)).toBe(whole);
  });

  it('is not read behind the end', () => {
    const read = vi.fn(() => 1);
    const far = Object.defineProperty({}, 'far', { get: read, enumerable: true });
    expect(ejson({ long: 'x'.repeat(100), far }, 50)).toHaveLength(53);
    expect(ejson([...'x'.repeat(100), far], 50)).toHaveLength(53);
    expect(read).not.toHaveBeenCalled();
  });

  it('is cheap, however large it is', () => {
    const large = { bytes: Buffer.alloc(64 << 20), text: 'x'.repeat(64 << 20) };
    const encode = vi.spyOn(Buffer.prototype, 'toString');
    expect(ejson(large, 1000)).toHaveLength(1003);
    expect(Math.max(0, ...encode.mock.results.map(({ value }) => String(value).length))).toBeLessThan(2000);
    encode.mockRestore();
  });
});
