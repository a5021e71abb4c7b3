import { MongoError, MongoNetworkError, MongoNetworkTimeoutError, MongoOperationTimeoutError, MongoParseError, type ConnectionPool } from 'ferropool';
import type { Document } from 'bson';
import { expect, it } from 'vitest';

import { EventLog } from '../support/events.js';
import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const protocol = { Class: MongoParseError, code: 'FERROPOOL_PROTOCOL' };
const network = { Class: MongoNetworkError, code: 'FERROPOOL_NETWORK' };
const timeout = { Class: MongoOperationTimeoutError, code: 'FERROPOOL_OPERATION_TIMEOUT' };
const handshakeTimeout = { Class: MongoNetworkTimeoutError, code: 'FERROPOOL_NETWORK_TIMEOUT' };

interface Hostile {
  title: string;
  fault: Document;
  error: { Class: typeof MongoError; code: string };
  message: string | RegExp;
  timeoutMS?: number;
}

const replies: Hostile[] = [
  { title: 'longer than its header says', fault: { replyMode: 'wrongLength' }, error: protocol, message: '1 bytes arrived behind the reply' },
  { title: 'a header that declares 2 GiB', fault: { replyMode: 'hugeLength' }, error: protocol, message: 'message length 2147483647 exceeds the limit of 48000000' },
  { title: 'the answer to a request that nobody sent', fault: { replyMode: 'wrongRequestId' }, error: protocol, message: /^the reply answers request \d+, not \d+$/ },
  { title: 'BSON that ends in its middle', fault: { replyMode: 'truncatedBson' }, error: protocol, message: 'document length 17 where 14 bytes are available' },
  { title: 'an opcode that nobody sends', fault: { replyMode: 'unknownOpcode' }, error: protocol, message: 'opcode 9999 where 2013 was expected' },
  { title: 'garbage', fault: { garbage: 'ff'.repeat(64) }, error: protocol, message: 'message length -1 is below the minimum of 16' },
  { title: 'a length of zero', fault: { garbage: '00'.repeat(64) }, error: protocol, message: 'message length 0 is below the minimum of 16' },
  { title: 'half a reply, then the end', fault: { replyMode: 'closeMidReply' }, error: network, message: 'connection closed by the server' },
  { title: 'half a reply, then silence', fault: { replyMode: 'halfReply' }, error: timeout, message: /^connection 1 to 127\.0\.0\.1:\d+ timed out$/, timeoutMS: 60 },
];

onBothLanes((lane) => {
  it.each(replies)('$title: a typed error, and the client works again', async ({ fault, error: { Class, code }, message, timeoutMS }) => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 1 });
    await client.connect();
    const log = new EventLog(client);
    await stub.current.control({ ...fault, commands: ['ping'] });
    const error = (await client
      .db('test')
      .command({ ping: 1 }, { timeoutMS: timeoutMS ?? 10_000 })
      .catch((failure: unknown) => failure)) as MongoError;
    expect(error).toBeInstanceOf(Class);
    expect(error).toMatchObject({ name: Class.name, code, address: client.address });
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);

    await expect(client.db('test').command({ echo: 'again' })).resolves.toMatchObject({ echo: 'again' });
    expect(log.of('connectionClosed')).toEqual([expect.objectContaining({ connectionId: 1 })]);
    expect(log.of('connectionCheckedIn').map(({ connectionId }) => connectionId)).toEqual([1, 2]);
    expect(client.pools()[0]).toMatchObject({ totalConnectionCount: 1, availableConnectionCount: 1, inUseConnectionCount: 0, pendingConnectionCount: 0 });
  });

  it.each(replies)('$title, to a handshake: the check-out fails with it', async ({ fault, error: expected }) => {
    // What bounds an establishment is connectTimeoutMS.
    const { Class, code } = expected === timeout ? handshakeTimeout : expected;
    const pool = openPool(stub.current.address, { lane, connectTimeoutMS: 100 });
    await stub.current.control({ ...fault, commands: ['hello'] });
    pool.ready();
    const error = await pool.checkOut().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(Class);
    expect(error).toMatchObject({ code, address: pool.address });
    await worksAgain(pool);
  });

  it.each(replies)('$title, on a connection that is held: it serves nobody any more', async ({ fault, timeoutMS }) => {
    const pool = openPool(stub.current.address, { lane });
    pool.ready();
    const connection = await pool.checkOut();
    await stub.current.control({ ...fault, commands: ['ping'] });
    const command = (): Promise<Document> => connection.command('admin', { ping: 1 }, { timeoutMS: timeoutMS ?? 10_000 });
    await expect(command()).rejects.toThrow(MongoError);
    await expect(command()).rejects.toThrow(MongoError);
    connection.checkIn();
    await worksAgain(pool);
  });
});

/** Another check-out gets a sound connection, and none has leaked. */
async function worksAgain(pool: ConnectionPool): Promise<void> {
  pool.ready();
  const connection = await pool.checkOut();
  await expect(connection.command('admin', { echo: 'again' })).resolves.toMatchObject({ echo: 'again' });
  connection.checkIn();
  expect(pool.stats()).toMatchObject({ totalConnectionCount: 1, availableConnectionCount: 1, inUseConnectionCount: 0 });
}
