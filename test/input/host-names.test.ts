import { MongoParseError } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useNameServer } from '../srv/cluster.js';

onBothLanes((lane) => {
  const server = useNameServer();

  it('makes ASCII of the name of mongodb+srv alone', async () => {
    const client = openClient('mongodb+srv://jürgen:geheim@bücher.example/käse?appName=größe', { lane });
    expect(client.options).toMatchObject({ srvHost: 'xn--bcher-kva.example', dbName: 'käse', appName: 'größe' });
    expect(client.options.credentials?.username).toBe('jürgen');
    await client.close();
  });

  it('leaves hosts as they are given', async () => {
    const client = openClient('mongodb://bücher.example,[::1]:27018', { lane });
    expect(client.options.hosts).toEqual([{ host: 'bücher.example', port: 27_017 }, { host: '::1', port: 27_018 }]);
    const pool = openPool('bücher.example:27018', { lane });
    expect(pool.address).toBe('bücher.example:27018');
    await Promise.all([client.close(), pool.close()]);
  });

  it('asks for the records of such a name', async () => {
    const client = openClient('mongodb+srv://bücher.example/?tls=false', { lane });
    await expect(client.connect()).rejects.toThrow(/_mongodb\._tcp\.xn--bcher-kva\.example/);
    expect(server.current.questions).toContain('SRV _mongodb._tcp.xn--bcher-kva.example');
  });

  it.each(['bücher.example:27017', 'bücher.example,grün.example'])('refuses %s, which is no name', (name) => {
    expect(() => openClient(`mongodb+srv://${name}/?tls=false`, { lane })).toThrow(MongoParseError);
  });

  it('says what is no name', async () => {
    const client = openClient('mongodb+srv://bü cher.example/?tls=false', { lane });
    await expect(client.connect()).rejects.toThrow(/bü cher\.example/);
    expect(server.current.questions).toEqual([]);
  });
});
