// "entity": creates what a test has by name.

import type { Db } from 'ferropool';
import { TestClient } from './client.mjs';
import { driver } from './driver.mjs';
import type { EntitySpec, Fields } from './file.mjs';
import { refuseNever } from './never.mjs';
import { optionsOf } from './options.mjs';
import type { Run } from './run.mjs';
import { TestError, Unsupported } from './unsupported.mjs';

/** Creates one and puts it into the run's map. */
export async function createEntity(run: Run, kind: string, fields: EntitySpec[string]): Promise<void> {
  const { entities, deployment, lane, threads } = run;
  switch (kind) {
    case 'client':
      return entities.add('client', fields.id, await TestClient.create(fields, deployment, lane));
    case 'database': {
      refuseOthers(fields, kind, ['id', 'client', 'databaseName', 'databaseOptions']);
      const { client } = entities.get('client', fields['client']);
      return entities.add('database', fields.id, driver(client).db(String(fields['databaseName']), settings(run, fields['databaseOptions'])) as Db);
    }
    case 'collection': {
      refuseOthers(fields, kind, ['id', 'database', 'collectionName', 'collectionOptions']);
      const database = driver(entities.get('database', fields['database']));
      return entities.add('collection', fields.id, database.collection(String(fields['collectionName']), settings(run, fields['collectionOptions'])));
    }
    case 'session': {
      refuseOthers(fields, kind, ['id', 'client', 'sessionOptions']);
      const client = entities.get('client', fields['client']);
      const session = driver(client.client).startSession(optionsOf(run, (fields['sessionOptions'] ?? {}) as Fields));
      return entities.add('session', fields.id, { client, session, lsid: session.id });
    }
    case 'thread':
      refuseOthers(fields, kind, ['id']);
      threads.start(fields.id);
      return entities.add('thread', fields.id, { threads, name: fields.id });
    case 'bucket':
      entities.get('database', fields['database']);
      return refuseNever(kind);
    default:
      refuseNever(kind);
      throw new Unsupported(`an entity ${kind}`);
  }
}

/** "collectionOrDatabaseOptions". */
function settings(run: Run, given: unknown): Fields | undefined {
  if (given === undefined) return undefined;
  refuseOthers(given as Fields, 'database or collection', ['readConcern', 'readPreference', 'timeoutMS', 'writeConcern']);
  return optionsOf(run, given as Fields);
}

/** An option that is not heeded would make a test say less than it seems to. */
function refuseOthers(fields: Fields, kind: string, known: readonly string[]): void {
  if (typeof fields !== 'object' || fields === null) throw new TestError(`a ${kind} is described by a document`);
  const other = Object.keys(fields).find((field) => !known.includes(field));
  if (other !== undefined) throw new Unsupported(`${other} of a ${kind}`);
}
