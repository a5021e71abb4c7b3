// What is wrong with replies that say `ok: 1`.

import type { Document } from 'bson';
import type { Endpoint } from './endpoint';
import { MongoServerError, MongoWriteConcernError, timedOut, type Failure } from './errors';
import type { Origin } from './execution';

/** Refuses a reply whose write concern was not satisfied. */
export function checkWriteConcern(reply: Document, origin: Origin, endpoint: Endpoint): void {
  if (reply['writeConcernError']) throw timedOut(new MongoWriteConcernError(reply, failureOf(reply, origin, endpoint)), origin);
}

/** The same, and one that tells of a write that failed, where there was only one. */
export function checkWrite(reply: Document, origin: Origin, endpoint: Endpoint): void {
  if (reply['writeConcernError'] || reply['writeErrors']) refuseWrite(reply, origin, endpoint);
}

function refuseWrite(reply: Document, origin: Origin, endpoint: Endpoint): never {
  checkWriteConcern(reply, origin, endpoint);
  throw timedOut(new MongoServerError((reply['writeErrors'] as Document[])[0] as Document, failureOf(reply, origin, endpoint)), origin);
}

/** What an error takes from where it came from. */
export function failureOf(reply: Document, origin: Origin, endpoint: Endpoint): Partial<Failure> {
  const labels = [...((reply['errorLabels'] as string[] | undefined) ?? []), ...origin.labels];
  return { labels, address: endpoint.serverAddress(origin.server) };
}
