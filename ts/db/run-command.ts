import type { Document } from 'bson';
import { BSON_OPTION_NAMES, type BSONSerializeOptions } from '../bson-options';
import type { ReadPreferenceLike } from '../concerns';
import { MongoInvalidArgumentError, MongoTransactionError } from '../errors';
import { checkNames, checkRequest, timeout, type CommandOptions } from '../options';
import { checkWriteConcern } from '../replies';
import type { Scope } from '../scope';
import type { ClientSession } from '../session';

/** For one command of the user's own. A `maxTimeMS` in the command is sent as it is, whatever `timeoutMS` says. */
export interface RunCommandOptions extends Pick<CommandOptions, 'signal' | 'timeoutMS'>, BSONSerializeOptions {
  session?: ClientSession;
  /** Which servers may answer. @defaultValue 'primary' */
  readPreference?: ReadPreferenceLike;
}

const RUN_COMMAND = { kind: 'command', needsPrimary: true } as const;
/** What `Endpoint.command` takes. */
const SIMPLE = ['signal', 'timeoutMS', 'readPreference', 'promoteValues', 'promoteLongs', 'promoteBuffers', 'useBigInt64', 'raw'];
const NAMES = [...new Set([...SIMPLE, 'session', ...BSON_OPTION_NAMES])];

/** Sends a command as it is, once, and gives its reply ("Run Command"). */
export function runCommand(scope: Scope, command: Document, options: RunCommandOptions = {}): Promise<Document> {
  try {
    checkNames('command', options, NAMES);
    const { readPreference, ...others } = options;
    // What is said for the database has to be said for the command.
    if (scope.settings.timeoutMS === undefined && typeof readPreference !== 'object' && Object.keys(others).every((name) => SIMPLE.includes(name))) {
      return scope.endpoint.command(scope.database, command, options as CommandOptions);
    }
    checkRequest(others);
    timeout('timeoutMS', options.timeoutMS);
    if (command === null || typeof command !== 'object') throw new MongoInvalidArgumentError(`The command must be a document, received ${String(command)}`);
    const within = scope.with(options);
    // What a command is told itself counts also where a transaction has a preference of its own ("Transactions").
    if (readPreference !== undefined && within.settings.readPreference?.secondaryOk() && options.session?.inTransaction()) {
      throw new MongoTransactionError('Read preference in a transaction must be primary');
    }
    return within.execute(RUN_COMMAND, command, options, (reply, origin) => {
      checkWriteConcern(reply, origin, scope.endpoint);
      return reply;
    });
  } catch (error) {
    return Promise.reject(error as Error);
  }
}
