// What servers say that real ones cannot be made to, and where a stream goes on after it.

import { Long, MongoChangeStreamError, Timestamp, type ChangeStream, type Document } from 'ferropool';
import { expect, it } from 'vitest';

import { failure } from '../crud/collection.js';
import { onBothLanes, openClient } from '../support/lanes.js';
import { helloReply } from '../support/messages.js';
import { isHello, ScriptedPeer } from '../support/peer.js';
import { namesOf, stagesOf } from './set.js';

/** The wire version of 4.2, which has no labels for errors. */
const UNLABELLED = 8;
const LABELLED = 9;

/** "Resumable Error", without labels. */
const RESUMABLE_CODES = [6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 63, 150, 13388, 234, 133];

const operationTime = new Timestamp({ t: 7, i: 1 });
const token = (name: string) => ({ _data: name });
const change = (name: string) => ({ _id: token(name), operationType: 'insert' });

/** What a cursor's reply has: changes by the names of their tokens, and that of the batch. */
function batch(changes: Document[], postBatch?: string, id = 1): Document {
  const field = id === 0 ? 'nextBatch' : 'firstBatch';
  const cursor = { id: Long.fromNumber(id), ns: 'db.c', [field]: changes, ...(postBatch && { postBatchResumeToken: token(postBatch) }) };
  return { ok: 1, cursor, operationTime };
}

const failing = (code: number, ...errorLabels: string[]): Document => ({ ok: 0, code, errmsg: 'it fails', errorLabels });

