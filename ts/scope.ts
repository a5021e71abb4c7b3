import type { Document } from 'bson';
import { Deadline, refuseTimeout } from './deadline';
import type { Endpoint } from './endpoint';
import type { Execution, Origin } from './execution';
import { EXPLAIN } from './explain';
import type { ClientSession } from './session';
import type { Settings, SettingsOptions, Treatment } from './settings';

/** The options that every operation has. */
export interface OperationOptions extends SettingsOptions {
  session?: ClientSession;
  /** Gives the operation up: its promise is rejected at once with the signal's reason. */
  signal?: AbortSignal;
}

/** An operation's options that have a place in its command, whatever the command is. */
export interface CommandOperationOptions extends OperationOptions {
  /** How long the server may work, in milliseconds. `timeoutMS` supersedes it. */
  maxTimeMS?: number;
  /** Any value, for the server's logs and profiles. */
  comment?: unknown;
}

/** Where operations are executed, and with which settings: a database of a client. */
export class Scope {
  constructor(
    readonly endpoint: Endpoint,
    readonly database: string,
    readonly settings: Settings,
  ) {}

  /** The same place, where `options` say something else with other settings. */
  with(options: object | undefined): Scope {
    const settings = this.settings.with(options);
    return settings === this.settings ? this : new Scope(this.endpoint, this.database, settings);
  }

  /**
   * By when an operation must have ended, if it begins now.
   *
   * @throws {@link MongoInvalidArgumentError} for a `timeoutMS` of its own where its session has one for all ("Validation
   * and Overrides").
   */
  limit(options: OperationOptions | undefined): Deadline | undefined {
    const ofTransaction = options?.session?.deadline;
    if (!ofTransaction) return Deadline.in(options?.timeoutMS ?? this.settings.timeoutMS);
    refuseTimeout(options?.timeoutMS);
    return ofTransaction;
  }

  /** Executes a command with these settings, whatever `options` say of them. `receive` makes the result of the reply. */
  execute<T>(
    treatment: Treatment,
    command: Document,
    options: CommandOperationOptions | undefined,
    receive: (reply: Document, origin: Origin) => T,
    sequences?: Execution['sequences'],
    deadline?: Deadline,
    operationId?: number,
  ): Promise<T> {
    const { endpoint, database, settings } = this;
    try {
      deadline ??= this.limit(options);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    if (options) {
      const { maxTimeMS, comment } = options;
      // An explanation may have a bound of its own, beside that of what it explains.
      const bounded = treatment === EXPLAIN ? (command['explain'] as Document) : command;
      if (comment !== undefined) bounded['comment'] = comment;
      if (maxTimeMS !== undefined && maxTimeMS !== null && deadline === undefined) bounded['maxTimeMS'] = maxTimeMS;
    }
    const execution: Execution = {
      database,
      command,
      sequences,
      profile: settings.profile(treatment),
      session: options?.session,
      deadline,
      operationId,
      signal: options?.signal,
      bson: settings.bson,
    };
    return endpoint.execute(execution, receive);
  }
}
