// The prose test "Connection Pool Backpressure" of "Server Discovery and Monitoring". The limit of new connections that it sets
// is of MongoDB 7.0; in front of an older server, something that turns connections away stands for it.

import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

import { expect, it, onTestFinished } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient } from '../../support/lanes.js';
import { describeWithMongod, useMongod, type Mongod } from '../../support/mongod.js';

/** Lets connections through, until it is told to turn every second one away as it comes. */
async function startTurnstile(to: Mongod): Promise<{ address: string; turnAway: () => void }> {
  let isTurningAway = false;
  let count = 0;
  const server = net.createServer((client) => {
    client.on('error', () => client.destroy());
    count += 1;
    if (isTurningAway && count % 2 === 0) {
      client.destroy();
      return;
    }
    const upstream = net.connect({ host: to.host, port: to.port });
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  });
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    turnAway: () => {
      isTurningAway = true;
    },
  };
}

describeWithMongod('connection pool backpressure', () => {
  const plain = useMongod();
  const secured = useMongod({ tls: true });

  onBothLanes((lane) => {
    it.each([
      ['without TLS, where hello fails', () => plain.current],
      ['with TLS, where its handshake fails', () => secured.current],
    ])('%s', async (_, server) => {
      const turnstile = await startTurnstile(server());
      const { host, port, uri } = server();
      const client = openClient(uri.replace(`${host}:${port}`, turnstile.address), { lane, maxConnecting: 100 });
      const log = new EventLog(client, ['connectionCheckOutFailed', 'connectionPoolCleared', 'connectionCheckedOut']);
      const database = client.db('test');
      await database.command({ insert: 'c', documents: [{}] });

      turnstile.turnAway();
      const find = { find: 'c', filter: { $where: 'function() { sleep(500); return true; }' }, limit: 1 };
      await Promise.allSettled(Array.from({ length: 100 }, () => database.command(find)));
      expect(log.of('connectionCheckOutFailed').length).toBeGreaterThanOrEqual(10);
      expect(log.of('connectionPoolCleared')).toEqual([]);
      // Those that were let in had been established, and were used.
      expect(log.of('connectionCheckedOut').length).toBeGreaterThan(10);
    });
  });

  it('as the specification has it', ({ skip }) => skip('ingressConnectionEstablishmentRateLimiterEnabled is a parameter of MongoDB 7.0'));
});
