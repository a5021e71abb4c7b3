// The operations by name, for each kind of object. What is in no table is not supported yet; another operation is another
// entry.

import type { EntityKind } from './entities.mjs';
import { refuseNever } from './never.mjs';
import type { Operation, Operations } from './operation.mjs';
import { clientOperations } from './operations-client.mjs';
import { collectionOperations } from './operations-collection.mjs';
import { changeStreamOperations, cursorOperations } from './operations-cursor.mjs';
import { databaseOperations } from './operations-database.mjs';
import { sessionOperations } from './operations-session.mjs';
import { sessionAssertions } from './session-assertions.mjs';
import { testRunnerOperations } from './test-runner-operations.mjs';
import { Unsupported } from './unsupported.mjs';

const tables: Readonly<Record<EntityKind | 'testRunner', Operations>> = {
  client: clientOperations,
  database: databaseOperations,
  collection: collectionOperations,
  session: sessionOperations,
  cursor: cursorOperations,
  changeStream: changeStreamOperations,
  thread: {},
  topologyDescription: {},
  value: {},
  testRunner: { ...testRunnerOperations, ...sessionAssertions },
};

/** The operation of a kind of object. */
export function operationOf(kind: EntityKind | 'testRunner', name: string): Operation {
  refuseNever(name);
  // A test may have entities of kinds that there are none of here.
  const table = tables[kind] ?? {};
  const operation = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!operation) throw new Unsupported(`operation ${name} of a ${kind}`);
  return operation;
}
