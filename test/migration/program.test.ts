import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { expect, it } from 'vitest';

import { root } from '../../scripts/process.mjs';
import { describeWithMongod, useReplicaSet } from '../support/mongod';

describeWithMongod('a program that was written for the official driver', () => {
  const replicaSet = useReplicaSet();

  it('says the same when only its import is changed', async () => {
    const theirs = await run('mongodb', 'shop');
    const ours = await run('ferropool', 'shop');
    expect(theirs.at(-1)).toBe('closed');
    expect(ours).toEqual(theirs);
  });

  /** The lines that it says. */
  async function run(driver: string, database: string): Promise<string[]> {
    const { uri } = replicaSet.current;
    const named = uri.replace(/\/(?=\?|$)/, `/${database}`);
    const child = spawn(process.execPath, ['test/migration/program.mjs', driver, named], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout.trimEnd().split('\n');
  }
});
