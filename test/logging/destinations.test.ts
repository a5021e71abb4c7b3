import type { Log, MongoDBLogWritable } from 'ferropool';
import { setImmediate } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';

import { onBothLanes, openUnheardClient } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const severities = { command: 'debug' } as const;
const HALTED = /message: 'The destination of log messages failed. Logging is halted.',? .*error: '?Error: full/;

/** What is written to one of the process's streams until the test ends. */
function written(name: 'stdout' | 'stderr'): string[] {
  const lines: string[] = [];
  vi.spyOn(process[name], 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  return lines;
}

onBothLanes((lane) => {
  const ping = async (mongodbLogPath: 'stdout' | 'stderr' | MongoDBLogWritable | undefined, times = 1): Promise<void> => {
    const to = mongodbLogPath && { mongodbLogPath };
    const client = openUnheardClient(stub.current.uri, { lane, ...to, mongodbLogComponentSeverities: severities });
    for (let time = 0; time < times; time += 1) expect(await client.db('shop').command({ ping: 1 })).toMatchObject({ ok: 1 });
  };

  it.each([
    ['stderr', undefined],
    ['stderr', 'stderr'],
    ['stdout', 'stdout'],
  ] as const)('to %s goes a line for each message, if the path is %s', async (name, path) => {
    const lines = written(name);
    await ping(path);
    vi.restoreAllMocks();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^\{ t: \d{4}-.*Z, c: 'command', s: 'debug', message: 'Command started', .*command: '\{"ping":1,"\$db":"shop".*\}' \}\n$/);
  });

  it('a destination that throws ends logging, with one line on stderr, and nothing else', async () => {
    const write = vi.fn(() => {
      throw new Error('full');
    });
    const lines = written('stderr');
    await ping({ write }, 3);
    vi.restoreAllMocks();
    expect(write).toHaveBeenCalledTimes(1);
    expect(lines).toEqual([expect.stringMatching(HALTED)]);
  });

  it('so does one that rejects, and what waits for it is dropped', async () => {
    const write = vi.fn(async () => {
      await setImmediate();
      throw new Error('full');
    });
    const lines = written('stderr');
    await ping({ write }, 3);
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    await ping({ write: () => {} });
    vi.restoreAllMocks();
    expect(write).toHaveBeenCalledTimes(1);
    expect(lines).toEqual([expect.stringMatching(HALTED)]);
  });

  it('if it is stderr that throws, nobody is told', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockImplementation(() => {
      throw new Error('full');
    });
    await ping('stderr', 3);
    // One message, and one try to say that it failed.
    expect(write).toHaveBeenCalledTimes(2);
    write.mockRestore();
  });

  it('after a failure the core is asked for nothing any more', async () => {
    const lines = written('stderr');
    const mongodbLogPath = {
      write() {
        throw new Error('full');
      },
    };
    const client = openUnheardClient(stub.current.uri, { lane, mongodbLogPath, mongodbLogComponentSeverities: { default: 'debug' } });
    await client.db('shop').command({ ping: 1 });
    vi.restoreAllMocks();
    expect(lines).toHaveLength(1);
    expect((client as unknown as { listens: boolean }).listens).toBe(false);
  });

  it('waits for a slow one before each message, in order, and holds nobody up', async () => {
    const logs: Log[] = [];
    let atOnce = 0;
    let most = 0;
    const release: (() => void)[] = [];
    const write = async (log: Log): Promise<void> => {
      most = Math.max(most, (atOnce += 1));
      await new Promise<void>((resolve) => release.push(resolve));
      logs.push(log);
      atOnce -= 1;
    };
    await ping({ write }, 3);
    expect(logs).toEqual([]);
    while (logs.length < 6) {
      for (const resolve of release.splice(0)) resolve();
      await setImmediate();
    }
    expect(most).toBe(1);
    const ids = logs.map(({ requestId }) => requestId as number);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(logs.map(({ message }) => message)).toEqual([1, 2, 3].flatMap(() => ['Command started', 'Command succeeded']));
  });
});
