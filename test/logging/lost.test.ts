import { createRequire } from 'node:module';
import type { Log, MongoDBLogWritable } from 'ferropool';
import { expect, it, vi } from 'vitest';

const { Sink } = createRequire(import.meta.url)('../../dist/logging/sink.js') as {
  Sink: new (path: MongoDBLogWritable, failed: () => void) => { write: (log: Log) => void };
};

it('messages that find too many waiting are lost, and their number is logged', async () => {
  const logs: Log[] = [];
  let release = (): void => {};
  const first = new Promise<void>((resolve) => (release = resolve));
  const sink = new Sink({ write: (log) => (logs.push(log) === 1 ? first : undefined) }, () => {});
  const log: Log = { t: new Date(), c: 'command', s: 'debug' };
  for (let count = 0; count < 65_536 + 10; count += 1) sink.write(log);
  release();
  await vi.waitFor(() => expect(logs.length).toBeGreaterThan(1));
  expect(logs).toHaveLength(65_536 + 2);
  expect(logs.at(-1)).toMatchObject({ c: 'client', s: 'warn', lost: 9 });
});
