import { expect, it } from 'vitest';

import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useNameServer } from '../srv/cluster.js';

onBothLanes((lane) => {
  const server = useNameServer();

  it('takes the names of hosts in any script, as name servers have them', async () => {
    const pool = openPool('bücher.example:27018', { lane });
    expect(pool.address).toBe('xn--bcher-kva.example:27018');
    const client = openClient('mongodb://jürgen:geheim@bücher.example,[::1]:27018,пример.example:27019/käse?appName=größe', { lane });
    expect(client.options.hosts).toEqual([
      { host: 'xn--bcher-kva.example', port: 27_017 },
      { host: '::1', port: 27_018 },
      { host: 'xn--e1afmkfd.example', port: 27_019 },
    ]);
    // What is no host is left alone.
    expect(client.options.credentials?.username).toBe('jürgen');
    expect(client.options).toMatchObject({ dbName: 'käse', appName: 'größe' });
    await Promise.all([pool.close(), client.close()]);
  });

  it('asks for the records of such a name', async () => {
    const client = openClient('mongodb+srv://bücher.example/?tls=false', { lane });
    await expect(client.connect()).rejects.toThrow(/_mongodb\._tcp\.xn--bcher-kva\.example/);
    expect(server.current.questions).toContain('SRV _mongodb._tcp.xn--bcher-kva.example');
  });

  it('says what is no name', async () => {
    const client = openClient('mongodb+srv://bü cher.example/?tls=false', { lane });
    await expect(client.connect()).rejects.toThrow(/bü cher\.example/);
    expect(server.current.questions).toEqual([]);
  });
});
