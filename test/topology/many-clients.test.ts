import { describe, expect, it } from 'vitest';

import { runProgram } from '../support/child.js';
import { onBothLanes } from '../support/lanes.js';
import { describeWithMongod, useReplicaSet } from '../support/mongod.js';

// Linux tells how many threads a process has.
describe.skipIf(process.platform !== 'linux')('clients of the same replica set in one process', () => {
  describeWithMongod('', () => {
    const replicaSet = useReplicaSet();

    onBothLanes((lane) => {
      it.each([2, 50])('%i of them have no thread more than one, close, and let the process end', async (count) => {
        const ended = await runProgram(
          `import { readFileSync } from 'node:fs';
          const threads = () => Number(/^Threads:\\s*(\\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
          const modes = ['primary', 'secondary', 'nearest'];
          const use = async () => {
            const client = new MongoClient(${JSON.stringify(replicaSet.current.uri)}, { lane: '${lane}', localThresholdMS: 10000 });
            const commands = [1, 2, 3].flatMap(() => modes.map((readPreference) => client.db('admin').command({ ping: 1 }, { readPreference })));
            for (const { ok } of await Promise.all(commands)) if (ok !== 1) throw new Error('not ok');
            return client;
          };
          const clients = [await use()];
          const withOne = threads();
          clients.push(...(await Promise.all(Array.from({ length: ${count - 1} }, use))));
          const withAll = threads();
          const pools = clients.flatMap((client) => client.pools()).length;
          const closed = await Promise.all(clients.map((client) => client.close()));
          const states = clients.flatMap((client) => client.pools()).map(({ state, totalConnectionCount }) => state + totalConnectionCount);
          console.log(JSON.stringify({ more: withAll - withOne, pools, interrupted: closed.filter(({ interrupted }) => interrupted > 0).length, states: [...new Set(states)] }));`,
          { limitMS: 25_000 },
        );
        const stdout = `{"more":0,"pools":${3 * count},"interrupted":0,"states":["closed0"]}\n`;
        expect(ended).toEqual({ code: 0, signal: null, stderr: '', stdout });
      });

      it('and where nobody closes them', async () => {
        const ended = await runProgram(
          `const clients = Array.from({ length: 10 }, () => new MongoClient(${JSON.stringify(replicaSet.current.uri)}, { lane: '${lane}', minPoolSize: 2 }));
          await Promise.all(clients.map((client) => client.db('admin').command({ ping: 1 }, { readPreference: 'nearest' })));
          console.log('done');`,
        );
        expect(ended).toEqual({ code: 0, signal: null, stderr: '', stdout: 'done\n' });
      });
    });
  });
});
