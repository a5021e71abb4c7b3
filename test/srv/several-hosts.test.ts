// The records of a name may lead to several hosts: what they are is discovered from then on.

import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes';
import { useStub } from '../support/stub';
import { onPorts, uri, useNameServer } from './cluster';

onBothLanes((lane) => {
  const stub = useStub();
  const server = useNameServer();

  it('finds the primary among them, and forgets who is not of its set', async () => {
    const { address, port } = stub.current;
    server.current.zone = onPorts(port, 1);
    await stub.current.control({ helloOverrides: { setName: 'rs', setVersion: 1, hosts: [address], me: address, isWritablePrimary: true, ismaster: true } });
    const client = openClient(`${uri}&replicaSet=rs`, { lane });

    await client.connect();

    expect(client.options.hosts).toEqual([port, 1].map((each) => ({ host: '127.0.0.1', port: each })));
    expect(client.pools()).toMatchObject([{ address, state: 'ready' }]);
    await expect(client.db('admin').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
  });
});
