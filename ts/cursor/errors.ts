import { MongoAPIError } from '../errors';

/** The cursor has sent its command: it cannot be changed any more. */
export class MongoCursorInUseError extends MongoAPIError {
  constructor(message = 'Cursor is already initialized') {
    super(message);
  }

  override get name(): string {
    return 'MongoCursorInUseError';
  }
}

/** The cursor was closed: nothing more can be read from it. */
export class MongoCursorExhaustedError extends MongoAPIError {
  constructor(message = 'Cursor is exhausted') {
    super(message);
  }

  override get name(): string {
    return 'MongoCursorExhaustedError';
  }
}

/** A tailable cursor does not have what was asked of it. */
export class MongoTailableCursorError extends MongoAPIError {
  constructor(message = 'Tailable cursor does not support this operation') {
    super(message);
  }

  override get name(): string {
    return 'MongoTailableCursorError';
  }
}
