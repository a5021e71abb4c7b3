// The prose tests of "Change Streams", by their numbers. Those that need a server which does what no server does are in
// `scripted.test.ts`: 2, 11 and 13 of batches that are made up, and 14.

import { ReadPreference, type ChangeStream, type Document } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes } from '../support/lanes.js';
import { addressOf, describeWithMongod, secondariesOf, useReplicaSet } from '../support/mongod.js';
import { documentsOf, namesOf, openWatched, stagesOf, type Watched } from './set.js';

/** After it a stream may be resumed. */
const RESUMABLE = { errorCode: 10107, errorLabels: ['ResumableChangeStreamError'] };
const CURSOR_NOT_FOUND = 43;

describeWithMongod('change streams', () => {
  const replicaSet = useReplicaSet();

  onBothLanes((lane) => {
    const open = (): Promise<Watched> => openWatched(replicaSet.current, lane);
    /** A stream that is open, of a collection in which so many documents were inserted since. */
    const opened = async ({ collection, drain }: Watched, count: number, options: Document = {}, pipeline: Document[] = []): Promise<ChangeStream> => {
      const stream = await collection.watch(pipeline, options).open();
      if (count > 0) await collection.insertMany(Array.from({ length: count }, (_, _id) => ({ _id })) as never[]);
      expect(namesOf(drain())).toEqual(['aggregate']);
      return stream;
    };

    it('1: the last resume token that was seen is tracked', async () => {
      const watched = await open();
      const stream = await opened(watched, 3);
      const tokens: unknown[] = [];
      stream.on('resumeTokenChanged', (token) => tokens.push(token));
      for (let count = 0; count < 2; count++) {
        const { _id } = await stream.next();
        expect(stream.resumeToken).toEqual(_id);
      }
      await stream.next();
      expect(tokens).toContainEqual(stream.resumeToken);
      await stream.close();
    });

    it('3: it resumes with the initial pipeline and options, but for the token', async () => {
      const watched = await open();
      const pipeline = [{ $match: { operationType: 'insert' } }];
      const stream = await opened(watched, 2, { batchSize: 1, fullDocument: 'updateLookup', comment: 'mine', collation: { locale: 'simple' } }, pipeline);
      await stream.next();
      const { resumeToken } = stream;
      await watched.fail(1, { failCommands: ['getMore'], ...RESUMABLE });
      expect(await documentsOf(stream, 1)).toEqual([{ _id: 1 }]);
      const commands = watched.drain();
      // The killing of the lost cursor goes on beside it.
      expect(namesOf(commands).filter((name) => name !== 'killCursors').slice(0, 3)).toEqual(['getMore', 'getMore', 'aggregate']);
      expect(commands.find((command) => command['aggregate'])).toMatchObject({
        pipeline: [{ $changeStream: { fullDocument: 'updateLookup', resumeAfter: resumeToken } }, ...pipeline],
        cursor: { batchSize: 1 },
        comment: 'mine',
        collation: { locale: 'simple' },
      });
      await stream.close();
    });

    it('3: it resumes once: an error of the aggregate that resumes it ends it', async () => {
      const watched = await open();
      const stream = await opened(watched, 1);
      // As a read, the aggregate is not sent again after this one.
      await watched.fail(2, { failCommands: ['getMore', 'aggregate'], errorCode: CURSOR_NOT_FOUND });
      await expect(stream.next()).rejects.toMatchObject({ name: 'MongoServerError', code: CURSOR_NOT_FOUND });
      expect(watched.stages()).toHaveLength(1);
      expect(stream.closed).toBe(true);
      await expect(stream.next()).rejects.toThrow('ChangeStream is closed');
    });

    it('3: it may be resumed any number of times, also without a change between', async () => {
      const watched = await open();
      const stream = await opened(watched, 0, { maxAwaitTimeMS: 50 });
      await watched.fail(3, { failCommands: ['getMore'], ...RESUMABLE });
      await expect(stream.tryNext()).resolves.toBeNull();
      expect(watched.stages()).toHaveLength(3);
      await stream.close();
    });

    it('4: no error of an aggregate is resumed from', async () => {
      const watched = await openWatched(replicaSet.current, lane, { retryReads: false });
      await watched.fail(1, { failCommands: ['aggregate'], ...RESUMABLE });
      const stream = watched.collection.watch();
      await expect(stream.next()).rejects.toMatchObject({ code: 10107 });
      expect(namesOf(watched.drain())).toEqual(['aggregate']);
      expect(stream.closed).toBe(true);
    });

    it('6: a server is selected anew by the initial read preference', async () => {
      const watched = await open();
      const stream = await watched.collection.watch([], { readPreference: ReadPreference.secondary }).open();
      const addresses: string[] = [];
      watched.client.on('commandStarted', ({ address, commandName }) => {
        if (commandName === 'aggregate') addresses.push(address);
      });
      watched.drain();
      const secondaries = await secondariesOf(replicaSet.current);
      for (const member of secondaries) await member.command('admin', { configureFailPoint: 'failCommand', mode: { times: 1 }, data: { failCommands: ['getMore'], ...RESUMABLE } });
      await watched.collection.insertOne({ _id: 6 as never });
      expect(await documentsOf(stream, 1)).toEqual([{ _id: 6 }]);
      for (const member of secondaries) await member.command('admin', { configureFailPoint: 'failCommand', mode: 'off' });
      const resumes = watched.drain().filter(({ aggregate }) => aggregate);
      expect(resumes.length).toBeGreaterThan(0);
      for (const { $readPreference } of resumes) expect($readPreference).toEqual({ mode: 'secondary' });
      expect(secondaries.map(addressOf)).toEqual(expect.arrayContaining(addresses));
      await stream.close();
    });

    it('7: a cursor whose first batch is empty is not closed', async () => {
      const watched = await open();
      const stream = await opened(watched, 0);
      expect(stream.bufferedCount()).toBe(0);
      expect(stream.closed).toBe(false);
      await watched.collection.insertOne({ _id: 7 as never });
      expect(await documentsOf(stream, 1)).toEqual([{ _id: 7 }]);
      expect(namesOf(watched.drain())).not.toContain('killCursors');
      await stream.close();
    });

    it('8: what killing the lost cursor fails with is not heard of', async () => {
      const watched = await open();
      const stream = await opened(watched, 1);
      const killed = new Promise((resolve) => watched.client.once('commandFailed', () => watched.client.once('commandFailed', resolve)));
      await watched.fail(2, { failCommands: ['getMore', 'killCursors'], ...RESUMABLE });
      expect(await documentsOf(stream, 1)).toEqual([{ _id: 0 }]);
      await expect(killed).resolves.toMatchObject({ commandName: 'killCursors' });
      await stream.close();
    });

    it('11: read to the end of a batch, the token is the batch’s', async () => {
      const watched = await open();
      const stream = await opened(watched, 0, { maxAwaitTimeMS: 50 });
      let ofLast: unknown;
      stream.on('more', ({ cursor }: Document) => (ofLast = (cursor as Document)['postBatchResumeToken']));
      await expect(stream.tryNext()).resolves.toBeNull();
      expect(stream.resumeToken).toEqual(ofLast);
      await watched.collection.insertMany([{}, {}]);
      await stream.next();
      while (stream.bufferedCount() > 0) await stream.next();
      expect(stream.resumeToken).toEqual(ofLast);
      await stream.close();
    });

    it.each(['startAfter', 'resumeAfter'])('14: with %s and a first batch that was not read, that is the token', async (option) => {
      const watched = await open();
      const first = await opened(watched, 3);
      const { _id: token } = await first.next();
      await first.close();
      const stream = await watched.collection.watch([], { [option]: token }).open();
      expect(stream.bufferedCount()).toBe(2);
      expect(stream.resumeToken).toEqual(token);
      expect(await documentsOf(stream, 2)).toEqual([{ _id: 1 }, { _id: 2 }]);
      await stream.close();
    });

    it('17 and 18: it resumes with startAfter before the first change, with resumeAfter from then on', async () => {
      const watched = await open();
      const first = await opened(watched, 1);
      const { _id: startAfter } = await first.next();
      await first.close();
      watched.drain();
      const stream = await watched.collection.watch([], { startAfter, maxAwaitTimeMS: 50 }).open();
      await watched.fail(1, { failCommands: ['getMore'], ...RESUMABLE });
      await stream.tryNext();
      const [initial, before] = stagesOf(watched.drain());
      expect(initial).toEqual({ startAfter });
      expect(Object.keys(before as Document)).toEqual(['startAfter']);

      await watched.collection.insertOne({});
      await stream.next();
      const { resumeToken: resumeAfter } = stream;
      await watched.fail(1, { failCommands: ['getMore'], ...RESUMABLE });
      await stream.tryNext();
      expect(watched.stages()).toEqual([{ resumeAfter }]);
      await stream.close();
    });
  });
});
