import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { buildProbe } from '../../scripts/native-addon.mjs';
import { root } from '../../scripts/process.mjs';
import { startStub } from '../../scripts/stub.mjs';

let probe: string;
let stub: Awaited<ReturnType<typeof startStub>>;

beforeAll(async () => {
  stub = await startStub();
  probe = await buildProbe();
});

afterAll(() => stub.stop());

// In a process of its own, where nothing else opens handles. The first client may open what the module keeps.
const program = (uri: string): string => `
  const { handles } = require(${JSON.stringify(probe)});
  const { MongoClient } = require('ferropool');
  const use = async () => {
    const client = new MongoClient(${JSON.stringify(uri)});
    await client.db('t').command({ ping: 1 });
    await client.close();
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve, 50));
  (async () => {
    await use();
    await settled();
    const before = handles();
    for (let index = 0; index < 20; index += 1) await use();
    await settled();
    const after = handles();
    console.log(JSON.stringify({ before, after }));
  })();
`;

it('clients that come and go leave no handle in the event loop', () => {
  const options = { cwd: root, encoding: 'utf8', timeout: 20_000 } as const;
  const output = execFileSync(process.execPath, ['-e', program(stub.uri)], options);
  const { before, after } = JSON.parse(output) as Record<'before' | 'after', Record<string, number>>;
  // The kinds that the addon may open; Node.js itself opens a timer when its engine wants one.
  for (const kind of ['poll', 'async', 'prepare', 'check']) expect(after[kind], kind).toEqual(before[kind]);
});

it('Node-API is as new as the addon asks for', () => {
  const { nodeApiVersion } = createRequire(import.meta.url)(probe) as { nodeApiVersion: () => number };
  expect(nodeApiVersion()).toBeGreaterThanOrEqual(8);
});
