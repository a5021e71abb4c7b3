// Several clients at once: in one thread, in several threads, in a process and its children. None is another's business.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import { describe, expect, test, vi } from 'vitest';

import { runProgram } from '../support/child';
import { EventLog } from '../support/events';
import { lanes, onBothLanes, openClient } from '../support/lanes';
import { useStub } from '../support/stub';

const numbers = Array.from({ length: 200 }, (_, number) => number);

describe('clients side by side', () => {
  const stub = useStub();

  test('two in one thread, one on each lane: each has its own connections, events and end', async () => {
    const clients = lanes.map((lane) => openClient(stub.current.uri, { lane, maxPoolSize: 5, appName: lane }));
    const logs = clients.map((client) => new EventLog(client));
    const replies = await Promise.all(
      clients.map((client, at) => Promise.all(numbers.map((number) => client.db('t').command({ echo: `${at} ${number}` })))),
    );
    for (const [at, all] of replies.entries()) {
      expect(all.map(({ echo }) => echo as string)).toEqual(numbers.map((number) => `${at} ${number}`));
    }
    expect(logs.map((log) => log.of('connectionCheckedOut').length)).toEqual([numbers.length, numbers.length]);

    await clients[0]?.close();
    expect(logs.map((log) => log.of('connectionPoolClosed').length)).toEqual([1, 0]);
    expect(await clients[1]?.db('t').command({ echo: 'still here' })).toMatchObject({ echo: 'still here' });
    await vi.waitFor(async () => expect((await stub.current.status()).connectionsByAppName).not.toHaveProperty('event-loop'));
  });

  onBothLanes((lane) => {
    test('two in one thread that share a lane: one that is cleared, full or closed disturbs nobody', async () => {
      const [full, free] = [{ maxPoolSize: 1 }, {}].map((options) => openClient(stub.current.uri, { lane, ...options }));
      const holder = await full?.checkOut();
      const waiting = full?.db('t').command({ echo: 'waited' });
      const replies = await Promise.all(numbers.map((number) => free?.db('t').command({ echo: number })));
      expect(replies.map((reply) => reply?.['echo'])).toEqual(numbers);
      await free?.close();
      holder?.checkIn();

      expect(await waiting).toMatchObject({ echo: 'waited' });
    });

    test('one in each of several threads, under load, beside the main thread', async () => {
      const ended = await runProgram(`
        import { once } from 'node:events';
        import { Worker } from 'node:worker_threads';
        const load = \`
          const { MongoClient } = require('ferropool');
          module.exports = async (appName, commands) => {
            const client = new MongoClient('${stub.current.uri}', { lane: '${lane}', maxPoolSize: 4, appName });
            const echo = async (number) => (await client.db('t').command({ echo: appName + number })).echo === appName + number;
            const right = await Promise.all(Array.from({ length: commands }, (_, number) => echo(number)));
            await client.close();
            return right.filter(Boolean).length;
          };
          if (!require('node:worker_threads').isMainThread) {
            const { parentPort, workerData } = require('node:worker_threads');
            module.exports(workerData, 2000).then((right) => parentPort.postMessage(right));
          }\`;
        const workers = ['a', 'b', 'c', 'd', 'e'].map((workerData) => new Worker(load, { eval: true, workerData, execArgv: [] }));
        const ended = workers.map((worker) => once(worker, 'exit'));
        const own = { exports: {} };
        const { createRequire } = await import('node:module');
        new Function('module', 'require', load)(own, createRequire(process.cwd() + '/'));
        const right = await Promise.all([own.exports('main', 2000), ...workers.map(async (worker) => (await once(worker, 'message'))[0])]);
        const codes = (await Promise.all(ended)).flat();
        console.log(JSON.stringify({ right, codes }));`);

      expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
      expect(JSON.parse(ended.stdout)).toEqual({ right: [2000, 2000, 2000, 2000, 2000, 2000], codes: [0, 0, 0, 0, 0] });
      await vi.waitFor(async () => expect((await stub.current.status()).open).toBe(0));
    });

    test('a process that is forked has its own client, and holds none of its parent’s sockets', async () => {
      const client = openClient(stub.current.uri, { lane, appName: 'parent' });
      await client.db('t').command({ echo: 1 });
      const child = fork(path.join(import.meta.dirname, 'child.mjs'), { execArgv: [], env: { ...process.env, URI: stub.current.uri, LANE: lane } });
      const [[echoed], mine] = await Promise.all([once(child, 'message'), client.db('t').command({ echo: 'mine' })]);
      expect(echoed).toBe('child');
      expect(mine).toMatchObject({ echo: 'mine' });
      expect(client.pools()[0]).toMatchObject({ connectionsCreated: 1, connectionsClosed: { error: 0 } });

      // A socket that the child had inherited would stay open when its parent closes it.
      await client.close();
      await vi.waitFor(async () => {
        const { connectionsByAppName } = await stub.current.status();
        expect(Object.keys(connectionsByAppName)).toEqual(['child']);
      });
      const ended = once(child, 'exit');
      child.send('end');
      expect(await ended).toEqual([0, null]);
    });
  });
});
