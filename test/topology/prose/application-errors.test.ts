// The prose tests of "Server Discovery and Monitoring" on what an operation's error says of its server, by their headings. No
// server can be made to say all of it, so the members of the set are scripted.

import type { Document } from 'bson';
import type { MongoClient, ReadPreferenceMode, ServerDescription } from 'ferropool';
import { describe, expect, it } from 'vitest';

import { EventLog } from '../../support/events.js';
import { onBothLanes, openClient, type Lane } from '../../support/lanes.js';
import { helloReply } from '../../support/messages.js';
import { isHello, ScriptedPeer, type PeerConnection } from '../../support/peer.js';

type Reply = (connection: PeerConnection) => Document;
type Member = 'primary' | 'secondary';

/** A set of a primary and a secondary that answer every command but hello as `reply` says, and a client that knows both. */
async function openSet(lane: Lane, reply: Reply): Promise<{ client: MongoClient; log: EventLog; addresses: Record<Member, string> }> {
  const start = (member: Member): Promise<ScriptedPeer> =>
    ScriptedPeer.start((command, connection) => {
      if (!isHello(command)) return reply(connection);
      return { ...helloReply, setName: 'rs', hosts: Object.values(addresses), primary: addresses.primary, ismaster: member === 'primary', isWritablePrimary: member === 'primary', secondary: member === 'secondary' };
    });
  const addresses = { primary: '', secondary: '' };
  addresses.primary = (await start('primary')).address;
  addresses.secondary = (await start('secondary')).address;
  // Whoever is not asked to look again looks again in a minute.
  const options = { lane, heartbeatFrequencyMS: 60_000, minHeartbeatFrequencyMS: 10, retryReads: false };
  const client = openClient(`mongodb://${addresses.primary},${addresses.secondary}/?replicaSet=rs`, options);
  const log = new EventLog(client, ['connectionPoolReady', 'serverDescriptionChanged', 'topologyDescriptionChanged', 'serverHeartbeatStarted']);
  await client.connect();
  await log.nth('connectionPoolReady', 2);
  log.clear();
  return { client, log, addresses };
}

/** What a member is known as right after the reply to `command`, and the set; and whether the member is asked again at once. */
async function after(lane: Lane, reply: Reply, command: Document, member: Member = 'primary'): Promise<{ server: ServerDescription; topology: string; isCheckedAgain: boolean }> {
  const { client, log, addresses } = await openSet(lane, reply);
  const readPreference: ReadPreferenceMode = member;
  // An error of the write concern is in the reply.
  await client.db('test').command(command, { readPreference }).catch(() => undefined);
  const { newDescription: server } = await log.nth('serverDescriptionChanged');
  const { newDescription: topology } = await log.nth('topologyDescriptionChanged');
  expect(server.address).toBe(addresses[member]);
  const isCheckedAgain = (): boolean => log.of('serverHeartbeatStarted').some(({ connectionId }) => connectionId === server.address);
  await Promise.race([log.until(isCheckedAgain), new Promise((resolve) => setTimeout(resolve, 150))]);
  return { server, topology: topology.type, isCheckedAgain: isCheckedAgain() };
}

const insert = { insert: 'c', documents: [{ _id: 1 }] };
const find = { find: 'c' };

onBothLanes((lane) => {
  it('network error writing to primary', async () => {
    const hangUp: Reply = ({ socket }) => {
      socket.destroy();
      return {};
    };
    const { server, topology, isCheckedAgain } = await after(lane, hangUp, insert);
    expect(server).toMatchObject({ type: 'Unknown', error: { name: 'MongoNetworkError' } });
    expect(topology).toBe('ReplicaSetNoPrimary');
    expect(isCheckedAgain).toBe(false);
  });

  it('"not writable primary" error when reading without SecondaryOk', async () => {
    const error = { ok: 0, errmsg: 'not primary and secondaryOk=false', code: 13435, codeName: 'NotPrimaryNoSecondaryOk' };
    const { server, topology, isCheckedAgain } = await after(lane, () => error, find);
    expect(server).toMatchObject({ type: 'Unknown', error: { name: 'MongoServerError', code: 13435 } });
    expect(topology).toBe('ReplicaSetNoPrimary');
    // The plan says that it must not be; the specification has it, for who has a monitor.
    expect(isCheckedAgain).toBe(true);
  });

  it('"node is recovering" error reading with SecondaryOk', async () => {
    const error = { ok: 0, errmsg: 'node is recovering', code: 13436, codeName: 'NotPrimaryOrSecondary' };
    const { server, topology, isCheckedAgain } = await after(lane, () => error, find, 'secondary');
    expect(server).toMatchObject({ type: 'Unknown', error: { name: 'MongoServerError', code: 13436 } });
    expect(topology).toBe('ReplicaSetWithPrimary');
    expect(isCheckedAgain).toBe(true);
  });

  it('"node is recovering" error from a write concern error', async () => {
    const reply = { ok: 1, writeConcernError: { code: 91, errmsg: 'Replication is being shut down' } };
    const { server, topology, isCheckedAgain } = await after(lane, () => reply, insert);
    expect(server).toMatchObject({ type: 'Unknown', error: { name: 'MongoServerError', code: 91, message: 'Replication is being shut down' } });
    expect(topology).toBe('ReplicaSetNoPrimary');
    expect(isCheckedAgain).toBe(true);
  });

  describe('parsing "not writable primary" and "node is recovering" errors', () => {
    // Servers that send no code say "master"; the plan has the newer word in its place.
    it.each<[string, Document, Document, Member]>([
      ['write command', insert, { ok: 0, errmsg: 'not master' }, 'primary'],
      ['count with SecondaryOk', { count: 'c' }, { errmsg: 'node is recovering', ok: 0 }, 'secondary'],
      ['count without SecondaryOk', { count: 'c' }, { errmsg: 'not master', ok: 0 }, 'primary'],
    ])('%s', async (_, command, reply, member) => {
      const { server } = await after(lane, () => reply, command, member);
      expect(server).toMatchObject({ type: 'Unknown', error: { name: 'MongoServerError', message: reply['errmsg'] } });
    });

    for (const title of ['query with SecondaryOk', 'query without SecondaryOk']) {
      it(title, ({ skip }) => skip('OP_REPLY alone has the flag QueryFailure, and queries are sent by OP_MSG'));
    }
  });
});
