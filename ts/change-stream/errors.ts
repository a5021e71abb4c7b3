import { MongoRuntimeError } from '../errors';

/** What a change stream sent cannot be worked with, or it is closed. */
export class MongoChangeStreamError extends MongoRuntimeError {
  override get name(): string {
    return 'MongoChangeStreamError';
  }
}
