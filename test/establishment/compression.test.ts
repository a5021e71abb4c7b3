// Network compressors with a real server: what is negotiated, what is compressed, and that it arrives as it was.

import { randomBytes } from 'node:crypto';

import { type Connection, type ConnectionPoolOptions, type MongoClientOptions } from 'ferropool';
import { beforeAll, describe, expect, test } from 'vitest';

import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { describeWithMongod } from '../support/mongod.js';
import { isHello } from '../support/peer.js';
import { reach } from '../support/reach.js';
import { securedMongod, users, type Secured } from '../support/secured.js';
import { Tap } from '../support/tap.js';

/** By their numbers in the wire protocol. */
const compressors = { snappy: 1, zlib: 2, zstd: 3 } as const;
type Compressor = keyof typeof compressors;
const names = Object.keys(compressors) as Compressor[];

const auth = { username: users.both.username, password: users.both.password };

/** Has the server send a text back. */
async function echo(connection: Connection, text: string): Promise<void> {
  const pipeline = [{ $documents: [{ text }] }];
  const { cursor } = (await connection.command('admin', { aggregate: 1, pipeline, cursor: {} })) as { cursor: { firstBatch: { text: string }[] } };
  // Not by `toEqual`, which would print a megabyte.
  expect(cursor.firstBatch.map(({ text: returned }) => returned === text)).toEqual([true]);
}

/** What went over the wire between a pool and a server, while `use` had a connection. */
async function tapped(server: Secured, options: ConnectionPoolOptions, use: (connection: Connection) => Promise<unknown>): Promise<Tap> {
  const tap = await Tap.start(server);
  const pool = await reach(tap.address, options, use);
  await pool.close();
  return tap;
}

