import type { Document } from 'bson';
import { batchOf, partsOf, type Batch } from '../cursor/batch';
import { OpenCursor } from '../cursor/open-cursor';
import type { Deadline } from '../deadline';
import type { Profile } from '../execution';
import { MongoDBNamespace } from '../namespace';
import type { Scope } from '../scope';
import type { ClientSession } from '../session';

const GET_MORE: Profile = { kind: 'get-more', computesMaxTime: false };

/** The documents of a command's cursor, some at a time. Whoever ends early, or an error, closes it at the server. */
export async function* readCursor(first: Batch, scope: Scope, session: ClientSession | undefined, deadline: Deadline | undefined, signal: AbortSignal | undefined): AsyncGenerator<Document[]> {
  let { id } = first;
  const cursor = new OpenCursor(first.namespace ?? new MongoDBNamespace(scope.database), session);
  Object.assign(cursor, { id, scope, session, origin: first.origin });
  try {
    yield* partsOf(first) as Generator<Document[]>;
    while (!id.isZero()) {
      const command = { getMore: id, collection: cursor.namespace.collection };
      const batch = await cursor.execute(command, GET_MORE, deadline, signal, batchOf);
      cursor.id = id = batch.id;
      yield* partsOf(batch) as Generator<Document[]>;
    }
  } finally {
    await cursor.close();
  }
}
