// "11. Multi-batch bulkWrites". No server of 8.0 can be had here, so a script plays it, which is slow.

import { setTimeout } from 'node:timers/promises';

import { MongoOperationTimeoutError } from 'ferropool';
import { expect, it } from 'vitest';

import { startBulkServer } from '../../client-bulk-write/server.js';
import { sentBy } from '../../operations/prose/setting.js';
import { onBothLanes, openClient } from '../../support/lanes.js';

onBothLanes((lane) => {
  it('timeoutMS bounds all commands of a client’s bulk together', async () => {
    const server = await startBulkServer({ maxWriteBatchSize: 1 });
    const client = openClient(server.uri, { lane, timeoutMS: 2000 });
    await client.connect();
    const slowly = () => setTimeout(1010, { ok: 1, nInserted: 1, cursor: { id: 0, ns: 'admin.$cmd.bulkWrite', firstBatch: [] } });
    server.replies['bulkWrite'] = [slowly, slowly];
    const sent = sentBy(client, 'bulkWrite');
    const models = [{}, {}].map((document) => ({ name: 'insertOne', namespace: 'db.coll', document }) as const);
    await expect(client.bulkWrite(models)).rejects.toThrow(MongoOperationTimeoutError);
    expect(sent).toHaveLength(2);
  });
});
