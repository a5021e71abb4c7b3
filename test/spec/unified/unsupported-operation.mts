// Looks through a test before it is run for operations that are in no table.

import type { EntityKind } from './entities.mjs';
import type { EntitySpec, OperationSpec, UnifiedFile, UnifiedTest } from './file.mjs';
import { operationOf } from './operations.mjs';
import { Unsupported } from './unsupported.mjs';

/** Names what is not supported; `undefined` if all of it is, as far as can be seen without running it. */
export function unsupportedOperation(file: UnifiedFile, test: UnifiedTest): string | undefined {
  const operations = test.operations.flatMap(withNested);
  const created = operations.flatMap((operation) => (operation.name === 'createEntities' ? (operation.arguments?.['entities'] ?? []) : []));
  const kinds = new Map<string, EntityKind | 'testRunner'>([['testRunner', 'testRunner']]);
  for (const spec of [...(file.createEntities ?? []), ...(created as EntitySpec[])]) {
    for (const [kind, { id }] of Object.entries(spec)) kinds.set(id, kind as EntityKind);
  }
  for (const { object, name } of operations) {
    const kind = kinds.get(object);
    // What a test saved is known only by running it.
    if (kind === undefined) continue;
    try {
      operationOf(kind, name);
    } catch (error) {
      if (error instanceof Unsupported) return error.message;
      throw error;
    }
  }
  return undefined;
}

/** An operation, and the one that it runs on a thread. */
function withNested(operation: OperationSpec): OperationSpec[] {
  const nested = operation.name === 'runOnThread' ? operation.arguments?.['operation'] : undefined;
  return nested ? [operation, nested as OperationSpec] : [operation];
}
