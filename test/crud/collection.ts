// A collection of a real server for a test, and the commands that its client sends.

import type { Collection, CommandStartedEvent, Document, MongoClient, MongoClientOptions } from 'ferropool';
import { openClient, type Lane } from '../support/lanes.js';
import type { Mongod } from '../support/mongod.js';

let collections = 0;

export interface Opened {
  client: MongoClient;
  /** Empty, with a name of its own. */
  collection: Collection;
  /** What was sent since the last call, by `drain`. */
  drain: () => Document[];
}

/** Its client is closed when the test ends. */
export function openCollection(mongod: Mongod, lane: Lane, options: MongoClientOptions = {}): Opened {
  const client = openClient(mongod.uri, { lane, ...options });
  const sent: Document[] = [];
  client.on('commandStarted', ({ command }: CommandStartedEvent) => sent.push(command));
  const collection = client.db('crud').collection(`c${process.pid}_${++collections}`);
  return { client, collection, drain: () => sent.splice(0) };
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
