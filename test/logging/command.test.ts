import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { LogBook } from '../support/logs.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  const common = (): object => ({
    t: expect.any(Date),
    c: 'command',
    s: 'debug',
    commandName: 'ping',
    databaseName: 'shop',
    requestId: expect.any(Number),
    driverConnectionId: 1,
    serverConnectionId: expect.any(Number),
    serverHost: '127.0.0.1',
    serverPort: stub.current.port,
  });

  it('tells of a command and its reply', async () => {
    const book = new LogBook();
    const client = openClient(stub.current.uri, { lane, ...book.options({ command: 'debug' }) });
    await client.db('shop').command({ ping: 1 });
    expect(book.logs).toEqual([
      { ...common(), message: 'Command started', command: expect.stringMatching(/^\{"ping":1,"\$db":"shop"/) },
      { ...common(), message: 'Command succeeded', durationMS: expect.any(Number), reply: expect.stringMatching(/"ok":1/) },
    ]);
    expect(new Set(book.logs.map(({ requestId }) => requestId)).size).toBe(1);
  });

  it('tells of a failure with what the error says, in a form that JSON has', async () => {
    const book = new LogBook();
    const client = openClient(stub.current.uri, { lane, ...book.options({ command: 'debug' }) });
    await stub.current.failPoint({ times: 1 }, { failCommands: ['ping'], errorCode: 91, errorLabels: ['SomeLabel'] });
    await expect(client.db('shop').command({ ping: 1 })).rejects.toThrow();
    const [failed] = book.of('Command failed');
    expect(failed).toMatchObject({
      ...common(),
      durationMS: expect.any(Number),
      failure: { name: 'MongoServerError', code: 91, errorLabels: ['SomeLabel'], message: expect.any(String) },
    });
    const { failure } = JSON.parse(JSON.stringify(failed)) as { failure: { errorResponse: string } };
    expect(JSON.parse(failure.errorResponse)).toMatchObject({ ok: 0, code: 91 });
  });

  it.each(['saslStart', 'createUser', 'AUTHENTICATE'])('does not show %s, its reply or its error', async (name) => {
    const book = new LogBook();
    const client = openClient(stub.current.uri, { lane, ...book.options({ command: 'debug' }) });
    await stub.current.failPoint({ times: 1 }, { failCommands: [name], errorCode: 18, errorLabels: ['SomeLabel'] });
    await client.db('shop').command({ [name]: 'hunter2' }).catch(() => {});
    const [started, ended] = book.logs;
    expect(started).toMatchObject({ message: 'Command started', command: '{}' });
    expect(ended).toMatchObject({ message: 'Command failed', failure: { name: 'MongoServerError', message: '(redacted)' } });
    expect(JSON.stringify(book.logs)).not.toContain('hunter2');
  });

  it('is logged whether there are events or not, and is then no event', async () => {
    const book = new LogBook();
    const client = openClient(stub.current.uri, { lane, ...book.options({ command: 'debug' }), monitorCommands: false });
    const events = new EventLog(client, ['commandStarted', 'commandSucceeded']);
    await client.db('shop').command({ ping: 1 });
    expect(book.messages).toEqual(['Command started', 'Command succeeded']);
    expect(events.names).toEqual([]);
  });

  it('is logged behind the listeners', async () => {
    const order: string[] = [];
    const mongodbLogPath = { write: () => order.push('log') };
    const client = openClient(stub.current.uri, { lane, mongodbLogPath, mongodbLogComponentSeverities: { command: 'debug' } });
    client.on('commandStarted', () => order.push('event'));
    await client.db('shop').command({ ping: 1 });
    expect(order).toEqual(['event', 'log', 'log']);
  });
});
