// The operations by name, for each kind of object. What is in no table is not supported yet; another operation is another
// entry.

import type { CommandOptions } from 'ferropool';
import type { EntityKind } from './entities.mjs';
import type { Fields } from './file.mjs';
import { args, type Operation } from './operation.mjs';
import { testRunnerOperations } from './test-runner-operations.mjs';
import { Unsupported } from './unsupported.mjs';

const client: Record<string, Operation> = {
  appendMetadata: async ({ entities }, object, given) => {
    const { driverInfoOptions } = args(given, 'appendMetadata', ['driverInfoOptions']);
    entities.get('client', object).client.appendMetadata(driverInfoOptions as object);
  },
  close: async ({ entities }, object, given) => {
    args(given, 'close', []);
    await entities.get('client', object).close();
  },
};

const database: Record<string, Operation> = {
  runCommand: ({ entities }, object, given) => {
    const { command, readPreference } = args(given, 'runCommand', ['command', 'commandName', 'readPreference']);
    return entities.get('database', object).db.command(command as Fields, commandOptions(readPreference as Fields | undefined));
  },
};

const tables: Readonly<Record<EntityKind | 'testRunner', Readonly<Record<string, Operation>>>> = {
  client,
  database,
  collection: {},
  session: {},
  thread: {},
  value: {},
  testRunner: testRunnerOperations,
};

/** The operation of a kind of object. */
export function operationOf(kind: EntityKind | 'testRunner', name: string): Operation {
  // A test may have entities of kinds that there are none of here.
  const table = tables[kind] ?? {};
  const operation = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!operation) throw new Unsupported(`operation ${name}`);
  return operation;
}

function commandOptions(readPreference: Fields | undefined): CommandOptions {
  if (!readPreference) return {};
  const { mode } = args(readPreference, 'a read preference', ['mode']);
  return { readPreference: mode as NonNullable<CommandOptions['readPreference']> };
}
