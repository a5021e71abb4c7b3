// PLAIN: a user name and a password as they are, for servers that ask a directory.

import { Binary, type Document } from 'bson';
import { MongoInvalidArgumentError, MongoServerError } from 'ferropool';
import { expect, test } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { describeWithMongod, useMongod } from '../support/mongod.js';
import { ScriptedPeer } from '../support/peer.js';
import { reach, refusal } from '../support/reach.js';

const user = { username: 'user@example', password: 'pe:ncil ß' };

/** A server that takes whatever password it is given. */
function accepting(command: Document): Document | undefined {
  return 'saslStart' in command ? { ok: 1, conversationId: 1, done: true, payload: new Binary(Buffer.alloc(0)) } : undefined;
}

onBothLanes((lane) => {
  test('sends both in one message, after a hello that says nothing of them', async () => {
    const peer = await ScriptedPeer.start(accepting);
    await reach(peer.address, { lane, auth: user, authMechanism: 'PLAIN' });
    const [hello] = peer.connections[0]?.commands ?? [];
    expect(hello).not.toHaveProperty('speculativeAuthenticate');
    expect(hello).not.toHaveProperty('saslSupportedMechs');
    expect(peer.commands).toEqual([
      { saslStart: 1, mechanism: 'PLAIN', payload: new Binary(Buffer.from('\0user@example\0pe:ncil ß')), $db: '$external' },
      expect.objectContaining({ ping: 1 }),
    ]);
  });

  test.each([
    ['', '$external'],
    ['ldap', 'ldap'],
    ['ldap?authSource=other', 'other'],
  ])('asks the database of the connection string: /%s', async (path, database) => {
    const peer = await ScriptedPeer.start(accepting);
    const uri = `mongodb://user%40example:secret@${peer.address}/${path}${path.includes('?') ? '&' : '?'}authMechanism=PLAIN`;
    const client = openClient(uri, { lane });
    await expect(client.db('test').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
    expect(peer.commands[0]).toMatchObject({ saslStart: 1, $db: database });
  });

  test('a password that would end early is refused before anything is sent', async () => {
    const peer = await ScriptedPeer.start(accepting);
    const error = await refusal(peer.address, { lane, auth: { username: 'user', password: 'pen\0cil' }, authMechanism: 'PLAIN' });
    expect(error).toBeInstanceOf(MongoInvalidArgumentError);
    expect(error.message).not.toContain('cil');
    expect(peer.commands).toEqual([]);
  });

  test('a server that wants more gets nothing more', async () => {
    const peer = await ScriptedPeer.start((command) => ('saslStart' in command ? { ...accepting(command), done: false } : undefined));
    const error = await refusal(peer.address, { lane, auth: user, authMechanism: 'PLAIN' });
    expect(error).toMatchObject({ code: 'FERROPOOL_AUTHENTICATION', details: { phase: 'auth' }, errorLabels: [] });
    expect(peer.commands).toHaveLength(1);
  });
});

describeWithMongod('a community server, which has no PLAIN', () => {
  const mongod = useMongod();

  onBothLanes((lane) => {
    test('says so', async () => {
      const { host, port } = mongod.current;
      const address = `${host}:${port}`;
      const error = await refusal(address, { lane, auth: user, authMechanism: 'PLAIN' });
      expect(error).toBeInstanceOf(MongoServerError);
      expect(error).toMatchObject({
        message: expect.stringMatching(/mechanism PLAIN .*not enabled/) as string,
        code: 334,
        codeName: 'MechanismUnavailable',
        address,
        details: { phase: 'auth' },
        errorLabels: [],
      });
    });
  });
});