onBothLanes((lane) => {
  /** A stream of a server that answers so, each command in its turn; what comes after these is a batch without changes. */
  const watch = async (answers: Document[], options: Document = {}, maxWireVersion = LABELLED): Promise<{ stream: ChangeStream; sent: Document[]; names: () => string[] }> => {
    const sent: Document[] = [];
    const peer = await ScriptedPeer.start((command) => {
      if (isHello(command)) return { ...helloReply, maxWireVersion };
      sent.push(command);
      return 'aggregate' in command || 'getMore' in command ? (answers.shift() ?? batch([])) : undefined;
    });
    const client = openClient(`mongodb://${peer.address}/?directConnection=true`, { lane, retryReads: false });
    const names = (): string[] => namesOf(sent).filter((name) => name !== 'killCursors');
    return { stream: client.db('db').collection('c').watch([], options), sent, names };
  };

  it('2: a change without a token fails and closes the stream', async () => {
    const { stream, sent } = await watch([batch([{ operationType: 'insert' }])]);
    const error = await failure(stream.next());
    expect(error).toBeInstanceOf(MongoChangeStreamError);
    expect(error.message).toBe('A change stream document has been received that lacks a resume token (_id).');
    expect(stream.closed).toBe(true);
    expect(namesOf(sent)).toEqual(['aggregate', 'killCursors']);
  });

  it('11 and 13: within a batch the token is the last change’s, at its end the batch’s', async () => {
    const { stream } = await watch([batch([change('1'), change('2')], '3'), batch([], '4')]);
    await stream.open();
    // 14: nothing was read, and nothing was given.
    expect(stream.resumeToken).toBeNull();
    await stream.next();
    expect(stream.resumeToken).toEqual(token('1'));
    await stream.next();
    expect(stream.resumeToken).toEqual(token('3'));
    await stream.tryNext();
    expect(stream.resumeToken).toEqual(token('4'));
  });

  it('without a token of a batch, that of the last change is kept', async () => {
    const { stream } = await watch([batch([change('1'), change('2')]), batch([])]);
    await stream.next();
    await stream.next();
    await stream.tryNext();
    expect(stream.resumeToken).toEqual(token('2'));
  });

  it('it goes on from the time of the first reply where there is no token', async () => {
    const { stream, sent } = await watch([batch([]), failing(43), batch([]), failing(43)]);
    await stream.tryNext();
    expect(stagesOf(sent)).toEqual([{}, { startAtOperationTime: operationTime }, { startAtOperationTime: operationTime }]);
  });

  it('it goes on from the time that was given, as long as there is no token', async () => {
    const startAtOperationTime = new Timestamp({ t: 3, i: 3 });
    const { stream, sent } = await watch([batch([]), failing(43), batch([], '1'), failing(43)], { startAtOperationTime });
    await stream.tryNext();
    expect(stagesOf(sent)).toEqual([{ startAtOperationTime }, { startAtOperationTime }, { resumeAfter: token('1') }]);
  });

  it('it does not go on from the time of a reply that had changes', async () => {
    const { stream, sent } = await watch([batch([change('1')]), failing(43)]);
    await stream.next();
    await stream.tryNext();
    expect(stagesOf(sent)).toEqual([{}, { resumeAfter: token('1') }]);
  });

  it('contradictions are the server’s to refuse', async () => {
    const { stream, sent } = await watch([failing(40674)], { startAfter: token('1'), resumeAfter: token('2'), startAtOperationTime: operationTime });
    await expect(stream.next()).rejects.toMatchObject({ code: 40674 });
    expect(stagesOf(sent)).toEqual([{ startAfter: token('1'), resumeAfter: token('2'), startAtOperationTime: operationTime }]);
  });

  it.each(RESUMABLE_CODES)('an error %i of a server that has no labels is resumed from', async (code) => {
    const { stream, names } = await watch([batch([]), failing(code), batch([change('1')])], {}, UNLABELLED);
    await expect(stream.next()).resolves.toEqual(change('1'));
    expect(names()).toEqual(['aggregate', 'getMore', 'aggregate']);
  });

  it('an error of another code is not', async () => {
    const { stream, names } = await watch([batch([]), failing(216)], {}, UNLABELLED);
    await expect(stream.next()).rejects.toMatchObject({ code: 216, errorLabels: [] });
    expect(names()).toEqual(['aggregate', 'getMore']);
  });

  it('where servers have labels, the codes say nothing', async () => {
    const { stream, names } = await watch([batch([]), failing(10107)]);
    await expect(stream.next()).rejects.toMatchObject({ code: 10107, errorLabels: [] });
    expect(names()).toEqual(['aggregate', 'getMore']);
  });

  it('a label says it of any error', async () => {
    const { stream, names } = await watch([batch([]), failing(12345, 'ResumableChangeStreamError'), batch([change('1')])]);
    await expect(stream.next()).resolves.toEqual(change('1'));
    expect(names()).toEqual(['aggregate', 'getMore', 'aggregate']);
  });

  it('errors of other cursors get no such label', async () => {
    const peer = await ScriptedPeer.start((command) => {
      if (isHello(command)) return { ...helloReply, maxWireVersion: UNLABELLED };
      return 'getMore' in command ? failing(10107) : batch([]);
    });
    const client = openClient(`mongodb://${peer.address}/?directConnection=true`, { lane, retryReads: false });
    await expect(client.db('db').collection('c').find().next()).rejects.toMatchObject({ code: 10107, errorLabels: [] });
  });

  it('changes are there as bytes too', async () => {
    const { stream } = await watch([batch([change('1')])], { raw: true });
    await expect(stream.next()).resolves.toBeInstanceOf(Uint8Array);
    expect(stream.resumeToken).toEqual(token('1'));
  });

  it('an end that the server sets is one', async () => {
    const { stream, sent } = await watch([batch([]), batch([change('1')], undefined, 0)]);
    const events: string[] = [];
    for (const name of ['init', 'more', 'response', 'end', 'close'] as const) stream.on(name, () => events.push(name));
    await stream.next();
    expect(stream.closed).toBe(true);
    await expect(stream.hasNext()).resolves.toBe(false);
    await expect(stream.next()).rejects.toMatchObject({ name: 'MongoAPIError', message: 'ChangeStream is closed' });
    expect(events).toEqual(['init', 'response', 'more', 'response', 'end', 'close']);
    expect(namesOf(sent)).toEqual(['aggregate', 'getMore']);
  });
});
