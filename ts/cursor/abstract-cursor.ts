import type { Readable } from 'node:stream';
import type { Long } from 'bson';
import { whenAborted } from '../abort';
import { ReadConcern, ReadPreference, type ReadConcernLike, type ReadPreferenceLike } from '../concerns';
import { TypedEmitter } from '../emitter';
import type { UnreadDocuments } from '../decode/unread';
import { MongoAPIError, MongoInvalidArgumentError } from '../errors';
import type { MongoDBNamespace } from '../namespace';
import type { Scope } from '../scope';
import type { Batch } from './batch';
import { MongoCursorExhaustedError, MongoCursorInUseError, MongoTailableCursorError } from './errors';
import { CURSOR_FLAGS, timeoutModeOf, type AbstractCursorOptions, type CursorFlag } from './options';
import { ServerCursor, type MoreFields, type Opening } from './server-cursor';
import { CursorStream } from './stream';

export interface AbstractCursorEvents {
  close(): void;
}

/**
 * Documents that a server gives in batches. The first command is sent when the first document is asked for; until then
 * the cursor can be changed. It is closed by its end, by an error, by {@link AbstractCursor.close}, by leaving a loop
 * over it or at the end of an `await using`.
 */
// As in the official driver, a cursor of which nothing is known gives anything.
// oxlint-disable-next-line typescript/no-explicit-any
export abstract class AbstractCursor<TSchema = any> extends TypedEmitter<AbstractCursorEvents> implements AsyncDisposable {
  static readonly CLOSE = 'close';

  /** @internal */
  protected readonly scope: Scope;
  /** @internal What the user has said so far. */
  protected readonly options: AbstractCursorOptions;
  #server: ServerCursor;
  #documents: unknown[] = [];
  /** Which of them is next. */
  #position = 0;
  /** Those behind them. */
  #unread: UnreadDocuments | undefined;
  #transform: ((document: TSchema) => unknown) | undefined;
  /** The command under way: all who wait for documents wait for the same one. */
  #request: Promise<Batch | undefined> | undefined;
  #isInitialized = false;
  #isClosed = false;
  #isFailed = false;
  #stopListening: (() => void) | undefined;

  /** @internal */
  protected constructor(scope: Scope, namespace: MongoDBNamespace, options: AbstractCursorOptions) {
    super();
    this.scope = scope;
    this.options = { ...options };
    const mode = timeoutModeOf(options, scope.settings.timeoutMS);
    this.#server = new ServerCursor(namespace, this.options, mode);
  }

  /** @internal The first command, with what the user has said so far. */
  protected abstract opening(): Opening;

  /** @internal What the next `getMore` says; `undefined` where no more documents are wanted. */
  protected moreFields(): MoreFields | undefined {
    const { batchSize, maxAwaitTimeMS, comment } = this.options;
    return { batchSize, maxTimeMS: maxAwaitTimeMS, comment };
  }

  /** @internal A batch has arrived. */
  protected received(_batch: Batch): void {}

  /** Its number at the server: `undefined` before the first command, zero once there is nothing left. */
  get id(): Long | undefined {
    return this.#server.id;
  }

  get namespace(): MongoDBNamespace {
    return this.#server.namespace;
  }

  get readPreference(): ReadPreference {
    return ReadPreference.fromOptions(this.options) ?? this.scope.settings.readPreference ?? ReadPreference.primary;
  }

  get readConcern(): ReadConcern | undefined {
    return ReadConcern.fromOptions(this.options) ?? this.scope.settings.readConcern;
  }

  /** Whether it is closed and its last document was read. */
  get closed(): boolean {
    return this.#isClosed && !this.#isBuffered;
  }

  /** Whether it was closed at the server before its end. */
  get killed(): boolean {
    return this.#server.isKilled;
  }

  /** How many documents have arrived and not been read. */
  bufferedCount(): number {
    return this.#documents.length - this.#position + (this.#unread?.count ?? 0);
  }

