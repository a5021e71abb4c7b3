import { expect, it } from 'vitest';

import { runProgram } from '../support/child.js';
import { lanes } from '../support/lanes.js';

it.each(lanes)('a panic of the core becomes an error, and the process goes on (%s)', async (lane) => {
  // The surface never asks for more bytes than the send buffer has: only a bug could, and a bug may panic.
  const outcome = await runProgram(`
    import { createRequire } from 'node:module';
    const { native } = createRequire(process.cwd() + '/')('./dist/native.js');
    const pool = new ConnectionPool('127.0.0.1:1', { lane: '${lane}' });
    const database = native.internDatabase(pool.lane.number, 'test');
    try {
      native.command(pool.lane.number, pool.id, database, 0, 0x7fffffff, 0, -1, -1);
    } catch (error) {
      console.log('caught', error instanceof Error);
    }
    console.log(JSON.stringify(await pool.close()));
  `);
  expect(outcome).toMatchObject({ code: 0, signal: null });
  expect(outcome.stdout).toBe('caught true\n{"drained":0,"interrupted":0,"rejected":0}\n');
  expect(outcome.stderr).toContain('panicked at');
});
