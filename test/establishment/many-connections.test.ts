// Many connections at a time, each with all that a secured deployment asks for; on the main thread and on others.

import { beforeAll, describe, expect, test } from 'vitest';

import { runProgram } from '../support/child.js';
import { EventLog } from '../support/events.js';
import { lanes, onBothLanes, openClient, openPool } from '../support/lanes.js';
import { describeWithMongod } from '../support/mongod.js';
import { securedMongod, users, type Secured } from '../support/secured.js';

const auth = { username: users.both.username, password: users.both.password };

describeWithMongod('a real server with authentication and TLS', () => {
  let mongod: Secured;
  let tls: { tls: true; tlsCAFile: string; tlsCertificateKeyFile: string };
  beforeAll(async () => {
    mongod = await securedMongod({ auth: true, tls: { requireClientCertificate: true } });
    const { caFile, clientCertificateKeyFile } = mongod.tls ?? expect.unreachable();
    tls = { tls: true, tlsCAFile: caFile, tlsCertificateKeyFile: clientCertificateKeyFile };
  });

  onBothLanes((lane) => {
    test.each([
      ['SCRAM-SHA-256', { auth }],
      ['SCRAM-SHA-1', { auth, authMechanism: 'SCRAM-SHA-1' }],
      ['MONGODB-X509', { authMechanism: 'MONGODB-X509' }],
    ] as const)('a client has 100 connections by %s, and uses them', async (_title, credentials) => {
      const options = { lane, ...tls, ...credentials, maxPoolSize: 100, maxConnecting: 8, compressors: ['zstd'] } as const;
      const client = openClient(`mongodb://localhost:${mongod.port}/?directConnection=true`, options);
      const log = new EventLog(client);
      await client.warm({ min: 100 });
      expect(client.pools()).toMatchObject([{ totalConnectionCount: 100, availableConnectionCount: 100, connectionsReady: 100, connectionsClosed: { error: 0 } }]);

      const held = await Promise.all(Array.from({ length: 100 }, () => client.checkOut()));
      const replies = await Promise.all(held.map((connection) => connection.command('shop', { count: 'orders' })));
      expect(replies.every(({ ok }) => ok === 1)).toBe(true);
      for (const connection of held) connection.checkIn();
      expect(log.of('connectionCreated')).toHaveLength(100);
      expect(log.of('connectionPoolCleared')).toEqual([]);
      const [{ establishment }] = client.pools() as [ReturnType<typeof client.pools>[0] & object];
      for (const phase of ['tcp', 'tls', 'hello'] as const) expect(establishment[phase].meanMS, phase).toBeGreaterThan(0);
    });

    test('a pool without a topology has them too', async () => {
      const pool = openPool(`localhost:${mongod.port}`, { lane, ...tls, auth, minPoolSize: 20, maxConnecting: 4 });
      const log = new EventLog(pool);
      pool.ready();
      await log.nth('connectionReady', 20);
      const held = await Promise.all(Array.from({ length: 20 }, () => pool.checkOut()));
      const replies = await Promise.all(held.map((connection) => connection.command('shop', { count: 'orders' })));
      expect(replies.every(({ ok }) => ok === 1)).toBe(true);
      for (const connection of held) connection.checkIn();
    });

    test('a wrong password fails all who wait, and leaves nothing open', async () => {
      const options = { lane, ...tls, auth: { ...auth, password: 'hunter2' }, maxConnecting: 10 };
      const pool = openPool(`localhost:${mongod.port}`, options);
      pool.ready();
      const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => pool.checkOut()));
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('Authentication failed.') as string } });
      }
      expect(pool.stats()).toMatchObject({ state: 'paused', totalConnectionCount: 0, pendingConnectionCount: 0, waitQueueSize: 0 });
    });
  });

  describe('is reached from several threads of one process', () => {
    test.each(lanes)('by lane %s', async (lane) => {
      const options = { lane, ...tls, auth, maxPoolSize: 5, compressors: ['snappy'] };
      const ended = await runProgram(
        `
        import { once } from 'node:events';
        import { Worker } from 'node:worker_threads';
        const load = async (open) => {
          const client = open();
          await client.warm({ min: 5 });
          const pipeline = (text) => [{ $documents: [{ text }] }];
          const texts = Array.from({ length: 300 }, (_, number) => String(number).repeat(number));
          const replies = await Promise.all(texts.map((text) => client.db('admin').command({ aggregate: 1, pipeline: pipeline(text), cursor: {} })));
          await client.close();
          return replies.filter((reply, at) => reply.cursor.firstBatch[0].text === texts[at]).length;
        };
        const source = \`
          const { MongoClient } = require('ferropool');
          const { parentPort, workerData } = require('node:worker_threads');
          (\${load})(() => new MongoClient(...workerData)).then((right) => parentPort.postMessage(right));\`;
        const workerData = ['mongodb://localhost:${mongod.port}/?directConnection=true', ${JSON.stringify(options)}];
        const workers = Array.from({ length: 4 }, () => new Worker(source, { eval: true, workerData, execArgv: [] }));
        const ended = workers.map((worker) => once(worker, 'exit'));
        const right = await Promise.all([load(() => new MongoClient(...workerData)), ...workers.map(async (worker) => (await once(worker, 'message'))[0])]);
        console.log(JSON.stringify({ right, codes: (await Promise.all(ended)).flat() }));`,
        { limitMS: 25_000 },
      );
      expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
      expect(JSON.parse(ended.stdout)).toEqual({ right: [300, 300, 300, 300, 300], codes: [0, 0, 0, 0] });
    });
  });
});
