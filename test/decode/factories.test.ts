// How many factories documents make: few, whatever their values are, and none where keys are data.

import { serialize, type Document } from 'bson';
import { expect, test, vi } from 'vitest';

import { randomFrom } from './random';
import { native, Subject } from './subject';

test('fields that are at random null or text, an integer or a double make at most two', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = randomFrom(seed);
    const varying = () =>
      Object.fromEntries(
        Array.from({ length: 14 }, (_, field) => {
          const first = random() < 0.5;
          return [`field${field}`, field % 2 ? (first ? null : 'some text') : first ? 1 : 1.5];
        }),
      );
    expect(factories(Array.from({ length: 100 }, varying))).toBeLessThanOrEqual(2);
  }
});

test('a kind that is seen late makes one more, and none after that', () => {
  const early = Array.from({ length: 50 }, (_, number) => ({ number, at: null, name: 'n', size: 1 }));
  const late = Array.from({ length: 50 }, (_, number) => ({ number, at: new Date(number), name: null, size: number / 2 }));
  expect(factories(early)).toBe(1);
  expect(factories([...early, ...late, ...early])).toBe(2);
});

test('documents alike make one, nested ones one each', () => {
  expect(factories(Array.from({ length: 10 }, (_, number) => ({ _id: number, tags: ['a'] })))).toBe(1);
  expect(factories(Array.from({ length: 10 }, (_, number) => ({ _id: number, at: { x: 1, y: { z: 2 } } })))).toBe(3);
});

test('keys that are data make none', () => {
  expect(factories(Array.from({ length: 1000 }, (_, number) => ({ [`user${number}`]: 1, [`order${number}`]: 2 })))).toBe(0);
});

test('more shapes than are kept are decoded all the same', () => {
  const subject = new Subject();
  for (let round = 0; round < 4; round += 1) {
    for (let shape = 0; shape < 2000; shape += 100) {
      subject.expectAsBson(reply(Array.from({ length: 100 }, (_, index) => ({ [`key${shape + index}`]: index }))));
    }
  }
});

/** Factories that a batch makes, beside those of the reply around it. */
function factories(documents: Document[]): number {
  const describe = vi.spyOn(native, 'description');
  try {
    const subject = new Subject();
    for (let times = 0; times < 2; times += 1) subject.expectAsBson(reply([]));
    const before = describe.mock.calls.length;
    for (let times = 0; times < 2; times += 1) subject.expectAsBson(reply(documents));
    return describe.mock.calls.length - before;
  } finally {
    describe.mockRestore();
  }
}

function reply(documents: Document[]): Uint8Array {
  return serialize({ cursor: { firstBatch: documents, id: 0n, ns: 'shop.orders' }, ok: 1 });
}
