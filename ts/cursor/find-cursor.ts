import type { Document } from 'bson';
import { formatHint, type CollationOptions, type Hint } from '../collection/fields';
import { FIND, findCommand, type FindOptions } from '../collection/find';
import { count, type CountOptions } from '../collection/read';
import { MongoInvalidArgumentError } from '../errors';
import { EXPLAIN } from '../explain';
import type { MongoDBNamespace } from '../namespace';
import type { Scope } from '../scope';
import { formatSort, type Sort, type SortDirection } from '../sort';
import { countOf, onlyBatch, type Batch } from './batch';
import { MongoTailableCursorError } from './errors';
import { ExplainableCursor } from './explainable-cursor';
import type { MoreFields, Opening } from './server-cursor';

/** By their names in servers that had no `find` command. */
const MODIFIERS: ReadonlyMap<string, keyof FindOptions | 'filter'> = new Map([
  ['$comment', 'comment'],
  ['$explain', 'explain'],
  ['$hint', 'hint'],
  ['$max', 'max'],
  ['$maxTimeMS', 'maxTimeMS'],
  ['$min', 'min'],
  ['$orderby', 'sort'],
  ['$query', 'filter'],
  ['$returnKey', 'returnKey'],
  ['$showDiskLoc', 'showRecordId'],
] as const);

/** The documents that a filter matches. */
// oxlint-disable-next-line typescript/no-explicit-any
export class FindCursor<TSchema = any> extends ExplainableCursor<TSchema> {
  declare protected readonly options: FindOptions;
  #filter: Document;
  /** How many documents have arrived. */
  #received = 0;

  /** @internal */
  constructor(scope: Scope, namespace: MongoDBNamespace, filter: Document, options: FindOptions = {}) {
    super(scope, namespace, options);
    this.#filter = filter;
    if (options.sort) this.options.sort = formatSort(options.sort) as Sort;
  }

  override clone(): FindCursor<TSchema> {
    const { session: _session, ...options } = this.options;
    return new FindCursor(this.scope, this.namespace, this.#filter, options);
  }

  override map<T>(transform: (document: TSchema) => T): FindCursor<T> {
    return super.map(transform) as FindCursor<T>;
  }

  override rewind(): void {
    super.rewind();
    this.#received = 0;
  }

  filter(filter: Document): this {
    this.throwIfInitialized();
    this.#filter = filter;
    return this;
  }

  hint(hint: Hint): this {
    return this.#set('hint', formatHint(hint));
  }

  min(min: Document): this {
    return this.#set('min', min);
  }

  max(max: Document): this {
    return this.#set('max', max);
  }

  returnKey(value: boolean): this {
    return this.#set('returnKey', value);
  }

  showRecordId(value: boolean): this {
    return this.#set('showRecordId', value);
  }

  comment(value: unknown): this {
    return this.#set('comment', value);
  }

  /** How long the server waits for documents of a tailable cursor, in milliseconds. */
  maxAwaitTimeMS(value: number): this {
    if (typeof value !== 'number') throw new MongoInvalidArgumentError('Argument for maxAwaitTimeMS must be a number');
    return this.#set('maxAwaitTimeMS', value);
  }

  project<T extends Document = Document>(value: Document): FindCursor<T> {
    return this.#set('projection', value) as unknown as FindCursor<T>;
  }

  sort(sort: Sort, direction?: SortDirection): this {
    this.#refuseTailable('sorting');
    return this.#set('sort', formatSort(sort, direction) as Sort);
  }

  /** Whether the server may sort on disk. */
  allowDiskUse(allow = true): this {
    this.throwIfInitialized();
    if (!this.options.sort) throw new MongoInvalidArgumentError('Option "allowDiskUse" requires a sort specification');
    return this.#set('allowDiskUse', allow);
  }

  collation(value: CollationOptions): this {
    return this.#set('collation', value);
  }

  limit(value: number): this {
    this.#refuseTailable('limit');
    if (typeof value !== 'number') throw new MongoInvalidArgumentError('Operation "limit" requires an integer');
    return this.#set('limit', value);
  }

  skip(value: number): this {
    this.#refuseTailable('skip');
    if (typeof value !== 'number') throw new MongoInvalidArgumentError('Operation "skip" requires an integer');
    return this.#set('skip', value);
  }

  /** @deprecated Each modifier is a method of its own. */
  addQueryModifier(name: string, value: string | boolean | number | Document): this {
    this.throwIfInitialized();
    const field = MODIFIERS.get(name);
    if (!field) throw new MongoInvalidArgumentError(`Invalid query modifier: ${name}`);
    if (field === 'filter') return this.filter(value as Document);
    return this.#set(field, (field === 'sort' ? formatSort(value as Sort) : value) as never);
  }

  /** @deprecated `countDocuments` and `estimatedDocumentCount` of the collection say what they count. */
  async count(options?: CountOptions): Promise<number> {
    const own = { ...this.options, ...options } as CountOptions;
    return count(this.scope.with(own), this.namespace.collection as string, this.#filter, own);
  }

  /** @internal */
  protected override opening(): Opening {
    const command = findCommand(this.namespace.collection as string, this.#filter, this.options);
    return this.options.explain === undefined ? { command, treatment: FIND } : { command, treatment: EXPLAIN, read: onlyBatch };
  }

  /** @internal */
  protected override command(): Document {
    const { explain: _explain, ...options } = this.options;
    return findCommand(this.namespace.collection as string, this.#filter, options);
  }

  /** @internal */
  protected override received(batch: Batch): void {
    this.#received += countOf(batch);
  }

  /** @internal The server knows of no limit in a getMore: the last batch is asked for no larger than it. */
  protected override moreFields(): MoreFields | undefined {
    const fields = super.moreFields() as MoreFields;
    if (!this.options.limit) return fields;
    const left = Math.abs(this.options.limit) - this.#received;
    if (left <= 0) return undefined;
    return fields.batchSize && fields.batchSize > left ? { ...fields, batchSize: left } : fields;
  }

  #set<Name extends keyof FindOptions>(name: Name, value: FindOptions[Name]): this {
    this.throwIfInitialized();
    this.options[name] = value;
    return this;
  }

  #refuseTailable(what: string): void {
    this.throwIfInitialized();
    if (this.options.tailable) throw new MongoTailableCursorError(`Tailable cursor does not support ${what}`);
  }
}
