import type { Document } from 'bson';
import { BSON_OPTION_NAMES, resolveBSONOptions, type BSONOptions, type BSONSerializeOptions } from '../bson-options';
import { ReadPreference, type ReadPreferenceLike } from '../concerns';
import { MAX_TIME_EXPIRED, MongoOperationTimeoutError, MongoTransactionError, MongoWriteConcernError } from '../errors';
import type { Profile } from '../execution';
import { checkNames, checkRequest, modeNumber, timeout, type CommandOptions } from '../options';
import type { Scope } from '../scope';
import type { ClientSession } from '../session';

/** For one command of the user's own. A `maxTimeMS` in the command is sent as it is, whatever `timeoutMS` says. */
export interface RunCommandOptions extends Pick<CommandOptions, 'signal' | 'timeoutMS'>, BSONSerializeOptions {
  session?: ClientSession;
  /** Which servers may answer. @defaultValue 'primary' */
  readPreference?: ReadPreferenceLike;
}

const NAMES = ['signal', 'timeoutMS', 'readPreference', 'session', ...BSON_OPTION_NAMES];
const NONE: RunCommandOptions = Object.freeze({});
/** A field that is undefined is written, as null. */
const PLAIN: BSONOptions = { ignoreUndefined: false };

/** Sends a command as it is, once, and gives its reply, whatever that says of write concerns ("Run Command"). */
export function runCommand(scope: Scope, command: Document, options = NONE): Promise<Document> {
  try {
    if (options !== NONE) check(options);
    const { endpoint, database } = scope;
    const { session, signal, readPreference } = options;
    const deadline = scope.limit(options);
    const bson = options === NONE ? PLAIN : bsonOf(options);
    const preference = readPreference && typeof readPreference === 'object' ? profileOf(readPreference) : modeNumber(readPreference ?? undefined);
    return endpoint.run({ database, command, session, deadline, signal, bson }, preference, deadline ? refuseTimeout : identity);
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

function check(options: RunCommandOptions): void {
  checkNames('command', options, NAMES);
  const { readPreference, session, timeoutMS, signal } = options;
  checkRequest({ ...(signal !== undefined && { signal }), ...(typeof readPreference === 'string' && { readPreference }) });
  timeout('timeoutMS', timeoutMS);
  // What a command is told itself counts also where a transaction has a preference of its own ("Transactions").
  if (readPreference !== undefined && ReadPreference.fromOptions({ readPreference })?.secondaryOk() && session?.inTransaction()) {
    throw new MongoTransactionError('Read preference in a transaction must be primary');
  }
}

/** Its own, over nothing. Of a reply that is raw nobody can tell which documents are the user's: all that are in it stay bytes. */
function bsonOf({ raw, ...others }: RunCommandOptions): BSONOptions {
  const bson = resolveBSONOptions(others, PLAIN);
  return raw ? { ...bson, raw } : bson;
}

function profileOf(readPreference: ReadPreferenceLike): Profile {
  const preference = ReadPreference.fromOptions({ readPreference }) as ReadPreference;
  return { kind: 'command', readPreference: preference.toJSON() };
}

function identity(reply: Document): Document {
  return reply;
}

/** With a `timeoutMS` a write concern that took too long is a time-out. */
function refuseTimeout(reply: Document): Document {
  const unsatisfied = reply['writeConcernError'] as Document | undefined;
  if (unsatisfied?.['code'] === MAX_TIME_EXPIRED) throw MongoOperationTimeoutError.by(new MongoWriteConcernError(reply));
  return reply;
}
