import { createRequire } from 'node:module';
import type { LogComponentSeveritiesClientOptions, SeverityLevel } from 'ferropool';
import { describe, expect, it, vi } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openUnheardClient } from '../support/lanes.js';
import { LogBook } from '../support/logs.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

// What is between TypeScript and the core; not public, but the only witness of work that is not done.
const { native } = createRequire(import.meta.url)('../../dist/native.js') as {
  native: Record<'subscribe' | 'drainEvents', (...args: unknown[]) => unknown>;
};

onBothLanes((lane) => {
  const logged = async (severities: LogComponentSeveritiesClientOptions): Promise<string[]> => {
    const book = new LogBook();
    const client = openUnheardClient(stub.current.uri, { lane, ...book.options(severities) });
    await client.db('shop').command({ ping: 1 });
    await client.close();
    return [...new Set(book.logs.map(({ c, s }) => `${c} ${s}`))].toSorted();
  };

  it.each<[LogComponentSeveritiesClientOptions, string[]]>([
    [{}, []],
    [{ default: 'off' }, []],
    [{ command: 'debug' }, ['command debug']],
    [{ command: 'trace', topology: 'info', connection: 'notice' }, ['command debug']],
    [{ connection: 'debug', topology: 'debug' }, ['connection debug', 'topology debug']],
    [{ serverSelection: 'info' }, ['serverSelection info']],
    [{ default: 'info' }, ['serverSelection info']],
    [{ default: 'debug', serverSelection: 'warn', topology: 'off' }, ['command debug', 'connection debug']],
  ])('%j logs %j', async (severities, expected) => {
    expect(await logged(severities)).toEqual(expected);
  });

  it('asks the core for what is logged, and for nothing else', () => {
    const subscribe = vi.spyOn(native, 'subscribe');
    const asked = (severities: LogComponentSeveritiesClientOptions): unknown[] | undefined => {
      subscribe.mockClear();
      openUnheardClient(stub.current.uri, { lane, ...new LogBook().options(severities) });
      return subscribe.mock.calls[0]?.slice(2);
    };
    expect(asked({})).toBeUndefined();
    expect(asked({ client: 'trace' })).toEqual([false, false, false, 0]);
    expect(asked({ default: 'notice' })).toEqual([false, false, false, 0]);
    expect(asked({ connection: 'debug' })).toEqual([true, false, false, 0]);
    expect(asked({ command: 'debug' })).toEqual([false, true, false, 0]);
    expect(asked({ topology: 'debug' })).toEqual([false, false, true, 0]);
    expect(asked({ serverSelection: 'info' })).toEqual([false, false, false, 1]);
    expect(asked({ serverSelection: 'debug' })).toEqual([false, false, false, 2]);
    subscribe.mockRestore();
  });

  it('builds nothing for a level that is off', async () => {
    const client = openUnheardClient(stub.current.uri, { lane, ...new LogBook().options({ default: 'notice' }) });
    // The pool's creation is recorded whoever listens.
    await Promise.resolve();
    const drain = vi.spyOn(native, 'drainEvents');
    const read = vi.fn(() => 1);
    await client.db('shop').command(Object.defineProperty({ ping: 1 }, 'comment', { get: read, enumerable: true }));
    await client.close();
    expect(drain).not.toHaveBeenCalled();
    // To be sent.
    expect(read).toHaveBeenCalledTimes(1);
    drain.mockRestore();
  });

  it('still tells listeners of what is not logged, and no more than them', async () => {
    const book = new LogBook();
    const client = openUnheardClient(stub.current.uri, { lane, ...book.options({ connection: 'info' }) });
    const events = new EventLog(client, ['connectionReady']);
    await client.db('shop').command({ ping: 1 });
    expect(events.names).toEqual(['connectionReady']);
    expect(book.logs).toEqual([]);
  });

  it('goes on when the last listener leaves', async () => {
    const book = new LogBook();
    const client = openUnheardClient(stub.current.uri, { lane, ...book.options({ command: 'debug' }) });
    client.on('commandStarted', () => {});
    client.removeAllListeners();
    await client.db('shop').command({ ping: 1 });
    expect(book.messages).toEqual(['Command started', 'Command succeeded']);
  });
});

describe('what was ignored of the options', () => {
  it.each<[SeverityLevel, string[]]>([
    ['warn', ['client', 'warn', 'Unknown option "nonsense" in the connection string is ignored']],
    ['error', []],
  ])('is logged at the level warn: %s', (client, expected) => {
    const book = new LogBook();
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    openUnheardClient('mongodb://localhost/?nonsense=1', book.options({ client }));
    expect(book.logs.flatMap(({ c, s, message = '' }) => [c, s, message])).toEqual(expected);
    warned.mockRestore();
  });
});
