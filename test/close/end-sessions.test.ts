import type { Document } from 'ferropool';
import { expect, it } from 'vitest';

import { startPrimary } from '../operations/prose/setting.js';
import { EventLog } from '../support/events.js';
import { onBothLanes, openClient } from '../support/lanes.js';

onBothLanes((lane) => {
  it('a client that closes tells of the command that ends its sessions, before it is closed', async () => {
    let arrived: (command: Document) => void = () => undefined;
    const ended = new Promise<Document>((resolve) => (arrived = resolve));
    const peer = await startPrimary((command) => {
      if ('endSessions' in command) arrived(command);
      return undefined;
    });
    const client = openClient(`mongodb://${peer.address}/?replicaSet=scripted`, { lane });
    await client.db('db').command({ ping: 1 });
    const log = new EventLog(client, ['commandStarted', 'commandSucceeded', 'connectionPoolClosed']);
    await client.close();
    const [started, succeeded, closed] = log.events;
    const lsid: unknown = peer.commands[0]?.['lsid'];
    expect(started).toMatchObject({ name: 'commandStarted', commandName: 'endSessions', databaseName: 'admin', command: { endSessions: [lsid] } });
    expect(succeeded).toMatchObject({ name: 'commandSucceeded', commandName: 'endSessions', reply: { ok: 1 }, requestId: (started as { requestId: number }).requestId });
    expect(closed).toMatchObject({ name: 'connectionPoolClosed' });
    await expect(ended).resolves.toMatchObject({ endSessions: [lsid], $db: 'admin' });
  });

  it('one that had none tells of nothing', async () => {
    const peer = await startPrimary(() => undefined);
    const client = openClient(`mongodb://${peer.address}/?replicaSet=scripted`, { lane });
    await client.connect();
    const log = new EventLog(client, ['commandStarted']);
    await client.close();
    expect(log.events).toEqual([]);
  });
});
