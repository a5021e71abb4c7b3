// oxlint-disable typescript/no-explicit-any -- where the official driver's types say `any`, programs rely on it
import type { Document } from 'bson';
import type { BSONSerializeOptions } from './bson-options';
import { bulkWrite, insertMany } from './bulk/bulk-write';
import type { AnyBulkWriteOperation, BulkWriteOptions, InsertManyResult } from './bulk/models';
import { OrderedBulkOperation, UnorderedBulkOperation } from './bulk/operations';
import type { BulkWriteResult } from './bulk/result';
import { ChangeStream } from './change-stream';
import type { ChangeStreamDocument } from './change-stream/documents';
import { watchArguments, type ChangeStreamOptions, type WatchArguments } from './change-stream/options';
import type { AggregateOptions } from './collection/aggregate';
import { checkArgument, checkReplacement, checkUpdate, formatFilter, formatHint, type Hint } from './collection/fields';
import type { FindOneOptions, FindOptions } from './collection/find';
import {
  findAndModify,
  type FindOneAndDeleteOptions,
  type FindOneAndReplaceOptions,
  type FindOneAndUpdateOptions,
  type ModifyResult,
} from './collection/find-and-modify';
import {
  createIndexes,
  indexKeys,
  type CreateIndexesOptions,
  type IndexDescription,
  type IndexDescriptionCompact,
  type IndexDescriptionInfo,
  type IndexInformationOptions,
  type IndexSpecification,
} from './collection/indexes';
import {
  count,
  countDocuments,
  distinct,
  estimatedDocumentCount,
  findOne,
  type CountDocumentsOptions,
  type CountOptions,
  type DistinctOptions,
  type EstimatedDocumentCountOptions,
} from './collection/read';
import type { Filter, Flatten, OptionalUnlessRequiredId, UpdateFilter, WithId, WithoutId } from './collection/types';
import {
  deleteDocuments,
  deleteStatement,
  insertOne,
  update,
  updateStatement,
  WRITE_ONCE,
  type DeleteOptions,
  type DeleteResult,
  type InsertOneOptions,
  type InsertOneResult,
  type ReplaceOptions,
  type UpdateOptions,
  type UpdateResult,
} from './collection/write';
import type { ReadConcern, ReadPreference, WriteConcern } from './concerns';
import { AggregationCursor } from './cursor/aggregation-cursor';
import { FindCursor } from './cursor/find-cursor';
import { ListIndexesCursor, ListSearchIndexesCursor, type ListIndexesOptions } from './cursor/list-cursors';
import type { AbstractCursorOptions } from './cursor/options';
import type { Db, DropCollectionOptions, RenameOptions } from './db';
import { MongoAPIError, MongoInvalidArgumentError, MongoServerError, NAMESPACE_NOT_FOUND } from './errors';
import { checkCollectionName, MongoDBNamespace } from './namespace';
import type { PrimaryKeyOptions } from './primary-key';
import { checkWriteConcern } from './replies';
import { Scope, type CommandOperationOptions, type OperationOptions } from './scope';
import { Settings, type SettingsOptions } from './settings';
import type { Sort } from './sort';

export type CollectionOptions = Omit<SettingsOptions, 'rawData'>;
export type DropIndexesOptions = CommandOperationOptions;

export interface SearchIndexDescription extends Document {
  name?: string;
  definition: Document;
  /** `search` or `vectorSearch`. */
  type?: string;
}

/** A collection of a database. Arguments, options and results are the official Node.js driver's. */
export class Collection<TSchema extends Document = Document> {
  readonly db: Db;
  readonly #namespace: MongoDBNamespace;
  readonly #scope: Scope;
  readonly #keys: PrimaryKeyOptions;
  #hint: Hint | undefined;

  /** @throws {@link MongoInvalidArgumentError} if it cannot have such a name. */
  constructor(db: Db, name: string, options: CollectionOptions = {}) {
    checkCollectionName(name);
    const { client, databaseName, scope } = db;
    this.db = db;
    this.#namespace = new MongoDBNamespace(databaseName, name);
    this.#scope = new Scope(client, databaseName, new Settings(options, scope.settings));
    this.#keys = db.options;
  }

