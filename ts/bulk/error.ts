// oxlint-disable typescript/no-explicit-any -- an `_id` may be anything
import type { Document } from 'bson';
import type { OneOrMore } from '../collection/types';
import { MongoError, MongoServerError, type Failure } from '../errors';
import type { BulkWriteResult, WriteConcernError, WriteError } from './result';

/** Writes of a bulk failed. Carries what was done before, and beside them. */
export class MongoBulkWriteError extends MongoServerError {
  declare result: BulkWriteResult;
  declare writeErrors: OneOrMore<WriteError>;
  /** The write concern that was not satisfied. */
  declare err?: WriteConcernError;

  constructor(reply: Document, result: BulkWriteResult, failure?: Partial<Failure>) {
    super(reply, failure);
    this.result = result;
    this.writeErrors = (reply['writeErrors'] as WriteError[] | undefined) ?? [];
  }

  /** @internal For what ended a bulk from outside: it is the `cause` and the `errorResponse`, and its fields are this one's. */
  static from(error: Error, result: BulkWriteResult): MongoBulkWriteError {
    const { code, address, errorLabels: labels } = error instanceof MongoError ? error : ({} as Partial<MongoError>);
    const bulk = new MongoBulkWriteError({ ...error, message: error.message }, result, {
      ...(labels && { labels }),
      ...(code !== undefined && { code }),
      ...(address !== undefined && { address }),
    });
    return Object.assign(bulk, { cause: error, errorResponse: error });
  }

  override get name(): string {
    return 'MongoBulkWriteError';
  }

  get insertedCount(): number {
    return this.result.insertedCount;
  }

  get matchedCount(): number {
    return this.result.matchedCount;
  }

  get modifiedCount(): number {
    return this.result.modifiedCount;
  }

  get deletedCount(): number {
    return this.result.deletedCount;
  }

  get upsertedCount(): number {
    return this.result.upsertedCount;
  }

  get insertedIds(): { [key: number]: any } {
    return this.result.insertedIds;
  }

  get upsertedIds(): { [key: number]: any } {
    return this.result.upsertedIds;
  }
}