  /** Whether there is one. */
  get #isBuffered(): boolean {
    return this.#position < this.#documents.length || this.#unread !== undefined;
  }

  /** Reads up to so many of them, all by default, as they came: no `map` is applied. */
  readBufferedDocuments(count = Infinity): NonNullable<TSchema>[] {
    const documents = this.#readMade(count);
    while (documents.length < count && this.#unread) {
      this.#makeSome(this.#unread);
      // Not as arguments of one `push`: there may be more documents than a call can have arguments.
      for (const document of this.#readMade(count - documents.length)) documents.push(document);
    }
    return documents as NonNullable<TSchema>[];
  }

  #readMade(count: number): unknown[] {
    const from = this.#position;
    this.#position = Math.min(from + count, this.#documents.length);
    return this.#documents.slice(from, this.#position);
  }

  #makeSome(unread: UnreadDocuments): void {
    try {
      this.#keep(unread.read(), unread.count > 0 ? unread : undefined);
    } catch (error) {
      this.#keep([]);
      this.#fail();
      throw error;
    }
  }

  #keep(documents: unknown[], unread?: UnreadDocuments): void {
    this.#documents = documents;
    this.#position = 0;
    this.#unread = unread;
  }

  /** The next document; `null` at the end. */
  async next(): Promise<TSchema | null> {
    this.#beginIteration();
    this.#checkNotKilled();
    // No turn between the arrival of a document and its taking: others may be waiting for one too.
    while (!this.#isBuffered) {
      if (this.#isClosed) return null;
      await this.#fetch();
    }
    return this.#take();
  }

  /** The same after one command at most: `null` also where there is no document yet. */
  async tryNext(): Promise<TSchema | null> {
    this.#beginIteration();
    this.#checkNotKilled();
    if (!this.#isBuffered && !this.#isClosed) await this.#fetch();
    return this.#isBuffered ? this.#take() : null;
  }

  /** Whether there is another document. */
  async hasNext(): Promise<boolean> {
    this.#beginIteration();
    return !this.killed && this.#fill();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TSchema, void, void> {
    this.options.signal?.throwIfAborted();
    try {
      while (!this.killed) {
        this.#server.beginIteration();
        if (!(await this.#fill())) return;
        while (this.#isBuffered && !this.killed) {
          yield this.#take();
          this.options.signal?.throwIfAborted();
        }
      }
    } finally {
      // Nobody else would close one that failed here.
      if (!this.#isClosed || this.#isFailed) await this.close();
    }
  }

  /** All documents that are left. */
  async toArray(): Promise<TSchema[]> {
    this.options.signal?.throwIfAborted();
    // Made of the first batch, and not before it is there: of arrays that were made in one place and outlived a wait the engine makes the next
    // ones among old objects, where they keep their documents from being collected young. A find of 100 then takes four times as long.
    let array: TSchema[] | undefined;
    try {
      for (this.#server.beginIteration(); !this.killed && (await this.#fill()); this.#server.beginIteration()) {
        if (this.#transform) {
          array ??= [];
          while (this.#isBuffered) array.push(await this.#take());
        } else if (array === undefined) {
          array = this.readBufferedDocuments();
        } else {
          for (const document of this.readBufferedDocuments()) array.push(document);
        }
      }
    } finally {
      if (!this.#isClosed || this.#isFailed) await this.close();
    }
    return array ?? [];
  }

  /** Calls `iterator` for each document until one call returns `false`. */
  async forEach(iterator: (document: TSchema) => boolean | void): Promise<void> {
    if (typeof iterator !== 'function') throw new MongoInvalidArgumentError('Argument "iterator" must be a function');
    for await (const document of this) {
      if (iterator(document) === false) return;
    }
  }

  /** The documents as a stream, whose destruction closes the cursor. */
  stream(): Readable & AsyncIterable<TSchema> {
    return new CursorStream(this);
  }

  /** Changes what the user gets of each document; a promise is waited for. */
  map<T>(transform: (document: TSchema) => T): AbstractCursor<T> {
    this.throwIfInitialized();
    const before = this.#transform as ((document: TSchema) => TSchema) | undefined;
    this.#transform = before ? (document) => transform(before(document)) : transform;
    return this as unknown as AbstractCursor<T>;
  }

  /** @throws {@link MongoInvalidArgumentError} for one that does not exist, and for `exhaust`. */
  addCursorFlag(flag: CursorFlag, value: boolean): this {
    this.throwIfInitialized();
    if (!CURSOR_FLAGS.includes(flag)) throw new MongoInvalidArgumentError(`Flag ${String(flag)} is not one of ${CURSOR_FLAGS.join(',')}`);
    if (typeof value !== 'boolean') throw new MongoInvalidArgumentError(`Flag ${flag} must be a boolean value`);
    if (flag === 'exhaust' && value) throw new MongoInvalidArgumentError('Flag exhaust is not supported: each batch is asked for');
    Object.assign(this.options, { [flag === 'partial' ? 'allowPartialResults' : flag]: value });
    return this;
  }

  withReadPreference(readPreference: ReadPreferenceLike): this {
    this.throwIfInitialized();
    this.options.readPreference = ReadPreference.fromOptions({ readPreference }) as ReadPreference;
    return this;
  }

  withReadConcern(readConcern: ReadConcernLike): this {
    this.throwIfInitialized();
    const resolved = ReadConcern.fromOptions({ readConcern });
    if (resolved) this.options.readConcern = resolved;
    return this;
  }

  /** How long the server may work on the first command, in milliseconds. */
  maxTimeMS(value: number): this {
    this.throwIfInitialized();
    if (typeof value !== 'number') throw new MongoInvalidArgumentError('Argument for maxTimeMS must be a number');
    this.options.maxTimeMS = value;
    return this;
  }

  /** How many documents a batch has at most. */
  batchSize(value: number): this {
    this.throwIfInitialized();
    if (this.options.tailable) throw new MongoTailableCursorError('Tailable cursor does not support batchSize');
    if (typeof value !== 'number') throw new MongoInvalidArgumentError('Operation "batchSize" requires an integer');
    this.options.batchSize = value;
    return this;
  }

  /**
   * Closes the cursor, at the server too. Reading on fails, except for documents of a last batch that has arrived.
   *
   * @param options - `timeoutMS` bounds this instead of the cursor's.
   */
  async close(options?: { timeoutMS?: number }): Promise<void> {
    this.#stopListening?.();
    const wasClosed = this.#isClosed;
    this.#isClosed = true;
    await this.#server.close(options?.timeoutMS);
    if (!wasClosed) this.emit('close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Back to the beginning: the first command will be sent anew. */
  rewind(): void {
    if (!this.#isInitialized) return;
    const { namespace, timeoutMode } = this.#server;
    this.#stopListening?.();
    void this.#server.close();
    this.#server = new ServerCursor(namespace, this.options, timeoutMode);
    this.#unread?.free();
    this.#keep([]);
    this.#request = undefined;
    this.#isInitialized = false;
    this.#isClosed = false;
  }

  /** A cursor that has sent nothing, and is otherwise the same, without session and `map`. */
  abstract clone(): AbstractCursor<TSchema>;

  /** @internal */
  protected throwIfInitialized(): void {
    if (this.#isInitialized) throw new MongoCursorInUseError();
  }

  #beginIteration(): void {
    this.options.signal?.throwIfAborted();
    this.#server.beginIteration();
  }

  #checkNotKilled(): void {
    if (this.killed) throw new MongoCursorExhaustedError();
  }

  /** The next document of those that have arrived, as the user gets it. */
  #take(): TSchema {
    if (this.#position === this.#documents.length && this.#unread) this.#makeSome(this.#unread);
    const document = this.#documents[this.#position++] as TSchema;
    return this.#transform ? this.#transformed(document) : document;
  }

  #transformed(document: TSchema): TSchema {
    try {
      const transformed = this.#transform?.(document) as TSchema;
      // It would look like the end.
      if (transformed === null) throw new MongoAPIError('Cursor returned a `null` document, but the cursor is not exhausted. Mapping documents to `null` is not supported in the cursor transform.');
      return transformed;
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  /** Waits for documents. Whether there are any: if not, that was the end. */
  async #fill(): Promise<boolean> {
    while (!this.#isBuffered) {
      if (this.#isClosed) return false;
      await this.#fetch();
    }
    return true;
  }

  /** Waits for one batch. */
  async #fetch(): Promise<void> {
    let request: Promise<Batch | undefined> | undefined;
    try {
      request = this.#request ??= this.#isInitialized ? this.#more() : this.#open();
      const batch = await request;
      // Another who waited for it was first.
      if (this.#request !== request) return;
      this.#request = undefined;
      // It was opened when it was closed already.
      if (this.#isClosed) {
        await this.#server.close();
        return;
      }
      if (batch) {
        this.#keep(batch.documents, batch.unread);
        this.received(batch);
      }
      if (!batch || batch.id.isZero()) await this.close();
      else if (this.options.prefetch) this.#prefetch();
    } catch (error) {
      this.#fail();
      throw error;
    }
  }

  /** The server has closed it, if it could: it is not told to, unless the user closes it too. */
  #fail(): void {
    this.#stopListening?.();
    void this.#server.endSession();
    if (!this.#isClosed) this.emit('close');
    this.#isClosed = true;
    this.#isFailed = true;
  }

  #open(): Promise<Batch> {
    this.#isInitialized = true;
    const { signal } = this.options;
    if (signal) this.#stopListening = whenAborted(signal, () => void this.close());
    return this.#server.open(this.scope.with(this.options), this.opening());
  }

  /** Asks for the next batch; `undefined` where none is wanted. */
  async #more(): Promise<Batch | undefined> {
    const fields = this.moreFields();
    return fields && this.#server.more(fields);
  }

  #prefetch(): void {
    this.#server.beginIteration();
    this.#request = this.#more();
    // Whoever asks for these documents hears of it.
    this.#request.catch(() => undefined);
  }
}
