import type { Document } from 'bson';
import { copy } from './collection/fields';
import type { Db } from './db';
import { MongoUnexpectedServerResponseError } from './errors';
import type { RunCommandOptions } from './db/run-command';
import type { Scope, CommandOperationOptions } from './scope';

export interface ListDatabasesOptions extends Omit<CommandOperationOptions, 'rawData'> {
  /** On the descriptions of the databases. */
  filter?: Document;
  /** Whether names are enough. */
  nameOnly?: boolean;
  /** Whether a user sees what he may see. */
  authorizedDatabases?: boolean;
}

export interface ListDatabasesResult {
  databases: ({ name: string; sizeOnDisk?: number; empty?: boolean } & Document)[];
  totalSize?: number;
  totalSizeMb?: number;
  ok: 1 | 0;
}

export interface ValidateCollectionOptions extends Omit<CommandOperationOptions, 'rawData'> {
  /** Whether reads and writes go on meanwhile. */
  background?: boolean;
}

const LIST_DATABASES = { kind: 'read', takesReadConcern: false, retryable: true, needsPrimary: true } as const;

const LIST_DATABASES_FIELDS: ReadonlySet<string> = new Set(['nameOnly', 'filter', 'authorizedDatabases']);

/** What concerns a deployment as a whole. */
export class Admin {
  readonly #db: Db;
  readonly #scope: Scope;

  /** @internal @param scope - The database `admin`. */
  constructor(db: Db, scope: Scope) {
    this.#db = db;
    this.#scope = scope;
  }

  /** Runs a command on the database `admin`. */
  command(command: Document, options?: RunCommandOptions): Promise<Document> {
    return this.#db.client.db('admin').command(command, options);
  }

  buildInfo(options?: RunCommandOptions): Promise<Document> {
    return this.command({ buildInfo: 1 }, options);
  }

  /** The same as {@link Admin.buildInfo}. */
  serverInfo(options?: RunCommandOptions): Promise<Document> {
    return this.buildInfo(options);
  }

  serverStatus(options?: RunCommandOptions): Promise<Document> {
    return this.command({ serverStatus: 1 }, options);
  }

  ping(options?: RunCommandOptions): Promise<Document> {
    return this.command({ ping: 1 }, options);
  }

  replSetGetStatus(options?: RunCommandOptions): Promise<Document> {
    return this.command({ replSetGetStatus: 1 }, options);
  }

  removeUser(username: string, options?: CommandOperationOptions): Promise<boolean> {
    return this.#db.client.db('admin').removeUser(username, options);
  }

  async listDatabases(options: ListDatabasesOptions = {}): Promise<ListDatabasesResult> {
    const command = copy({ listDatabases: 1 }, options, LIST_DATABASES_FIELDS);
    return this.#scope.with(options).execute(LIST_DATABASES, command, options, (reply) => reply as ListDatabasesResult);
  }

  /** @throws {@link MongoUnexpectedServerResponseError} if it is not valid. */
  async validateCollection(name: string, { session, signal, timeoutMS, readPreference, ...fields }: ValidateCollectionOptions = {}): Promise<Document> {
    const reply = await this.#db.command({ validate: name, ...fields }, given({ session, signal, timeoutMS, readPreference }));
    const { valid = true, result } = reply as { valid?: boolean; result?: string };
    if (!valid || (typeof result === 'string' && /exception|corrupt/.test(result))) throw new MongoUnexpectedServerResponseError(`Invalid collection ${name}`);
    return reply;
  }
}

function given(options: Record<string, unknown>): RunCommandOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
