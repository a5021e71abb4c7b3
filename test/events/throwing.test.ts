import { expect, it } from 'vitest';

import { runProgram } from '../support/child.js';
import { lanes } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

/** A program in which `listeners` are added to a pool that is then used. It prints JSON. */
const program = (lane: string, listeners: string): string => `
  const uncaught = [];
  let microtasks = 0;
  process.on('uncaughtException', (error) => uncaught.push(error.message));
  const heard = [];
  const pool = new ConnectionPool(${JSON.stringify(stub.current.address)}, { lane: ${JSON.stringify(lane)} });
  ${listeners}
  pool.ready();
  const connection = await pool.checkOut();
  const reply = await connection.command('admin', { ping: 1 });
  connection.checkIn();
  const closed = await pool.close();
  console.log(JSON.stringify({ heard, uncaught, ok: reply.ok, closed }));
`;

// In a process of its own: the test runner takes what nobody caught for a failure, as it should.
it.each(lanes)('a listener that throws neither stops the others nor is silenced (%s)', async (lane) => {
  const { code, stdout, stderr } = await runProgram(
    program(
      lane,
      `pool.on('connectionCheckedOut', () => { heard.push('first'); throw new Error('of the first'); });
       pool.on('connectionCheckedOut', () => { heard.push('second'); });
       pool.on('connectionCheckedIn', () => { throw new Error('of the check-in'); });
       pool.on('commandSucceeded', () => { throw new Error('of the command'); });
       pool.on('connectionPoolClosed', () => { heard.push('closed'); });`,
    ),
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    heard: ['first', 'second', 'closed'],
    uncaught: ['of the first', 'of the command', 'of the check-in'],
    ok: 1,
    closed: { drained: 0, interrupted: 0, rejected: 0 },
  });
});

it.each(lanes)('what a listener throws ends a process that catches nothing (%s)', async (lane) => {
  const { code, stdout, stderr } = await runProgram(`
    const pool = new ConnectionPool(${JSON.stringify(stub.current.address)}, { lane: ${JSON.stringify(lane)} });
    pool.on('connectionPoolReady', () => { throw new Error('nobody catches this'); });
    pool.ready();
    console.log('ready() itself does not throw');
    await pool.checkOut();
    console.log('not reached');
  `);
  expect(code).not.toBe(0);
  expect(stdout).toBe('ready() itself does not throw\n');
  expect(stderr).toContain('nobody catches this');
});
