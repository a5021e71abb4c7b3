// A collection of a replica set that is watched, and the commands that its client sends.

import type { ChangeStream, Collection, Document, MongoClient, MongoClientOptions } from 'ferropool';
import { openClient, type Lane } from '../support/lanes.js';
import type { Member, ReplicaSet } from '../support/mongod.js';

let collections = 0;

export interface Watched {
  client: MongoClient;
  /** Exists, is empty, and has a name of its own. */
  collection: Collection;
  /** What was sent since the last call, by those that concern streams. */
  drain: () => Document[];
  /** What they asked of `$changeStream`, since the last call. */
  stages: () => Document[];
  /** Turns `failCommand` on, at the primary. */
  fail: (times: number, data: Document) => Promise<void>;
}

const STREAMS: ReadonlySet<string> = new Set(['aggregate', 'getMore', 'killCursors']);

/** Its client is closed when the test ends. */
export async function openWatched(replicaSet: ReplicaSet, lane: Lane, options: MongoClientOptions = {}): Promise<Watched> {
  const client = openClient(replicaSet.uri, { lane, heartbeatFrequencyMS: 500, minHeartbeatFrequencyMS: 100, ...options });
  const collection = client.db('watched').collection(`c${process.pid}_${++collections}`);
  await client.db('watched').createCollection(collection.collectionName);
  const sent: Document[] = [];
  client.on('commandStarted', ({ command, commandName }) => {
    if (STREAMS.has(commandName)) sent.push(command);
  });
  const drain = (): Document[] => sent.splice(0);
  const fail = async (times: number, data: Document): Promise<void> => {
    const primary: Member = await replicaSet.primary();
    await primary.command('admin', { configureFailPoint: 'failCommand', mode: { times }, data });
  };
  return { client, collection, drain, stages: () => stagesOf(drain()), fail };
}

/** What aggregates asked of `$changeStream`. */
export function stagesOf(commands: readonly Document[]): Document[] {
  return commands.filter(({ pipeline }) => pipeline).map(({ pipeline }) => (pipeline as Document[])[0]?.['$changeStream'] as Document);
}

export function namesOf(commands: readonly Document[]): string[] {
  return commands.map((command) => Object.keys(command)[0] as string);
}

/** The next so many changes' documents. */
export async function documentsOf(stream: ChangeStream, count: number): Promise<Document[]> {
  const documents: Document[] = [];
  while (documents.length < count) {
    const change = await stream.next();
    documents.push(('fullDocument' in change ? change.fullDocument : undefined) as Document);
  }
  return documents;
}
