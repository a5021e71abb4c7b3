// A collection of a real server for a test, and the commands that its client sends.

import type { Collection, CommandStartedEvent, Document, MongoClient, MongoClientOptions, UUID } from 'ferropool';
import { openClient, type Lane } from '../support/lanes.js';
import type { Mongod } from '../support/mongod.js';

let collections = 0;

export interface Opened {
  client: MongoClient;
  /** Empty, with a name of its own. */
  collection: Collection;
  /** What was sent since the last call, without what sessions add. */
  drain: () => Document[];
  /** The sessions of all that was sent, in hexadecimal digits. */
  sessions: string[];
}

/** Its client is closed when the test ends. */
export function openCollection(mongod: Mongod, lane: Lane, options: MongoClientOptions = {}): Opened {
  const client = openClient(mongod.uri, { lane, ...options });
  const sent: Document[] = [];
  const sessions: string[] = [];
  client.on('commandStarted', ({ command: { lsid, txnNumber: _txnNumber, $clusterTime: _clusterTime, ...command } }: CommandStartedEvent) => {
    sent.push(command);
    // What is not acknowledged has none.
    if (lsid) sessions.push((lsid as { id: UUID }).id.toHexString());
  });
  const collection = client.db('crud').collection(`c${process.pid}_${++collections}`);
  return { client, collection, drain: () => sent.splice(0), sessions };
}

/** The error with which a promise is rejected. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('nothing failed');
    },
    (error: Error) => error,
  );
}

/** Documents whose `_id` are the numbers from 0. */
export function numbered(count: number): { _id: number }[] {
  return Array.from({ length: count }, (_, _id) => ({ _id }));
}
