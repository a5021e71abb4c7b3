import type { Document } from 'bson';
import { Admin } from './admin';
import type { BSONSerializeOptions } from './bson-options';
import { ChangeStream } from './change-stream';
import type { ChangeStreamDocument } from './change-stream/documents';
import { watchArguments, type ChangeStreamOptions, type WatchArguments } from './change-stream/options';
import type { MongoClient } from './client';
import { Collection, type CollectionOptions } from './collection';
import type { AggregateOptions } from './collection/aggregate';
import { copy, type CollationOptions } from './collection/fields';
import type { CreateIndexesOptions, IndexDescriptionCompact, IndexDescriptionInfo, IndexInformationOptions, IndexSpecification } from './collection/indexes';
import { WRITE_ONCE } from './collection/write';
import { ReadPreference, type ReadConcern, type WriteConcern } from './concerns';
import { AggregationCursor } from './cursor/aggregation-cursor';
import { ListCollectionsCursor, type CollectionInfo, type ListCollectionsOptions } from './cursor/list-cursors';
import { RunCommandCursor, type RunCursorCommandOptions } from './cursor/run-command-cursor';
import { runCommand, type RunCommandOptions } from './db/run-command';
import { MongoInvalidArgumentError, MongoServerError, NAMESPACE_NOT_FOUND } from './errors';
import { MongoDBNamespace } from './namespace';
import { checkDatabaseName } from './options';
import type { PkFactory, PrimaryKeyOptions } from './primary-key';
import { checkWriteConcern } from './replies';
import { Scope, type CommandOperationOptions } from './scope';
import { Settings, type SettingsOptions } from './settings';

export interface DbOptions extends Omit<SettingsOptions, 'rawData'>, PrimaryKeyOptions {}

/** How a collection is created; any other option of the server's `create` command is passed on. */
export interface CreateCollectionOptions extends Omit<CommandOperationOptions, 'rawData'> {
  capped?: boolean;
  /** Of a capped collection, in bytes. */
  size?: number;
  /** How many documents a capped collection has at most. */
  max?: number;
  storageEngine?: Document;
  validator?: Document;
  validationLevel?: string;
  validationAction?: string;
  indexOptionDefaults?: Document;
  /** The collection that a view shows. */
  viewOn?: string;
  /** What a view makes of it. */
  pipeline?: Document[];
  pkFactory?: PkFactory;
  collation?: CollationOptions;
  timeseries?: Document & { timeField: string; metaField?: string; granularity?: string; bucketMaxSpanSeconds?: number; bucketRoundingSeconds?: number };
  clusteredIndex?: Document & { name?: string; key: Document; unique: boolean };
  /** When documents of a time series or a clustered collection are removed, in seconds. */
  expireAfterSeconds?: number;
  changeStreamPreAndPostImages?: { enabled: boolean };
}

export type DropCollectionOptions = CommandOperationOptions;
export type DropDatabaseOptions = CommandOperationOptions;

export interface RenameOptions extends Omit<CommandOperationOptions, 'rawData'> {
  /** Whether a collection of that name is dropped. @defaultValue false */
  dropTarget?: boolean;
}

export interface DbStatsOptions extends Omit<CommandOperationOptions, 'rawData'> {
  /** What sizes are divided by. */
  scale?: number;
}

/** Which operations a server records. */
export const ProfilingLevel = Object.freeze({ off: 'off', slowOnly: 'slow_only', all: 'all' } as const);
export type ProfilingLevel = (typeof ProfilingLevel)[keyof typeof ProfilingLevel];

/** By their numbers in the server. */
const LEVELS = ['off', 'slow_only', 'all'] as const;

/** What of the options of `createCollection` is the server's. */
const CREATE_FIELDS: ReadonlySet<string> = new Set([
  'capped',
  'size',
  'max',
  'storageEngine',
  'validator',
  'validationLevel',
  'validationAction',
  'indexOptionDefaults',
  'viewOn',
  'pipeline',
  'collation',
  'timeseries',
  'clusteredIndex',
  'expireAfterSeconds',
  'changeStreamPreAndPostImages',
  'flags',
  'encryptedFields',
]);

