// Whatever a server sends, the package makes of it what bson does.

import { serialize } from 'bson';
import { describe, expect, test, vi } from 'vitest';

import { below, document, nest, randomFrom, reply, template, type Random, type Template } from './random';
import { native, Subject } from './subject';

const DOCUMENTS = process.env['CI'] ? 100_000 : 10_000;
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

describe(`random replies, SEED=${seed}`, () => {
  test(`${DOCUMENTS} documents, of shapes that repeat and of shapes that never do`, { timeout: 600_000 }, () => {
    const random = randomFrom(seed);
    const subject = new Subject();
    const described = vi.spyOn(native, 'description');
    let templates: Template[] = [];
    for (let documents = 0; documents < DOCUMENTS; ) {
      // Shapes come and go.
      if (random() < 0.02) templates = templates.slice(templates.length >> 1);
      if (templates.length < 5 || random() < 0.05) templates.push(template(random));
      const batch = Array.from({ length: 1 + below(random, 30) }, () => one(random, templates));
      documents += batch.length;
      const bytes = reply(batch);
      subject.expectAsBson(bytes);
      subject.expectAsBsonInParts(bytes);
    }
    // Not all of it was left to bson.
    expect(described.mock.calls.length).toBeGreaterThan(DOCUMENTS / 500);
    described.mockRestore();
  });

  test('bytes that were damaged, and what is missing its end', { timeout: 600_000 }, () => {
    const random = randomFrom(seed + 1);
    const subject = new Subject();
    const templates = Array.from({ length: 20 }, () => template(random));
    for (let count = 0; count < DOCUMENTS / 10; count += 1) {
      const bytes = reply(Array.from({ length: 1 + below(random, 5) }, () => one(random, templates)));
      subject.expectAsBson(bytes);
      const damaged = Buffer.from(bytes);
      for (let times = below(random, 3); times >= 0; times -= 1) damaged[4 + below(random, bytes.length - 4)] = below(random, 256);
      subject.expectAsBson(damaged);
      subject.expectAsBsonInParts(damaged);
      const cut = Buffer.from(bytes.subarray(0, 5 + below(random, bytes.length - 5)));
      cut.writeInt32LE(cut.length);
      cut[cut.length - 1] = 0;
      subject.expectAsBson(cut);
    }
  });
});

describe('replies at a limit', () => {
  const subject = new Subject();

  test.each([60, 64, 70, 2000])('%i levels of documents, and of arrays', (levels) => {
    for (const type of [0x03, 0x04] as const) {
      const deep = reply([nest(document([]), levels, type)]);
      for (let sight = 0; sight < 2 * 64; sight += 1) subject.expectAsBson(deep);
    }
  });

  test('a document that is larger than the tape', () => {
    const text = 'ab'.repeat(1 << 20);
    const bytes = Buffer.from(serialize({ cursor: { firstBatch: [{ a: 1 }, { text }, { text, a: [text] }, { a: 2 }], id: 0n }, ok: 1 }));
    for (let sight = 0; sight < 4; sight += 1) subject.expectAsBsonInParts(bytes);
    expect.assertions(0);
  });

  test('a reply far larger than the tape', () => {
    const random = randomFrom(7);
    const shape = template(random);
    for (const count of [10, 3_000, 40_000]) {
      const bytes = reply(Array.from({ length: count }, () => shape(random)));
      subject.expectAsBson(bytes);
      subject.expectAsBsonInParts(bytes);
    }
    expect.assertions(0);
  });
});

function one(random: Random, templates: readonly Template[]): Buffer {
  const known = templates[below(random, templates.length)] as Template;
  return (random() < 0.1 ? template(random) : known)(random);
}
