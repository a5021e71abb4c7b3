// Whatever a user sends, the package makes of it what bson does.

import type { Document } from 'bson';
import { describe, expect, test } from 'vitest';

import { below, document as documentOf, nest, pick, randomFrom, reply, template } from '../decode/random';
import { bson, encode, expectAsBson, NoRoom } from './subject';

const DOCUMENTS = process.env['CI'] ? 30_000 : 3_000;
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

/** Some of the values that bytes are not read as. */
const OTHERS: readonly (() => unknown)[] = [
  () => undefined,
  () => () => 1,
  () => Symbol('s'),
  () => 12n,
  () => new Map<string, unknown>([['a', 1], ['b', new Map()]]),
  () => ({ toBSON: () => 'own' }),
  () => new Date(NaN),
  () => /a/gi,
  () => Buffer.from('bytes'),
  () => [undefined, () => 1, ...Array<number>(2), [1, [2]]],
  () => Object.create(null) as object,
  () => 'lone \ud800 surrogate '.repeat(4),
];

describe(`random documents, SEED=${seed}`, () => {
  const random = randomFrom(seed);
  const templates = Array.from({ length: 200 }, () => template(random));

  /** Read from random bytes, with promotions or without; some with values that no bytes stand for. */
  const make = (): Document => {
    const bytes = reply([pick(random, templates)(random)]);
    const document = bson.deserialize(bytes, { promoteValues: random() < 0.7, promoteLongs: random() < 0.5, validation: { utf8: false } });
    for (let count = below(random, 3); count > 0; count -= 1) document[`other${below(random, 9)}`] = pick(random, OTHERS)();
    return document;
  };

  test(`${DOCUMENTS} of them`, { timeout: 600_000 }, () => {
    for (let count = 0; count < DOCUMENTS; count += 1) expectAsBson(make());
  });

  test('where there is no room for one, nothing is said to have been written', { timeout: 600_000 }, () => {
    for (let count = 0; count < DOCUMENTS / 100; count += 1) {
      const document = make();
      const { length } = bson.serialize(document);
      const step = 1 + Math.floor(length / 50);
      for (let room = 0; room < length; room += step) expect(() => encode(Buffer.alloc(room), 0, document)).toThrow(NoRoom);
      expect(encode(Buffer.alloc(length), 0, document)).toBe(length);
    }
  });

  test('deep ones', () => {
    for (const depth of [1, 63, 64, 65, 200]) expectAsBson(bson.deserialize(nest(documentOf([]), depth, 0x03)));
  });
});
