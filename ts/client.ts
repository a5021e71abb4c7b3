import type { Document } from 'bson';
import { ChangeStream } from './change-stream';
import type { ChangeStreamDocument } from './change-stream/documents';
import { watchArguments, type ChangeStreamOptions, type WatchArguments } from './change-stream/options';
import type { MongoClientOptions } from './client-options';
import type { BSONSerializeOptions } from './bson-options';
import { clientBulkWrite } from './client-bulk-write/execute';
import type { ClientBulkWriteModel, ClientBulkWriteOptions } from './client-bulk-write/models';
import type { ClientBulkWriteResult } from './client-bulk-write/result';
import { clientSettings, documentOptions, withoutDocumentOptions, type DocumentOptions } from './client-settings';
import { ReadPreference, type ReadConcern, type WriteConcern } from './concerns';
import { Db, type DbOptions } from './db';
import { checkDriverInfo, type DriverInfo } from './driver-info';
import { Endpoint } from './endpoint';
import { callNative, MongoInvalidArgumentError } from './errors';
import { ClientSession, type ClientSessionOptions } from './session';
import { checkNames, checkRequest, count, type PoolStats, type WarmOptions } from './options';
import { withNameServers } from './name-servers';
import { MongoDBNamespace } from './namespace';
import { native } from './native';
import { Scope } from './scope';
import type { Settings } from './settings';

/** Asks the core for `minPoolSize`, wherever that was set. */
const MIN_POOL_SIZE = -1;

/** A client of a MongoDB server: its pool, watched and made ready by the core. */
export class MongoClient extends Endpoint {
  /** Those that its user has not ended. */
  readonly #sessions = new Set<ClientSession>();
  /** @internal */
  readonly documentOptions: DocumentOptions;
  #settings: Settings | undefined;
  #isOpen = false;

  /**
   * @param uri - `mongodb://user:password@host:port,…/database?options`, or `mongodb+srv://name/…`. What it asks for and
   * cannot have is a warning of the process.
   * @throws {@link MongoParseError} for the connection string, {@link MongoInvalidArgumentError} for an option.
   */
  constructor(uri: string, options: MongoClientOptions = {}) {
    super(true, uri, withNameServers(uri, withoutDocumentOptions(options)));
    this.documentOptions = documentOptions(options);
  }

  /** A client that is connected. */
  static async connect(uri: string, options?: MongoClientOptions): Promise<MongoClient> {
    const client = new this(uri, options);
    try {
      return await client.connect();
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** Waits until the server can be used, and emits `open` when that is so for the first time. Optional: the first use connects. */
  async connect(): Promise<this> {
    await this.lane.start(this, (slot) => native.connect(this.lane.number, this.id, slot, Infinity), () => undefined);
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.emit('open', this);
    }
    return this;
  }

  /** Waits until so many connections are established. */
  async warm(options: WarmOptions = {}): Promise<void> {
    checkNames('warm', options, ['min', 'signal']);
    checkRequest(options);
    const min = options.min === undefined ? MIN_POOL_SIZE : count('min', options.min);
    await this.lane.start(this, (slot) => native.warm(this.lane.number, this.id, slot, min), () => undefined, options.signal);
  }

  /**
   * Tells servers of a library that wraps this client: in the handshakes from now on, behind what they are told already.
   * Connections that are established are left alone, and what is appended a second time is ignored.
   *
   * @throws {@link MongoInvalidArgumentError}
   */
  appendMetadata(driverInfo: DriverInfo): void {
    checkDriverInfo(driverInfo);
    const { name, version, platform } = driverInfo;
    callNative(() => native.appendMetadata(this.lane.number, this.id, name, version, platform));
  }

  /**
   * Starts a session, for operations that belong together. Whoever starts it ends it.
   *
   * @throws {@link MongoInvalidArgumentError}
   */
  startSession(options?: ClientSessionOptions): ClientSession {
    const session = new ClientSession(this, options);
    this.#sessions.add(session);
    session.once('ended', () => this.#sessions.delete(session));
    return session;
  }

  /** Runs `callback` with a session that ends afterwards. */
  async withSession<T>(callback: (session: ClientSession) => Promise<T>): Promise<T>;
  async withSession<T>(options: ClientSessionOptions, callback: (session: ClientSession) => Promise<T>): Promise<T>;
  async withSession<T>(first: ClientSessionOptions | ((session: ClientSession) => Promise<T>), second?: (session: ClientSession) => Promise<T>): Promise<T> {
    const [options, callback] = typeof first === 'function' ? [{}, first] : [first, second];
    if (typeof callback !== 'function') throw new MongoInvalidArgumentError('withSession needs a function');
    const session = this.startSession(options);
    try {
      return await callback(session);
    } finally {
      // What the callback came to counts, not how its transaction was given up.
      await session.endSession().catch(() => {});
    }
  }

  /**
   * A database; without a name the connection string's, or `test`.
   *
   * @param options - What it and its collections do not take from the client.
   */
  db(name?: string, options?: DbOptions): Db {
    const chosen = name === undefined ? (this.options.dbName ?? 'test') : name;
    return new Db(this, chosen, options);
  }

  /** The changes of all databases, from the stream's first use on. What the pipeline makes of one must keep its `_id`. */
  watch<TSchema extends Document = Document, TChange extends Document = ChangeStreamDocument<TSchema>>(pipeline?: Document[], options?: ChangeStreamOptions): ChangeStream<TSchema, TChange>;
  watch<TSchema extends Document = Document, TChange extends Document = ChangeStreamDocument<TSchema>>(options: ChangeStreamOptions): ChangeStream<TSchema, TChange>;
  watch<TSchema extends Document = Document, TChange extends Document = ChangeStreamDocument<TSchema>>(...given: WatchArguments): ChangeStream<TSchema, TChange> {
    const [pipeline, options] = watchArguments(given);
    const scope = new Scope(this, 'admin', this.settings);
    return new ChangeStream<TSchema, TChange>(this, scope, new MongoDBNamespace('admin'), pipeline, { ...options, allChangesForCluster: true });
  }

  /**
   * Writes to several collections at once, on servers from 8.0 on.
   *
   * @throws {@link MongoClientBulkWriteError} for what servers say, {@link MongoCompatibilityError} where they are older.
   */
  async bulkWrite<SchemaMap extends Record<string, Document> = Record<string, Document>>(
    models: readonly ClientBulkWriteModel<SchemaMap>[],
    options: ClientBulkWriteOptions = {},
  ): Promise<ClientBulkWriteResult> {
    const { pkFactory } = this.documentOptions;
    return clientBulkWrite(new Scope(this, 'admin', this.settings), models as never, options, pkFactory ? { pkFactory } : {});
  }

  get readPreference(): ReadPreference {
    return this.settings.readPreference ?? ReadPreference.primary;
  }

  get readConcern(): ReadConcern | undefined {
    return this.settings.readConcern;
  }

  get writeConcern(): WriteConcern | undefined {
    return this.settings.writeConcern;
  }

  get timeoutMS(): number | undefined {
    return this.settings.timeoutMS;
  }

  get bsonOptions(): BSONSerializeOptions {
    return this.settings.bson as BSONSerializeOptions;
  }

  /** @internal What databases take from the client. */
  get settings(): Settings {
    return (this.#settings ??= clientSettings(this.options, this.documentOptions));
  }

  /** The pool of each server, now: none before the servers are known. */
  pools(): PoolStats[] {
    return this.statistics();
  }
}
