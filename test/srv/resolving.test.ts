// The name of a `mongodb+srv` connection string leads to a server, when one is needed for the first time.

import { expect, it } from 'vitest';

import { onBothLanes, openClient, openUnheardClient } from '../support/lanes';
import { useStub } from '../support/stub';
import { at, name, onPorts, records, uri, useNameServer } from './cluster';

onBothLanes((lane) => {
  const stub = useStub();
  const server = useNameServer();

  it('asks for nothing before it is used', async () => {
    const client = openClient(uri, { lane });
    expect(client.address).toBe('');
    expect(client.pools()).toEqual([]);
    expect(client.options.hosts).toEqual([]);
    expect(client.options).toMatchObject({ srvHost: name, tls: false });
    expect(client.tryCheckOut()).toBeUndefined();
    await client.close();
    expect(server.current.questions).toEqual([]);
  });

  it('runs what waited for the server', async () => {
    server.current.zone = at(stub.current);
    const client = openClient(uri, { lane });
    const pings = Array.from({ length: 20 }, () => client.db('admin').command({ ping: 1 }));
    for (const reply of await Promise.all(pings)) expect(reply['ok']).toBe(1);
    expect(client.address).toBe(stub.current.address);
    expect(client.pools()).toMatchObject([{ address: stub.current.address, state: 'ready' }]);
    expect(client.options.hosts).toEqual([{ host: '127.0.0.1', port: stub.current.port }]);
    // Whoever waited, waited for one resolution.
    expect(server.current.questions.toSorted()).toEqual([`SRV ${records}`, `TXT ${name}`]);
  });

  it('connects', async () => {
    server.current.zone = at(stub.current);
    const client = openClient(uri, { lane });
    expect(await client.connect()).toBe(client);
    expect(client.tryCheckOut()).toBeUndefined();
    await client.warm({ min: 1 });
    const connection = client.tryCheckOut();
    expect(connection?.address).toBe(stub.current.address);
    connection?.checkIn();
  });

  it('tells listeners of everything that happens to the pool', async () => {
    server.current.zone = at(stub.current);
    const client = openClient(`${uri}&maxPoolSize=7`, { lane });
    const heard: [name: string, address: string][] = [];
    const names = ['connectionPoolCreated', 'connectionPoolReady', 'connectionCheckOutStarted', 'connectionCreated'] as const;
    for (const each of names) client.on(each, ({ address }: { address: string }) => heard.push([each, address]));
    await client.db('admin').command({ ping: 1 });
    expect(heard).toEqual(names.map((each) => [each, stub.current.address]));
  });

  it('tells who listens later of the creation', async () => {
    server.current.zone = at(stub.current);
    const client = openUnheardClient(`${uri}&maxPoolSize=7`, { lane });
    await client.connect();
    const created = new Promise((resolve) => client.once('connectionPoolCreated', resolve));
    await client.db('admin').command({ ping: 1 });
    expect(await created).toMatchObject({ address: stub.current.address, options: { maxPoolSize: 7 } });
  });

  it('takes options from the TXT record, where nothing else says them', async () => {
    server.current.zone = { ...at(stub.current), txt: { [name]: [['authSource=', 'there']] } };
    const there = openClient(uri, { lane });
    await there.connect();
    expect(there.options['authSource']).toBe('there');
    const here = openClient(`${uri}&authSource=here`, { lane });
    await here.connect();
    expect(here.options['authSource']).toBe('here');
  });

  it('asks for the service of another name', async () => {
    const [hosts] = Object.values(at(stub.current).srv);
    server.current.zone = { srv: { [`_other._tcp.${name}`]: hosts as [] } };
    const client = openClient(`${uri}&srvServiceName=other`, { lane });
    await client.connect();
    expect(client.address).toBe(stub.current.address);
  });

  it('chooses among more hosts than it may have', async () => {
    const { port } = stub.current;
    server.current.zone = onPorts(port, port, port);
    const client = openClient(`${uri}&srvMaxHosts=1`, { lane });
    await client.connect();
    expect(client.options.hosts).toHaveLength(1);
  });

  it('tells the server of libraries that were appended before there was one', async () => {
    server.current.zone = at(stub.current);
    const client = openClient(uri, { lane });
    client.appendMetadata({ name: 'wrapper' });
    await client.connect();
    const { handshakes } = await stub.current.status();
    expect(handshakes.at(-1)?.['client'].driver.name).toMatch(/\|wrapper$/);
  });
});
