// Bulks are split as servers announce that they have to be. The peers' limits are such as no real server has.

import { MongoBulkWriteError, MongoInvalidArgumentError, MongoOperationTimeoutError, MongoServerSelectionError, type Document } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { helloReply } from '../support/messages.js';
import { isHello, ScriptedPeer, type Answer } from '../support/peer.js';
import { failure, numbered } from './collection.js';

/** A server that announces `hello` beside what a standalone does. */
function startServer(hello: Document | (() => Document)): Promise<ScriptedPeer> {
  const answer: Answer = (command) => {
    if (isHello(command)) return { ...helloReply, ...(typeof hello === 'function' ? hello() : hello) };
    const statements = (command['documents'] ?? command['updates'] ?? command['deletes']) as unknown[] | undefined;
    return statements && { ok: 1, n: statements.length, nModified: statements.length };
  };
  return ScriptedPeer.start(answer);
}

/** How many statements each command had. */
function sizes({ commands }: ScriptedPeer): number[] {
  const lists = commands.map((command) => (command['documents'] ?? command['updates'] ?? command['deletes']) as unknown[] | undefined);
  return lists.filter((list) => list !== undefined).map((list) => list.length);
}

onBothLanes((lane) => {
  const open = (peer: ScriptedPeer, options: Document = {}) => openClient(`mongodb://${peer.address}/`, { lane, ...options }).db('db').collection('c');

  it.each([
    ['fewer writes than most do', { maxWriteBatchSize: 3 }, 7, 10, [3, 3, 1]],
    ['shorter messages', { maxMessageSizeBytes: (16 << 10) + 3000 }, 5, 1000, [2, 2, 1]],
    ['messages that have room for one document only', { maxMessageSizeBytes: 17_000 }, 3, 1000, [1, 1, 1]],
    ['more writes than most do', { maxWriteBatchSize: 200_000 }, 100_001, 0, [100_001]],
    ['nothing of all that', { maxWriteBatchSize: undefined, maxMessageSizeBytes: undefined, maxBsonObjectSize: undefined }, 100_001, 0, [100_000, 1]],
  ])('a server that takes %s', async (_, hello, count, length, expected) => {
    const peer = await startServer(Object.fromEntries(Object.entries(hello).filter(([, value]) => value !== undefined)) as Document);
    // As the first use of a client, which knows of no server yet.
    const { insertedCount } = await open(peer).insertMany(numbered(count).map((document) => ({ ...document, text: 'x'.repeat(length) })) as never[]);
    expect(insertedCount).toBe(count);
    expect(sizes(peer)).toEqual(expected);
  });

  it('updates and deletions are split too', async () => {
    const peer = await startServer({ maxWriteBatchSize: 2 });
    const three = <T>(each: T): T[] => [each, each, each];
    await open(peer).bulkWrite([...three({ updateOne: { filter: {}, update: { $set: { a: 1 } } } }), ...three({ deleteOne: { filter: {} } })]);
    expect(sizes(peer)).toEqual([2, 1, 2, 1]);
  });

  it('a document that is larger than the server takes is refused by its place, and nothing is sent', async () => {
    const peer = await startServer({ maxBsonObjectSize: 1000 });
    const refused = open(peer).insertMany([{ a: 1 }, { a: 'x'.repeat(1000) }]);
    await expect(refused).rejects.toThrow(MongoInvalidArgumentError);
    await expect(refused).rejects.toThrow(/^Document 1 of \d+ bytes is larger than the maximum size 1000$/);
    expect(sizes(peer)).toEqual([]);
  });

  it('in a replica set the least of all members counts: any of them may become the primary', async () => {
    const secondary = await startServer(() => ({ ...member(), isWritablePrimary: false, ismaster: false, secondary: true, me: secondary.address, maxWriteBatchSize: 2 }));
    const primary = await startServer(() => ({ ...member(), me: primary.address, maxWriteBatchSize: 4 }));
    const member = () => ({ setName: 'rs', hosts: [primary.address, secondary.address], primary: primary.address });
    const client = openClient(`mongodb://${primary.address},${secondary.address}/?replicaSet=rs`, { lane });
    await client.db('db').command({ ping: 1 }, { readPreference: 'secondary' });
    await client.db('db').command({ ping: 1 });
    await client.db('db').collection('c').insertMany(numbered(5) as never[]);
    expect(sizes(primary)).toEqual([2, 2, 1]);
  });

  it('where there is no server, the bulk fails as its command would', async () => {
    const collection = openClient('mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=20', { lane }).db('db').collection('c');
    const error = await failure(collection.insertMany([{}, {}]));
    expect(error).toBeInstanceOf(MongoBulkWriteError);
    expect(error.cause).toBeInstanceOf(MongoServerSelectionError);
    expect(await failure(collection.insertMany([{}, {}], { timeoutMS: 5 }))).toBeInstanceOf(MongoOperationTimeoutError);
    await expect(collection.insertMany([{}, {}], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});
