// Names that lead nowhere, or where they must not lead.

import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes';
import { useStub } from '../support/stub';
import { at, name, onPorts, records, uri, useNameServer } from './cluster';

onBothLanes((lane) => {
  const stub = useStub();
  const server = useNameServer();

  it('fails everything that waits at once, and asks again for the next operation', async () => {
    const client = openClient(uri, { lane });
    const outcomes = await Promise.allSettled([client.connect(), client.checkOut(), client.db('a').command({ ping: 1 }), client.warm({ min: 1 })]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        reason: {
          name: 'MongoNetworkError',
          code: 'FERROPOOL_NETWORK',
          message: `no SRV records were found for ${records}`,
          details: { phase: 'dns' },
        },
      });
    }
    server.current.zone = at(stub.current);
    await client.connect();
    expect(client.address).toBe(stub.current.address);
  });

  it('says what the name server says', async () => {
    server.current.behaviour = 'servfail';
    const client = openClient(uri, { lane });
    await expect(client.connect()).rejects.toMatchObject({ name: 'MongoNetworkError', message: expect.stringContaining('Server Failure') });
  });

  it('gives a silent name server up at connectTimeoutMS', async () => {
    server.current.behaviour = 'silence';
    const client = openClient(`${uri}&connectTimeoutMS=300`, { lane });
    const started = performance.now();
    await expect(client.connect()).rejects.toMatchObject({ name: /^MongoNetwork(Timeout)?Error$/, details: { phase: 'dns' } });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('gives an operation up at serverSelectionTimeoutMS', async () => {
    server.current.behaviour = 'silence';
    const client = openClient(`${uri}&serverSelectionTimeoutMS=50`, { lane });
    const refused = client.connect();
    await expect(refused).rejects.toMatchObject({ name: 'MongoServerSelectionError', message: /^Server selection timed out after \d+ ms$/ });
    await expect(refused).rejects.not.toHaveProperty('address');
  });

  it.each([
    ['a host outside the domain', { srv: { [records]: [{ port: 1, target: 'a.evil.1' }] } }, /a\.evil\.1.*not in the domain 0\.0\.1/],
    ['two TXT records', { ...onPorts(1), txt: { [name]: [['authSource=a'], ['authSource=b']] } }, /2 TXT records/],
    ['another option in the TXT record', { ...onPorts(1), txt: { [name]: [['socketTimeoutMS=1']] } }, /socketTimeoutMS/],
    ['a TXT record without a value', { ...onPorts(1), txt: { [name]: [['authSource']] } }, /TXT/],
    ['a load balancer of two hosts', { ...onPorts(1, 2), txt: { [name]: [['loadBalanced=true']] } }, /loadBalanced/],
  ])('refuses %s', async (_, zone, message) => {
    server.current.zone = zone;
    const client = openClient(uri, { lane });
    await expect(client.connect()).rejects.toMatchObject({ name: 'MongoParseError', code: 'FERROPOOL_CONNECTION_STRING', message });
    expect(client.options.hosts).toEqual([]);
  });
});