  /** The database's name. */
  get dbName(): string {
    return this.#namespace.db;
  }

  get collectionName(): string {
    return this.#namespace.collection as string;
  }

  /** `database.collection`. */
  get namespace(): string {
    return this.#namespace.toString();
  }

  get readConcern(): ReadConcern | undefined {
    return this.#scope.settings.readConcern;
  }

  get readPreference(): ReadPreference | undefined {
    return this.#scope.settings.readPreference;
  }

  get writeConcern(): WriteConcern | undefined {
    return this.#scope.settings.writeConcern;
  }

  get bsonOptions(): BSONSerializeOptions {
    return this.#scope.settings.bson as BSONSerializeOptions;
  }

  get timeoutMS(): number | undefined {
    return this.#scope.settings.timeoutMS;
  }

  get hint(): Hint | undefined {
    return this.#hint;
  }

  set hint(hint: Hint | undefined) {
    this.#hint = hint && formatHint(hint);
  }

  /** Inserts a document, which is given an `_id` unless it has one. */
  insertOne(document: OptionalUnlessRequiredId<TSchema>, options?: InsertOneOptions): Promise<InsertOneResult<TSchema>> {
    return promised(() => insertOne(this.#scope.with(options), this.collectionName, document, options, this.#keys));
  }

  /** Inserts documents, in as many commands as it takes. */
  insertMany(documents: ReadonlyArray<OptionalUnlessRequiredId<TSchema>>, options?: BulkWriteOptions): Promise<InsertManyResult<TSchema>> {
    return insertMany(this.#scope, this.collectionName, documents, options, this.#keys);
  }

  /**
   * Does writes of all kinds, in as few commands as it takes.
   *
   * @throws {@link MongoBulkWriteError} with what was done.
   */
  bulkWrite(operations: ReadonlyArray<AnyBulkWriteOperation<TSchema>>, options?: BulkWriteOptions): Promise<BulkWriteResult> {
    return bulkWrite(this.#scope, this.collectionName, operations as ReadonlyArray<AnyBulkWriteOperation>, options, this.#keys);
  }

  initializeOrderedBulkOp(options?: BulkWriteOptions): OrderedBulkOperation {
    return new OrderedBulkOperation(this.#scope, this.collectionName, options, this.#keys);
  }

  initializeUnorderedBulkOp(options?: BulkWriteOptions): UnorderedBulkOperation {
    return new UnorderedBulkOperation(this.#scope, this.collectionName, options, this.#keys);
  }

  updateOne(filter: Filter<TSchema>, change: UpdateFilter<TSchema> | Document[], options?: UpdateOptions & { sort?: Sort }): Promise<UpdateResult<TSchema>> {
    return promised(() => this.#update(filter, change, options, false));
  }

  updateMany(filter: Filter<TSchema>, change: UpdateFilter<TSchema> | Document[], options?: UpdateOptions): Promise<UpdateResult<TSchema>> {
    return promised(() => this.#update(filter, change, options, true));
  }

  #update(filter: Filter<TSchema>, change: Document, options: (UpdateOptions & { sort?: Sort }) | undefined, multi: boolean): Promise<UpdateResult<TSchema>> {
    const scope = this.#scope.with(options);
    const statement = updateStatement(filter, checkUpdate(change, scope.settings.bson.ignoreUndefined), options, multi);
    return update(scope, this.collectionName, statement, options);
  }

  replaceOne(filter: Filter<TSchema>, replacement: WithoutId<TSchema>, options?: ReplaceOptions): Promise<UpdateResult<TSchema>> {
    return promised(() =>
      update(this.#scope.with(options), this.collectionName, updateStatement(filter, checkReplacement(replacement), options, false), options),
    );
  }

  deleteOne(filter: Filter<TSchema> = {}, options?: DeleteOptions): Promise<DeleteResult> {
    return promised(() => deleteDocuments(this.#scope.with(options), this.collectionName, deleteStatement(filter, options, 1), options));
  }

  deleteMany(filter: Filter<TSchema> = {}, options?: DeleteOptions): Promise<DeleteResult> {
    return promised(() => deleteDocuments(this.#scope.with(options), this.collectionName, deleteStatement(filter, options, 0), options));
  }

  /** The documents that a filter matches, as they are read from the cursor. */
  find(): FindCursor<WithId<TSchema>>;
  find(filter: Filter<TSchema>, options?: FindOptions): FindCursor<WithId<TSchema>>;
  find<T extends Document>(filter: Filter<TSchema>, options?: FindOptions): FindCursor<T>;
  find(filter: Filter<TSchema> = {}, options: FindOptions = {}): FindCursor<WithId<TSchema>> {
    return new FindCursor(this.#scope, this.#namespace, formatFilter(filter), options);
  }

  /** The first document that a filter matches. */
  findOne(): Promise<WithId<TSchema> | null>;
  findOne(filter: Filter<TSchema>): Promise<WithId<TSchema> | null>;
  findOne(filter: Filter<TSchema>, options: FindOneOptions): Promise<WithId<TSchema> | null>;
  findOne<T = TSchema>(): Promise<T | null>;
  findOne<T = TSchema>(filter: Filter<TSchema>): Promise<T | null>;
  findOne<T = TSchema>(filter: Filter<TSchema>, options?: FindOneOptions): Promise<T | null>;
  findOne(filter: Filter<TSchema> = {}, options?: FindOneOptions): Promise<WithId<TSchema> | null> {
    return promised(() => findOne(this.#scope.with(options), this.collectionName, filter, options));
  }

  findOneAndDelete(filter: Filter<TSchema>, options: FindOneAndDeleteOptions & { includeResultMetadata: true }): Promise<ModifyResult<TSchema>>;
  findOneAndDelete(filter: Filter<TSchema>, options?: FindOneAndDeleteOptions): Promise<WithId<TSchema> | null>;
  findOneAndDelete(filter: Filter<TSchema>, options?: FindOneAndDeleteOptions): Promise<any> {
    return promised(() => findAndModify(this.#scope.with(options), this.collectionName, filter, { remove: true }, options));
  }

  findOneAndReplace(filter: Filter<TSchema>, replacement: WithoutId<TSchema>, options: FindOneAndReplaceOptions & { includeResultMetadata: true }): Promise<ModifyResult<TSchema>>;
  findOneAndReplace(filter: Filter<TSchema>, replacement: WithoutId<TSchema>, options?: FindOneAndReplaceOptions): Promise<WithId<TSchema> | null>;
  findOneAndReplace(filter: Filter<TSchema>, replacement: WithoutId<TSchema>, options?: FindOneAndReplaceOptions): Promise<any> {
    return promised(() => {
      checkArgument('replacement', replacement);
      return findAndModify(this.#scope.with(options), this.collectionName, filter, { update: checkReplacement(replacement) }, options);
    });
  }

  findOneAndUpdate(filter: Filter<TSchema>, change: UpdateFilter<TSchema> | Document[], options: FindOneAndUpdateOptions & { includeResultMetadata: true }): Promise<ModifyResult<TSchema>>;
  findOneAndUpdate(filter: Filter<TSchema>, change: UpdateFilter<TSchema> | Document[], options?: FindOneAndUpdateOptions): Promise<WithId<TSchema> | null>;
  findOneAndUpdate(filter: Filter<TSchema>, change: UpdateFilter<TSchema> | Document[], options?: FindOneAndUpdateOptions): Promise<any> {
    return promised(() => {
      checkArgument('update', change);
      const scope = this.#scope.with(options);
      return findAndModify(scope, this.collectionName, filter, { update: checkUpdate(change, scope.settings.bson.ignoreUndefined) }, options);
    });
  }

  /** The documents that a pipeline makes of the collection. */
  aggregate<T extends Document = Document>(pipeline: Document[] = [], options: AggregateOptions = {}): AggregationCursor<T> {
    if (!Array.isArray(pipeline)) throw new MongoInvalidArgumentError('Argument "pipeline" must be an array of aggregation stages');
    return new AggregationCursor(this.#scope, this.#namespace, pipeline, options);
  }

  /** The collection's changes, from the stream's first use on. What the pipeline makes of one must keep its `_id`. */
  watch<TLocal extends Document = TSchema, TChange extends Document = ChangeStreamDocument<TLocal>>(pipeline?: Document[], options?: ChangeStreamOptions): ChangeStream<TLocal, TChange>;
  watch<TLocal extends Document = TSchema, TChange extends Document = ChangeStreamDocument<TLocal>>(options: ChangeStreamOptions): ChangeStream<TLocal, TChange>;
  watch<TLocal extends Document = TSchema, TChange extends Document = ChangeStreamDocument<TLocal>>(...given: WatchArguments): ChangeStream<TLocal, TChange> {
    return new ChangeStream<TLocal, TChange>(this, this.#scope, this.#namespace, ...watchArguments(given));
  }

  /** Counts documents one by one. */
  countDocuments(filter: Filter<TSchema> = {}, options: CountDocumentsOptions = {}): Promise<number> {
    return countDocuments(this.#scope.with(options), this.collectionName, filter, options);
  }

  /** What the collection knows of its size: at once, and not quite exact. */
  async estimatedDocumentCount(options?: EstimatedDocumentCountOptions): Promise<number> {
    return estimatedDocumentCount(this.#scope.with(options), this.collectionName, options);
  }

  /** @deprecated `countDocuments` and `estimatedDocumentCount` say what they count. */
  async count(filter: Filter<TSchema> = {}, options: CountOptions = {}): Promise<number> {
    return count(this.#scope.with(options), this.collectionName, filter, options);
  }

  /** The values of a field. */
  distinct<Key extends keyof WithId<TSchema>>(key: Key): Promise<Array<Flatten<WithId<TSchema>[Key]>>>;
  distinct<Key extends keyof WithId<TSchema>>(key: Key, filter: Filter<TSchema>, options?: DistinctOptions): Promise<Array<Flatten<WithId<TSchema>[Key]>>>;
  distinct(key: string, filter?: Filter<TSchema>, options?: DistinctOptions): Promise<any[]>;
  async distinct(key: any, filter: Filter<TSchema> = {}, options: DistinctOptions = {}): Promise<any[]> {
    return distinct(this.#scope.with(options), this.collectionName, key as string, filter, options);
  }

  /** Creates an index and gives its name. */
  async createIndex(specification: IndexSpecification, options: CreateIndexesOptions = {}): Promise<string> {
    const [name] = await createIndexes(this.#scope.with(options), this.collectionName, [{ ...options, key: indexKeys(specification) }], options);
    return name as string;
  }

  createIndexes(descriptions: readonly IndexDescription[], options?: CreateIndexesOptions): Promise<string[]> {
    return createIndexes(this.#scope.with(options), this.collectionName, descriptions, options);
  }

  async dropIndex(name: string, options?: DropIndexesOptions): Promise<Document> {
    return this.#administer({ dropIndexes: this.collectionName, index: name }, options, (reply) => reply);
  }

  /** Drops all indexes but that of `_id`; `false` where there is no such collection. */
  async dropIndexes(options?: DropIndexesOptions): Promise<boolean> {
    try {
      await this.dropIndex('*', options);
      return true;
    } catch (error) {
      if (error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND) return false;
      throw error;
    }
  }

  listIndexes(options?: ListIndexesOptions): ListIndexesCursor {
    return new ListIndexesCursor(this.#scope, this.collectionName, options);
  }

  /** Whether there are all of these indexes. */
  async indexExists(names: string | string[], options?: ListIndexesOptions): Promise<boolean> {
    const existing = await this.indexes(options);
    return [names].flat().every((name) => existing.some((index) => index.name === name));
  }

  indexInformation(options: IndexInformationOptions & { full: true }): Promise<IndexDescriptionInfo[]>;
  indexInformation(options?: IndexInformationOptions & { full?: false }): Promise<IndexDescriptionCompact>;
  indexInformation(options?: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]>;
  indexInformation(options?: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]> {
    return this.indexes({ ...options, full: options?.full ?? false });
  }

  indexes(options: IndexInformationOptions & { full: false }): Promise<IndexDescriptionCompact>;
  indexes(options?: IndexInformationOptions & { full?: true }): Promise<IndexDescriptionInfo[]>;
  indexes(options?: IndexInformationOptions): Promise<IndexDescriptionCompact | IndexDescriptionInfo[]>;
  async indexes({ full = true, ...options }: IndexInformationOptions = {}): Promise<any> {
    const indexes = (await this.listIndexes(options).toArray()) as IndexDescriptionInfo[];
    return full ? indexes : Object.fromEntries(indexes.map(({ name, key }) => [name, Object.entries(key)]));
  }

  /** Whether there was one to drop. */
  drop(options?: DropCollectionOptions): Promise<boolean> {
    return this.db.dropCollection(this.collectionName, options);
  }

  rename(newName: string, options?: RenameOptions): Promise<Collection<TSchema>> {
    return this.db.renameCollection<TSchema>(this.collectionName, newName, options);
  }

  /** The options that the collection was created with. */
  async options(options?: OperationOptions): Promise<Document> {
    const [collection] = await this.db.listCollections({ name: this.collectionName }, { ...options, nameOnly: false }).toArray();
    if (!collection?.options) throw new MongoAPIError(`collection ${this.namespace} not found`);
    return collection.options;
  }

  async isCapped(options?: OperationOptions): Promise<boolean> {
    return Boolean((await this.options(options))['capped']);
  }

  listSearchIndexes(options?: AbstractCursorOptions): ListSearchIndexesCursor;
  listSearchIndexes(name: string, options?: AbstractCursorOptions): ListSearchIndexesCursor;
  listSearchIndexes(nameOrOptions?: string | AbstractCursorOptions, options?: AbstractCursorOptions): ListSearchIndexesCursor {
    const name = typeof nameOrOptions === 'string' ? nameOrOptions : undefined;
    return new ListSearchIndexesCursor(this.#scope, this.#namespace, name, typeof nameOrOptions === 'object' ? nameOrOptions : options);
  }

  /** Asks for a search index and gives its name: it is built later. */
  async createSearchIndex(description: SearchIndexDescription): Promise<string> {
    const [name] = await this.createSearchIndexes([description]);
    return name as string;
  }

  async createSearchIndexes(descriptions: readonly SearchIndexDescription[]): Promise<string[]> {
    return this.#search({ createSearchIndexes: this.collectionName, indexes: descriptions }, (reply) =>
      (reply['indexesCreated'] as { name: string }[]).map(({ name }) => name),
    );
  }

  async updateSearchIndex(name: string, definition: Document): Promise<void> {
    await this.#search({ updateSearchIndex: this.collectionName, name, definition }, () => undefined);
  }

  async dropSearchIndex(name: string): Promise<void> {
    await this.#search({ dropSearchIndex: this.collectionName, name }, () => undefined);
  }

  #administer<T>(command: Document, options: CommandOperationOptions | undefined, result: (reply: Document) => T): Promise<T> {
    const scope = this.#scope.with(options);
    return scope.execute(WRITE_ONCE, command, options, (reply, origin) => {
      checkWriteConcern(reply, origin, scope.endpoint);
      return result(reply);
    });
  }

  #search<T>(command: Document, result: (reply: Document) => T): Promise<T> {
    return this.#scope.execute(SEARCH, command, undefined, result);
  }
}

/** Sent once, and without concerns: their service takes none. */
const SEARCH = { kind: 'command', needsPrimary: true } as const;

/** What is refused before there is a promise rejects all the same. An async function would make a second promise of each. */
function promised<T>(start: () => Promise<T>): Promise<T> {
  try {
    return start();
  } catch (error) {
    return Promise.reject(error as Error);
  }
}
