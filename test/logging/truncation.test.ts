// The prose tests of "Command Logging and Monitoring", by their numbers. The unit is the UTF-16 code unit.

import { describe, expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { LogBook } from '../support/logs.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const docs = Array.from({ length: 100 }, (_, _id) => ({ _id, x: 'y' }));

onBothLanes((lane) => {
  it('1. the limit is 1000 by default', async () => {
    const book = new LogBook();
    const options = { mongodbLogPath: book, mongodbLogComponentSeverities: { command: 'debug' } as const };
    const shop = openClient(stub.current.uri, { lane, ...options }).db('shop');
    await shop.command({ insert: 'orders', documents: docs });
    await shop.command({ find: 'orders', batchSize: 100 });
    const [insert, inserted, , found] = book.logs;
    expect(insert?.['command']).toHaveLength(1003);
    expect(String(inserted?.['reply']).length).toBeLessThanOrEqual(1003);
    expect(found?.['reply']).toHaveLength(1003);
    expect(found?.['reply']).toMatch(/\.\.\.$/);
  });

  it('2. the limit can be set', async () => {
    const book = new LogBook();
    const admin = openClient(stub.current.uri, { lane, ...book.options({ command: 'debug' }, 5) }).db('admin');
    await admin.command({ hello: true });
    await expect(admin.command({ notARealCommand: true })).rejects.toThrow();
    const [started, succeeded, , failed] = book.logs;
    expect(started?.['command']).toBe('{"hel...');
    expect(succeeded?.['reply']).toHaveLength(8);
    expect(failed?.['failure']).toMatchObject({ errorResponse: expect.stringMatching(/^.{5}\.\.\.$/) });
  });

  describe('3. a pair of surrogates is left out as a whole', () => {
    it.each([
      [12, '{"ping":"fox...'],
      [13, '{"ping":"fox...'],
      [14, '{"ping":"fox🦊...'],
    ])('at %i', async (most, expected) => {
      const book = new LogBook();
      const client = openClient(stub.current.uri, { lane, ...book.options({ command: 'debug' }, most) });
      await client.db('admin').command({ ping: 'fox🦊🦊' });
      expect(book.logs[0]?.['command']).toBe(expected);
    });
  });

  it('0 is no limit', async () => {
    const book = new LogBook();
    const shop = openClient(stub.current.uri, { lane, ...book.options({ command: 'debug' }, 0) }).db('shop');
    await shop.command({ insert: 'orders', documents: docs });
    expect(JSON.parse(book.logs[0]?.['command'] as string)).toMatchObject({ insert: 'orders', documents: docs, $db: 'shop' });
  });
});
