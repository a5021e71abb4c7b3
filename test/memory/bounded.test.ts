// What a client has used it gives back: memory by the operating system's count, and everything else by its own. Each program is
// rehearsed with a tenth, for what a process keeps anyway: V8 makes room step by step. CI has the full numbers, others a tenth again.

import { expect, test } from 'vitest';

import { runProgram } from '../support/child.js';
import { lanes } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const share = process.env['CI'] ? 1 : 10;

interface Measured {
  before: number;
  after: number;
  pool: Record<string, unknown>;
  /** Sessions that commands had, and that were ended at the close. */
  sessions: { used: number; ended: number };
}

/** Runs `act(client, count)` in a process of its own, which ends by itself: nothing is in flight any more. */
async function measure(lane: string, count: number, act: string): Promise<Measured> {
  const program = `
    const client = new MongoClient(${JSON.stringify(stub.current.uri)}, { lane: ${JSON.stringify(lane)}, maxPoolSize: 10 });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const settle = async () => {
      for (let times = 0; times < 10; times += 1) { globalThis.gc(); await turn(); }
      while (client.pools()[0].inUseConnectionCount > 0) await turn();
    };
    const used = new Set();
    const ended = [];
    const hear = ({ command, commandName }) => {
      if (commandName === 'endSessions') ended.push(...command.endSessions);
      else if (command.lsid) used.add(command.lsid.id.toString('hex'));
    };
    ${act}
    for (let times = 0; times < 3; times += 1) { await act(client, ${count / 10}); await settle(); }
    const before = process.memoryUsage.rss();
    await act(client, ${count / share});
    await settle();
    const after = process.memoryUsage.rss();
    const [pool] = client.pools();
    client.on('commandStarted', hear);
    await act(client, ${count / 100});
    await settle();
    await client.close();
    const known = ended.map(({ id }) => id.toString('hex'));
    console.log(JSON.stringify({ before, after, pool, sessions: { used: used.size, ended: known.filter((id) => used.has(id)).length } }));
  `;
  const { code, stdout, stderr } = await runProgram(program, { limitMS: 280_000, env: { NODE_OPTIONS: '--expose-gc' } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Measured;
}

/** `most` is what may be in memory afterwards, as a share of what was there before. */
const programs: [what: string, count: number, act: string, most?: number][] = [
  [
    'documents of 1,000,000 shapes',
    1_000_000,
    `let shapes = 0;
     const act = async (client, count) => {
       for (let done = 0; done < count; done += 1000) {
         const echo = Array.from({ length: 1000 }, () => ({ ['a' + ++shapes]: 1, ['b' + shapes]: 'text', c: { ['d' + shapes]: null } }));
         const reply = await client.db('db').command({ echo });
         if (reply.echo.length !== 1000) throw new Error('an echo');
       }
     };`,
  ],
  [
    '10,000 cursors that were forgotten half-way',
    10_000,
    `await client.db('db').collection('c').insertMany(Array.from({ length: 20 }, (_, a) => ({ a })));
     const open = async (client) => void (await client.db('db').collection('c').find({}, { batchSize: 5 }).next());
     const act = async (client, count) => {
       for (let done = 0; done < count; done += 100) {
         await Promise.all(Array.from({ length: 100 }, () => open(client)));
         // What nobody has any more is told to whoever waits for it.
         globalThis.gc();
         await turn();
       }
     };`,
  ],
  [
    '100,000 commands of 4 KB that were listened to',
    100_000,
    `for (const name of ['connectionCheckOutStarted', 'connectionCheckedOut', 'connectionCheckedIn', 'commandStarted', 'commandSucceeded']) client.on(name, () => {});
     const comment = 'x'.repeat(4096);
     const act = async (client, count) => {
       for (let done = 0; done < count; done += 100) {
         await Promise.all(Array.from({ length: 100 }, () => client.db('db').command({ ping: 1, comment })));
       }
     };`,
    // Of 400 MB some 10 stay with the allocator, as many after four times the commands.
    1.3,
  ],
  [
    '100,000 operations that were aborted',
    100_000,
    `const act = async (client, count) => {
       for (let done = 0; done < count; done += 100) {
         const operations = Array.from({ length: 100 }, async () => {
           const controller = new AbortController();
           const operation = client.db('db').command({ echo: 1 }, { signal: controller.signal });
           controller.abort();
           await operation.then(() => { throw new Error('it was served'); }, (error) => { if (error.name !== 'AbortError') throw error; });
         });
         await Promise.all(operations);
         await client.db('db').command({ ping: 1 });
       }
     };`,
  ],
];

test.each(lanes.flatMap((lane) => programs.map(([what, count, act, most = 1.1]) => [lane, what, count, act, most] as const)))(
  'on the %s lane %s leave memory, connections, sessions and slots as they were',
  { timeout: 300_000 },
  async (lane, _what, count, act, most) => {
    const { before, after, pool, sessions } = await measure(lane, count, act);
    expect(after).toBeLessThan(before * most);
    expect(pool).toMatchObject({ inUseConnectionCount: 0, pendingConnectionCount: 0, waitQueueSize: 0 });
    expect(pool['totalConnectionCount']).toBeLessThanOrEqual(10);
    expect(sessions.used).toBeGreaterThan(0);
    expect(sessions.ended).toBe(sessions.used);
  },
);