/** A database of a client. */
export class Db {
  readonly client: MongoClient;
  /** The database's name. */
  readonly databaseName: string;
  readonly options: DbOptions;
  /** @internal */
  readonly scope: Scope;

  /** @throws {@link MongoInvalidArgumentError} if it cannot have such a name. */
  constructor(client: MongoClient, databaseName: string, options?: DbOptions) {
    checkDatabaseName(databaseName);
    this.client = client;
    this.databaseName = databaseName;
    this.options = { ...client.documentOptions, ...options };
    this.scope = new Scope(client, databaseName, new Settings(options ?? {}, client.settings));
  }

  get namespace(): string {
    return this.databaseName;
  }

  get readConcern(): ReadConcern | undefined {
    return this.scope.settings.readConcern;
  }

  get readPreference(): ReadPreference {
    return this.scope.settings.readPreference ?? ReadPreference.primary;
  }

  get writeConcern(): WriteConcern | undefined {
    return this.scope.settings.writeConcern;
  }

  get bsonOptions(): BSONSerializeOptions {
    return this.scope.settings.bson as BSONSerializeOptions;
  }

  get timeoutMS(): number | undefined {
    return this.scope.settings.timeoutMS;
  }

  get secondaryOk(): boolean {
    return this.readPreference.secondaryOk();
  }

  /**
   * Runs a command and gives its reply. Nothing is inherited but `timeoutMS`, and it is sent once ("Run Command").
   *
   * @throws {@link MongoServerError} if the server refuses it.
   */
  command(command: Document, options?: RunCommandOptions): Promise<Document> {
    return runCommand(this.scope, command, options);
  }

  /** The documents of a command whose reply has a cursor. */
  runCursorCommand(command: Document, options?: RunCursorCommandOptions): RunCommandCursor {
    return new RunCommandCursor(this.scope, command, options);
  }

  /** The same as {@link Db.runCursorCommand}. */
  cursor(command: Document, options?: RunCursorCommandOptions): RunCommandCursor {
    return this.runCursorCommand(command, options);
  }

  /** The documents that a pipeline makes of no collection. */
  aggregate<T extends Document = Document>(pipeline: Document[] = [], options: AggregateOptions = {}): AggregationCursor<T> {
    return new AggregationCursor(this.scope, new MongoDBNamespace(this.databaseName), pipeline, options);
  }

  /** The changes of all its collections, from the stream's first use on. What the pipeline makes of one must keep its `_id`. */
  watch<TSchema extends Document = Document, TChange extends Document = ChangeStreamDocument<TSchema>>(pipeline?: Document[], options?: ChangeStreamOptions): ChangeStream<TSchema, TChange>;
  watch<TSchema extends Document = Document, TChange extends Document = ChangeStreamDocument<TSchema>>(options: ChangeStreamOptions): ChangeStream<TSchema, TChange>;
  watch<TSchema extends Document = Document, TChange extends Document = ChangeStreamDocument<TSchema>>(...given: WatchArguments): ChangeStream<TSchema, TChange> {
    return new ChangeStream<TSchema, TChange>(this, this.scope, new MongoDBNamespace(this.databaseName), ...watchArguments(given));
  }

  admin(): Admin {
    const { endpoint, settings } = this.scope;
    return new Admin(this, new Scope(endpoint, 'admin', settings));
  }

  collection<TSchema extends Document = Document>(name: string, options?: CollectionOptions): Collection<TSchema> {
    return new Collection(this, name, options);
  }

  async createCollection<TSchema extends Document = Document>(name: string, options: CreateCollectionOptions = {}): Promise<Collection<TSchema>> {
    const collection = this.collection<TSchema>(name, options as CollectionOptions);
    await this.#administer(copy({ create: name }, options, CREATE_FIELDS), options);
    return collection;
  }

