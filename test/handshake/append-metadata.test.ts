// The client metadata update prose tests, as far as a client is needed for them: what becomes of the document itself is
// tested beside the code that composes it, in crates/connection.

import { MongoInvalidArgumentError, type DriverInfo, type MongoClient } from 'ferropool';
import { describe, expect, it } from 'vitest';

import { EventLog } from '../support/events';
import { onBothLanes, openClient } from '../support/lanes';
import { useStub } from '../support/stub';

const stub = useStub();
const library: DriverInfo = { name: 'library', version: '1.2', platform: 'Library Platform' };
const framework: DriverInfo = { name: 'framework', version: '2.0', platform: 'Framework Platform' };

interface ClientDocument {
  driver: { name: string; version: string };
  platform: string;
}

/** Runs a command, and gives the `client` document that its connection was established with. */
async function metadataOf(client: MongoClient): Promise<ClientDocument> {
  const events = new EventLog(client, ['connectionReady', 'connectionClosed']);
  await client.db('admin').command({ ping: 1 });
  await events.nth('connectionReady');
  const { handshakes } = await stub.current.status();
  // The next command finds no connection, and establishes one.
  await events.nth('connectionClosed');
  return handshakes.at(-1)?.['client'] as ClientDocument;
}

onBothLanes((lane) => {
  const openWithShortIdleTime = () => openClient(stub.current.uri, { lane, maxIdleTimeMS: 1 });

  describe('appendMetadata', () => {
    it.each<[string, DriverInfo, string]>([
      ['a name, a version and a platform', framework, '|2.0'],
      ['a name and a version', { name: 'framework', version: '2.0' }, '|2.0'],
      ['a name and a platform', { name: 'framework', platform: 'Framework Platform' }, ''],
      ['a name', { name: 'framework' }, ''],
    ])('adds %s behind what is there (tests 1 and 2)', async (_, info, version) => {
      const client = openWithShortIdleTime();
      client.appendMetadata(library);
      const before = await metadataOf(client);
      client.appendMetadata(info);
      expect(await metadataOf(client)).toEqual({
        ...before,
        driver: { name: `${before.driver.name}|framework`, version: `${before.driver.version}${version}` },
        platform: info.platform === undefined ? before.platform : `${before.platform}|${info.platform}`,
      });
      expect(before.driver.name).toBe('ferropool|library');
      expect(before.driver.version).toMatch(/^\d+\.\d+\.\d+\|1\.2$/);
      expect(before.platform).toBe(`Node.js ${process.version}, ${process.arch}, LE|Library Platform`);
    });

    it('ignores what was appended before, whatever came between (tests 3 and 4)', async () => {
      const client = openWithShortIdleTime();
      client.appendMetadata(library);
      client.appendMetadata(framework);
      const before = await metadataOf(client);
      client.appendMetadata({ ...library });
      expect(await metadataOf(client)).toEqual(before);
    });

    it.each<[string, DriverInfo, DriverInfo]>([
      ['version', { name: 'library', platform: 'Library Platform' }, { name: 'library', version: '', platform: 'Library Platform' }],
      ['platform', { name: 'library', version: '1.2' }, { name: 'library', version: '1.2', platform: '' }],
    ])('takes an empty %s for none (test 7)', async (_, first, second) => {
      const client = openWithShortIdleTime();
      client.appendMetadata(first);
      const before = await metadataOf(client);
      client.appendMetadata(second);
      expect(await metadataOf(client)).toEqual(before);
    });

    it('leaves established connections alone, and is told by the next one', async () => {
      const client = openClient(stub.current.uri, { lane });
      await client.db('admin').command({ ping: 1 });
      const { accepted, helloSeen } = await stub.current.status();
      client.appendMetadata(library);
      await client.db('admin').command({ ping: 1 });
      expect(await stub.current.status()).toMatchObject({ accepted, helloSeen });
      await client.warm({ min: 2 });
      const { handshakes } = await stub.current.status();
      expect(handshakes.map(({ client }) => (client as ClientDocument).driver.name)).toEqual([
        // The monitor's, and the first connection's.
        'ferropool',
        'ferropool',
        'ferropool|library',
      ]);
    });

    it.each<[string, unknown, RegExp]>([
      ['no object', 'library', /must be an object, received library/],
      ['null', null, /must be an object, received null/],
      ['a name that is no text', { name: 7 }, /name of a driver info must be a string, received 7/],
      ['an unknown field', { name: 'x', author: 'y' }, /Unknown field "author"/],
      ['the delimiter', { name: 'a', version: '1|2' }, /version of a driver info must not contain "\|", received "1\|2"/],
      ['what leaves no room', { name: 'n'.repeat(512) }, /must not exceed 512 bytes/],
    ])('refuses %s', async (_, info, message) => {
      const client = openWithShortIdleTime();
      const before = await metadataOf(client);
      const append = () => client.appendMetadata(info as DriverInfo);
      expect(append).toThrow(MongoInvalidArgumentError);
      expect(append).toThrow(message);
      expect(await metadataOf(client)).toEqual(before);
    });
  });
});
