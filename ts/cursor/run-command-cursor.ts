import type { Document } from 'bson';
import { MongoAPIError } from '../errors';
import { MongoDBNamespace } from '../namespace';
import type { Scope } from '../scope';
import type { Treatment } from '../settings';
import { AbstractCursor } from './abstract-cursor';
import type { AbstractCursorOptions } from './options';
import type { MoreFields, Opening } from './server-cursor';

export type RunCursorCommandOptions = Pick<
  AbstractCursorOptions,
  'readPreference' | 'session' | 'signal' | 'timeoutMS' | 'timeoutMode' | 'tailable' | 'awaitData' | 'promoteValues' | 'promoteLongs' | 'promoteBuffers' | 'useBigInt64' | 'raw' | 'ignoreUndefined' | 'serializeFunctions' | 'bsonRegExp' | 'enableUtf8Validation'
>;

const RUN_CURSOR_COMMAND: Treatment = { kind: 'command', opensCursor: true };

/** The documents of any command whose reply has a cursor ("Run Command", "runCursorCommand"). */
export class RunCommandCursor extends AbstractCursor {
  readonly command: Readonly<Document>;
  readonly getMoreOptions: { comment?: unknown; maxAwaitTimeMS?: number; batchSize?: number } = {};

  /** @internal */
  constructor(scope: Scope, command: Document, options: RunCursorCommandOptions = {}) {
    super(scope, new MongoDBNamespace(scope.database), options);
    this.command = Object.freeze({ ...command });
  }

  /** The comment of each `getMore`. */
  setComment(comment: unknown): this {
    this.getMoreOptions.comment = comment;
    return this;
  }

  /** How long the server waits for documents in each `getMore`, in milliseconds. */
  setMaxTimeMS(maxTimeMS: number): this {
    this.getMoreOptions.maxAwaitTimeMS = maxTimeMS;
    return this;
  }

  /** How many documents each `getMore` asks for. */
  setBatchSize(batchSize: number): this {
    this.getMoreOptions.batchSize = batchSize;
    return this;
  }

  override clone(): never {
    throw new MongoAPIError('Clone not supported, create a new cursor with db.runCursorCommand');
  }

  override withReadConcern(_readConcern: unknown): never {
    throw new MongoAPIError('RunCommandCursor does not support readConcern it must be attached to the command being run');
  }

  override addCursorFlag(_flag: string, _value: boolean): never {
    throw new MongoAPIError('RunCommandCursor does not support cursor flags, they must be attached to the command being run');
  }

  override maxTimeMS(_value: number): never {
    throw new MongoAPIError('maxTimeMS must be configured on the command document directly, to configure getMore.maxTimeMS use cursor.setMaxTimeMS()');
  }

  override batchSize(_value: number): never {
    throw new MongoAPIError('batchSize must be configured on the command document directly, to configure getMore.batchSize use cursor.setBatchSize()');
  }

  /** @internal */
  protected override opening(): Opening {
    return { command: { ...this.command }, treatment: RUN_CURSOR_COMMAND };
  }

  /** @internal */
  protected override moreFields(): MoreFields {
    const { batchSize, maxAwaitTimeMS, comment } = this.getMoreOptions;
    return { batchSize, maxTimeMS: maxAwaitTimeMS, comment };
  }
}