  /** Whether there was one to drop. */
  async dropCollection(name: string, options?: DropCollectionOptions): Promise<boolean> {
    try {
      await this.#administer({ drop: name }, options);
      return true;
    } catch (error) {
      if (error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND) return false;
      throw error;
    }
  }

  async dropDatabase(options?: DropDatabaseOptions): Promise<boolean> {
    await this.#administer({ dropDatabase: 1 }, options);
    return true;
  }

  /** @param filter - On the descriptions of the collections. */
  listCollections(filter: Document, options: ListCollectionsOptions & { nameOnly: true }): ListCollectionsCursor<Pick<CollectionInfo, 'name' | 'type'>>;
  listCollections(filter?: Document, options?: ListCollectionsOptions): ListCollectionsCursor<CollectionInfo>;
  listCollections<T extends Pick<CollectionInfo, 'name' | 'type'> | CollectionInfo>(filter: Document = {}, options: ListCollectionsOptions = {}): ListCollectionsCursor<T> {
    return new ListCollectionsCursor<T>(this.scope, filter, options);
  }

  /** All collections but the server's own. */
  async collections(options?: ListCollectionsOptions): Promise<Collection[]> {
    const infos = await this.listCollections({}, { ...options, nameOnly: true }).toArray();
    return infos.filter(({ name }) => !name.includes('$')).map(({ name }) => this.collection(name));
  }

  async renameCollection<TSchema extends Document = Document>(from: string, to: string, options: RenameOptions = {}): Promise<Collection<TSchema>> {
    const renamed = this.collection<TSchema>(to);
    const { endpoint, settings } = this.scope;
    const command = { renameCollection: `${this.databaseName}.${from}`, to: renamed.namespace, dropTarget: options.dropTarget ?? false };
    await administer(new Scope(endpoint, 'admin', settings), command, options);
    return renamed;
  }

  createIndex(name: string, specification: IndexSpecification, options?: CreateIndexesOptions): Promise<string> {
    return this.collection(name).createIndex(specification, options);
  }

  indexInformation(name: string, options: IndexInformationOptions & { full: true }): Promise<IndexDescriptionInfo[]>;
  indexInformation(name: string, options?: IndexInformationOptions & { full?: false }): Promise<IndexDescriptionCompact>;
  indexInformation(name: string, options?: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]>;
  indexInformation(name: string, options?: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]> {
    return this.collection(name).indexInformation(options);
  }

  async removeUser(username: string, options?: CommandOperationOptions): Promise<boolean> {
    await this.#administer({ dropUser: username }, options);
    return true;
  }

  async stats(options: DbStatsOptions = {}): Promise<Document> {
    return this.scope.with(options).execute(STATS, copy({ dbStats: true }, options, STATS_FIELDS), options, (reply) => reply);
  }

  /** Which operations the server records. */
  async profilingLevel(options?: RunCommandOptions): Promise<ProfilingLevel> {
    const { was } = (await this.command({ profile: -1 }, options)) as { was: 0 | 1 | 2 };
    return LEVELS[was];
  }

  async setProfilingLevel(level: ProfilingLevel, options?: RunCommandOptions): Promise<ProfilingLevel> {
    const profile = LEVELS.indexOf(level);
    if (profile < 0) throw new MongoInvalidArgumentError(`Profiling level must be one of "${LEVELS.join('", "')}", received ${String(level)}`);
    await this.command({ profile }, options);
    return level;
  }

  #administer(command: Document, options: CommandOperationOptions | undefined): Promise<Document> {
    return administer(this.scope, command, options);
  }
}

const STATS_FIELDS: ReadonlySet<string> = new Set(['scale']);
const STATS = { kind: 'read', takesReadConcern: false } as const;

/** A change of what there is in a database: a write of which it cannot be known whether it was done before. */
function administer(parent: Scope, command: Document, options: CommandOperationOptions | undefined): Promise<Document> {
  const scope = parent.with(options);
  return scope.execute(WRITE_ONCE, command, options, (reply, origin) => {
    checkWriteConcern(reply, origin, scope.endpoint);
    return reply;
  });
}
