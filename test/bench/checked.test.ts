// What a contender gives is looked at: one that answers wrongly ends the run.

import { describe, expect, it, vi } from 'vitest';

import { checked } from '../../bench/checked.mjs';
import { large, mixed } from '../../bench/documents.mjs';

const hundred = (make: (number: number) => object) => Array.from({ length: 100 }, (_, number) => make(number));

const right = {
  ping: async () => ({ ok: 1 }),
  findOne: async (id: number) => ({ _id: id }),
  find100: async () => hundred(large),
  find100Mixed: async () => hundred(mixed),
  insertOne: async () => true,
  insertMany: async (documents: object[]) => documents.length,
  updateOne: async () => 1,
  held: async () => ({ ping: async () => ({ ok: 1 }), checkIn: () => {} }),
};

const wrong: Record<string, object> = {
  ping: { ping: async () => ({ ok: 0 }) },
  'find-one': { findOne: async (id: number) => ({ _id: id + 1 }) },
  'find-100': { find100: async () => hundred(large).slice(1) },
  'find-100-mixed': { find100Mixed: async () => hundred(mixed).toReversed() },
  'insert-one': { insertOne: async () => false },
  'insert-many': { insertMany: async () => 99 },
  mixed: { updateOne: async () => 0 },
};

describe.each(Object.keys(wrong))('%s', (workload) => {
  const tenTimes = async (operations: object) => {
    const operation = checked(workload, operations);
    for (let left = 10; left > 0; left -= 1) await operation();
  };

  it('takes what is right', () => tenTimes(right));

  it('refuses what is wrong', () => expect(tenTimes({ ...right, ...wrong[workload] })).rejects.toThrow());
});

it('mixed is eight finds, an insert and an update in ten', async () => {
  const calls: string[] = [];
  const noting = (name: 'findOne' | 'insertOne' | 'updateOne') => (argument: never) => {
    calls.push(name);
    return right[name](argument);
  };
  const operations = { ...right, findOne: noting('findOne'), insertOne: noting('insertOne'), updateOne: noting('updateOne') };
  const operation = checked('mixed', operations);
  for (let left = 20; left > 0; left -= 1) await operation();

  const times = (name: string) => calls.filter((call) => call === name).length;
  expect([times('findOne'), times('insertOne'), times('updateOne')]).toEqual([16, 2, 2]);
});

it('a document is inserted once', async () => {
  const seen = new Set<object>();
  const insertMany = async (documents: object[]) => {
    for (const document of documents) {
      expect(document).not.toHaveProperty('_id');
      seen.add(document);
    }
    return documents.length;
  };
  const operation = checked('insert-many', { ...right, insertMany });
  await operation();
  await operation();
  expect(seen.size).toBe(200);
});

it('ids differ, and are the same for everybody; on the stub there is one', async () => {
  const asked = async (fixedId?: number) => {
    const ids: number[] = [];
    const findOne = async (id: number) => {
      ids.push(id);
      return { _id: id };
    };
    const operation = checked('find-one', { ...right, findOne }, fixedId);
    for (let left = 50; left > 0; left -= 1) await operation();
    return ids;
  };
  const ids = await asked();
  expect(new Set(ids).size).toBeGreaterThan(40);
  expect(Math.max(...ids)).toBeLessThan(10_000);
  expect(await asked()).toEqual(ids);
  expect(new Set(await asked(7))).toEqual(new Set([7]));
});

it('a wait is what the check-out took, not what it was used for', async () => {
  let now = 100;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  const held = async () => {
    now += 3;
    return {
      ping: async () => {
        now += 50;
      },
      checkIn: () => {},
    };
  };
  const operation = checked('check-out-wait', { ...right, held });
  expect(await operation()).toBe(3);
  expect(now).toBe(153);
  clock.mockRestore();
});

it('who has no check-outs has no waits', () => {
  expect(checked('check-out-wait', { ...right, held: undefined })).toBeUndefined();
});