describeWithMongod('a real server', () => {
  describe('with every compressor', () => {
    let mongod: Secured;
    beforeAll(async () => {
      mongod = await securedMongod({ auth: true });
      return () => mongod.stop();
    });

    onBothLanes((lane) => {
      test.each(names)('compresses both ways by %s', async (name) => {
        const text = 'all work and no play '.repeat(50_000);
        const tap = await tapped(mongod, { lane, auth, compressors: [name] }, async (connection) => {
          await echo(connection, text);
          await echo(connection, 'short');
        });
        const compressed = tap.messages.filter(({ compressor }) => compressor !== undefined);
        expect(compressed.map(({ from, compressor }) => [from, compressor])).toEqual([
          ['client', compressors[name]],
          ['server', compressors[name]],
          ['client', compressors[name]],
          ['server', compressors[name]],
        ]);
        for (const { length, uncompressedLength } of compressed.slice(0, 2)) {
          expect(uncompressedLength).toBeGreaterThan(text.length);
          expect(length).toBeLessThan(text.length / 10);
        }
      });

      test.each(names)('brings what cannot be compressed as it was, by %s', async (name) => {
        for (const bytes of [0, 1, 1000, 1 << 20, 5 << 20]) {
          await reach(`127.0.0.1:${mongod.port}`, { lane, auth, compressors: [name] }, (connection) => echo(connection, randomBytes(bytes).toString('base64')));
        }
      });

      test.each(names)('brings many replies in a row, on several connections, by %s', async (name) => {
        const client = openClient(mongod.uri, { lane, compressors: [name], maxPoolSize: 4 });
        const texts = Array.from({ length: 200 }, (_, number) => `${number} `.repeat(number * 10));
        const replies = await Promise.all(
          texts.map((text) => client.db('admin').command({ aggregate: 1, pipeline: [{ $documents: [{ text }] }], cursor: {} })),
        );
        expect(replies.every((reply, at) => reply['cursor'].firstBatch[0].text === texts[at])).toBe(true);
      });

      test.each(names)('counts what came by %s', async (name) => {
        const counted = async (): Promise<number> => {
          const status = (await mongod.command('admin', { serverStatus: 1 })) as { network: { compression: Record<Compressor, { decompressor: { bytesOut: number } }> } };
          return Number(status.network.compression[name].decompressor.bytesOut);
        };
        const before = await counted();
        await reach(`127.0.0.1:${mongod.port}`, { lane, auth, compressors: [name] }, (connection) => echo(connection, 'x'.repeat(10_000)));
        expect(await counted()).toBeGreaterThan(before + 10_000);
      });

      test.each<[given: NonNullable<MongoClientOptions['compressors']>, used: Compressor | undefined]>([
        [['zlib', 'snappy', 'zstd'], 'zlib'],
        [['zstd', 'zlib'], 'zstd'],
        [['snappy', 'zstd'], 'snappy'],
        ['zlib,zstd', 'zlib'],
        [['none'], undefined],
      ])('takes the first of ours: %j', async (given, used) => {
        const tap = await tapped(mongod, { lane, auth, compressors: given }, (connection) => echo(connection, 'text'));
        expect(tap.requests.at(-1)?.compressor).toBe(used && compressors[used]);
        expect(tap.replies.at(-1)?.compressor).toBe(used && compressors[used]);
      });

      test('is offered nothing by default', async () => {
        const tap = await tapped(mongod, { lane, auth }, (connection) => echo(connection, 'text'));
        expect(tap.requests[0]?.command).not.toHaveProperty('compression');
        expect(tap.messages.filter(({ compressor }) => compressor !== undefined)).toEqual([]);
      });

      test('is offered them in our order', async () => {
        const tap = await tapped(mongod, { lane, auth, compressors: ['zstd', 'snappy', 'zlib'] }, (connection) => echo(connection, 'text'));
        expect(tap.requests[0]?.command).toMatchObject({ compression: ['zstd', 'snappy', 'zlib'] });
      });

      // The commands that the specification excludes, so that no secret is compressed ("OP_COMPRESSED").
      test('is sent no greeting and no credentials compressed, ours or the user’s', async () => {
        const tap = await Tap.start(mongod);
        const pool = openPool(tap.address, { lane, auth: { username: users.sha1.username, password: users.sha1.password }, compressors: ['zlib'] });
        pool.ready();
        const connection = await pool.checkOut();
        await connection.command('admin', { hello: 1 });
        await connection.command('admin', { isMaster: 1 });
        await expect(connection.command('admin', { saslStart: 1, mechanism: 'SCRAM-SHA-1', payload: '' })).rejects.toThrow();
        await expect(connection.command('admin', { saslContinue: 1, conversationId: 1, payload: '' })).rejects.toThrow();
        await expect(connection.command('admin', { authenticate: 1, mechanism: 'MONGODB-X509' })).rejects.toThrow();
        await expect(connection.command('admin', { createUser: 'x', pwd: 'x', roles: [] })).rejects.toThrow();
        await expect(connection.command('admin', { updateUser: 'x', pwd: 'x' })).rejects.toThrow();
        await connection.command('admin', { ping: 1 });
        connection.checkIn();

        const [ours, theUsers] = [tap.commandNames.slice(0, 3), tap.commandNames.slice(3)];
        expect(ours).toEqual(['isMaster', 'saslStart', 'saslContinue']);
        expect(theUsers).toEqual(['hello', 'isMaster', 'saslStart', 'saslContinue', 'authenticate', 'createUser', 'updateUser']);
        expect(tap.requests.filter(({ command }) => command && isHello(command))).toHaveLength(3);
        expect(tap.requests.at(-1)).toMatchObject({ compressor: compressors.zlib });
      });

      test('zlibCompressionLevel: 0 compresses nothing, 9 no worse than 1', async () => {
        const text = Array.from({ length: 20_000 }, (_, number) => (number * 7919) % 1013).join(' ');
        const lengths = new Map<number, number>();
        for (const zlibCompressionLevel of [-1, 0, 1, 9]) {
          const tap = await tapped(mongod, { lane, auth, compressors: ['zlib'], zlibCompressionLevel }, (connection) => echo(connection, text));
          const request = tap.requests.at(-1);
          expect(request).toMatchObject({ compressor: compressors.zlib });
          lengths.set(zlibCompressionLevel, request?.length ?? 0);
        }
        expect(lengths.get(0)).toBeGreaterThan(text.length);
        expect(lengths.get(1)).toBeLessThan(text.length / 2);
        expect(lengths.get(9)).toBeLessThan(lengths.get(1) as number);
      });
    });
  });

  describe.each<[server: Compressor[], ours: Compressor[], used: Compressor | undefined]>([
    [['snappy'], ['zstd', 'zlib', 'snappy'], 'snappy'],
    [['zlib', 'zstd'], ['snappy', 'zstd', 'zlib'], 'zstd'],
    [['zstd'], ['snappy', 'zlib'], undefined],
    [[], ['snappy', 'zstd', 'zlib'], undefined],
  ])('with %j alone', (server, ours, used) => {
    let mongod: Secured;
    beforeAll(async () => {
      mongod = await securedMongod({ compressors: server });
      return () => mongod.stop();
    });

    onBothLanes((lane) => {
      test(`is spoken to ${used ? `by ${used}` : 'without compression'} by a client with ${ours.join(', ')}`, async () => {
        const tap = await tapped(mongod, { lane, compressors: ours }, (connection) => echo(connection, 'x'.repeat(1 << 20)));
        expect(tap.requests.at(-1)?.compressor).toBe(used && compressors[used]);
        expect(tap.replies.at(-1)?.compressor).toBe(used && compressors[used]);
      });
    });
  });

  describe('with TLS', () => {
    let mongod: Secured;
    beforeAll(async () => {
      mongod = await securedMongod({ auth: true, tls: true });
      return () => mongod.stop();
    });

    onBothLanes((lane) => {
      test.each(names)('brings what was compressed by %s and encrypted', async (name) => {
        const options = { lane, auth, compressors: [name], tls: true, tlsCAFile: mongod.tls?.caFile as string };
        await reach(`127.0.0.1:${mongod.port}`, options, async (connection) => {
          await echo(connection, randomBytes(3 << 20).toString('base64'));
          await echo(connection, 'x'.repeat(8 << 20));
        });
      });
    });
  });
});
