import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes';
import { useStub } from '../support/stub';

const stub = useStub();

onBothLanes((lane) => {
  it('accepts any mechanism in saslSupportedMechs (prose test 2)', async () => {
    await stub.current.control({ helloOverrides: { saslSupportedMechs: ['SCRAM-SHA-256', 'not-a-mechanism'] } });
    const client = openClient(stub.current.uri, { lane });
    await expect(client.db('admin').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
  });

  it('says backpressure: "2" in every handshake (update prose test 9)', async () => {
    const client = openClient(stub.current.uri, { lane });
    await client.warm({ min: 3 });
    await client.db('admin').command({ ping: 1 });
    const { handshakes } = await stub.current.status();
    // The monitor's and the pool's.
    expect(handshakes.map(({ backpressure }) => backpressure)).toEqual(['2', '2', '2', '2']);
  });

  it('describes the client to the server', async () => {
    const client = openClient(stub.current.uri, { lane, appName: 'shop' });
    await client.connect();
    const { handshakes } = await stub.current.status();
    expect(handshakes[0]?.['client']).toMatchObject({
      application: { name: 'shop' },
      driver: { name: 'ferropool', version: expect.stringMatching(/^\d/) },
      os: { type: expect.stringMatching(/./), name: expect.stringMatching(/./), architecture: expect.stringMatching(/./) },
      platform: `Node.js ${process.version}, ${process.arch}, LE`,
    });
  });
});
