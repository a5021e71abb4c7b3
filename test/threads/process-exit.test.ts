// A process that exits at any stage of a client's life exits with its own code, by no signal, and leaves no socket behind.

import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect, test, vi } from 'vitest';

import { runProgram } from '../support/child';
import { lanes } from '../support/lanes';
import { useStub } from '../support/stub';
import { stages } from './stages.mjs';

const stub = useStub();
const module = pathToFileURL(path.join(import.meta.dirname, 'stages.mjs')).href;
/** A race that is lost once in a while shows in one of them. */
const rounds = 5;

for (const lane of lanes) {
  test.each(Object.keys(stages))(`process.exit %s (${lane})`, async (stage) => {
    await stub.current.control({ helloDelayMS: 5, latencyMS: 20 });
    const where = { uri: stub.current.uri, lane, appName: 'exiting' };
    for (let round = 0; round < rounds; round += 1) {
      const ended = await runProgram(`
        import { reach } from '${module}';
        await reach('${stage}', ${JSON.stringify(where)});
        process.exit(${40 + round});`);
      expect(ended).toEqual({ code: 40 + round, signal: null, stdout: '', stderr: '' });
    }

    await vi.waitFor(async () => expect((await stub.current.status()).open).toBe(0));
  });
}
