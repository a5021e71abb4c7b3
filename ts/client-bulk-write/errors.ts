import { MongoRuntimeError, MongoServerError } from '../errors';
import type { ClientBulkWriteError, ClientBulkWriteResult } from './result';

/** A client's bulk failed, as a whole (then the `cause` says by what) or in some of its writes. */
export class MongoClientBulkWriteError extends MongoServerError {
  /** One for each command whose write concern was not satisfied. */
  writeConcernErrors: ClientBulkWriteError[] = [];
  /** By the index of the write. */
  writeErrors: Map<number, ClientBulkWriteError> = new Map();
  /** What was done, where it is known that something was. */
  declare partialResult?: ClientBulkWriteResult;

  override get name(): string {
    return 'MongoClientBulkWriteError';
  }
}

/** A client's bulk has nothing to do. */
export class MongoClientBulkWriteExecutionError extends MongoRuntimeError {
  override get name(): string {
    return 'MongoClientBulkWriteExecutionError';
  }
}
