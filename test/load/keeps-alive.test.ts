// A process goes on until the last of its promises is settled, and no longer.

import { expect, test } from 'vitest';

import { runProgram } from '../support/child';
import { onBothLanes } from '../support/lanes';
import { useStub } from '../support/stub';

const stub = useStub();

onBothLanes((lane) => {
  test('a process does not end while replies are on their way to it', async () => {
    // Several at once: a turn that hands one reply over may overlap with the arrival of the last one.
    const { code, signal, stderr, stdout } = await runProgram(
      `const client = new MongoClient('${stub.current.uri}', { lane: '${lane}' });
       const ping = () => client.db('t').command({ ping: 1 });
       for (let round = 0; round < 10_000; round += 1) await Promise.all([ping(), ping(), ping()]);
       console.log('all settled');`,
      { limitMS: 25_000 },
    );

    expect({ code, signal, stderr, stdout }).toEqual({ code: 0, signal: null, stderr: '', stdout: 'all settled\n' });
  });
});
