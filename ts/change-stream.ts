import type { Readable } from 'node:stream';
import type { Document } from 'bson';
import { whenAborted } from './abort';
import type { ChangeStreamDocument } from './change-stream/documents';
import { MongoChangeStreamError } from './change-stream/errors';
import type { ChangeStreamOptions, ResumeToken } from './change-stream/options';
import { ResumingCursor } from './change-stream/resuming-cursor';
import type { MongoClient } from './client';
import type { Collection } from './collection';
import { CursorStream } from './cursor/stream';
import type { Db } from './db';
import type { Deadline } from './deadline';
import { TypedEmitter } from './emitter';
import { MongoAPIError, MongoOperationTimeoutError, MongoRuntimeError } from './errors';
import type { MongoDBNamespace } from './namespace';
import type { Scope } from './scope';

// oxlint-disable typescript/no-explicit-any -- as in the official driver's types, on which programs rely
export interface ChangeStreamEvents<TSchema extends Document = Document, TChange extends Document = ChangeStreamDocument<TSchema>> {
  /** A change. Whoever listens makes the stream flow. */
  change(change: TChange): void;
  /** {@link ChangeStream.resumeToken} is another one: of the change before it, or of a time in which there was none. */
  resumeTokenChanged(token: ResumeToken): void;
  /** A server has opened it, at first or to resume it, and replied so. */
  init(reply: any): void;
  /** A server was asked for more, and replied so. */
  more(reply?: any): void;
  /** After `init` and `more`. */
  response(): void;
  /** The server has ended it, and it was read to its end. */
  end(): void;
  /** It failed and will be closed; by a time-out of `timeoutMS`, it goes on. */
  error(error: Error): void;
  /** Once, whatever it was closed by. */
  close(): void;
}

const CLOSED = 'ChangeStream is closed';

/**
 * The changes of a collection, a database or all of a deployment, as they happen; made by their `watch`. It resumes by itself
 * where a server is lost ("Change Streams"). A pipeline with a `$changeStream` of your own does not.
 *
 * It is read by {@link ChangeStream.next} and its like, or by listening to `change`, not by both.
 *
 * To go on after a crash, keep {@link ChangeStream.resumeToken} after each change, and where there are none after each
 * {@link ChangeStream.tryNext} or `resumeTokenChanged`: it also moves on with what the pipeline leaves out. Change by change,
 * their `_id`s do the same, but may be gone from the oplog when they are needed.
 *
 * `timeoutMS` bounds each call, with all that it takes to resume. After {@link MongoOperationTimeoutError} a call can be made
 * again, and resumes. If it passes before there was any change, the server does not get through its oplog in that time: open
 * another stream with more of it.
 */
export class ChangeStream<TSchema extends Document = Document, TChange extends Document = ChangeStreamDocument<TSchema>>
  extends TypedEmitter<ChangeStreamEvents<TSchema, TChange>>
  implements AsyncDisposable
{
  static readonly CHANGE = 'change';
  static readonly CLOSE = 'close';
  static readonly END = 'end';
  static readonly ERROR = 'error';
  static readonly INIT = 'init';
  static readonly MORE = 'more';
  static readonly RESPONSE = 'response';
  static readonly RESUME_TOKEN_CHANGED = 'resumeTokenChanged';

  readonly parent: MongoClient | Db | Collection<any>;
  readonly #cursor: ResumingCursor;
  #mode: 'iterator' | 'emitter' | undefined;
  #isFlowing = false;
  #hasEnded = false;
  #isClosed = false;
  #stopListening: (() => void) | undefined;

  /** @internal */
  constructor(parent: MongoClient | Db | Collection<any>, scope: Scope, namespace: MongoDBNamespace, pipeline: readonly Document[], options: ChangeStreamOptions) {
    super();
    this.parent = parent;
    const told = (name: 'init' | 'more') => (reply: Document) => {
      this.emit(name, reply);
      this.emit('response');
    };
    this.#cursor = new ResumingCursor(scope, namespace, [...pipeline], { ...options }, {
      init: told('init'),
      more: told('more'),
      resumeTokenChanged: (token) => this.emit('resumeTokenChanged', token),
    });
    if (options.signal) this.#stopListening = whenAborted(options.signal, () => void this.close());
  }

  /** The user's stages. */
  get pipeline(): readonly Document[] {
    return this.#cursor.pipeline;
  }

  get options(): Readonly<ChangeStreamOptions> {
    return this.#cursor.options;
  }

  get namespace(): MongoDBNamespace {
    return this.#cursor.namespace;
  }

  /** Where the stream would be resumed now: behind what was read. `null` before anything is known. */
  get resumeToken(): ResumeToken {
    return this.#cursor.resumeToken;
  }

  /** Whether it is closed, by its user or by the server, and read to its end. */
  get closed(): boolean {
    return this.#isClosed || (this.#cursor.isExhausted && this.#cursor.buffered === 0);
  }

  /** How many changes have arrived and not been read. */
  bufferedCount(): number {
    return this.#cursor.buffered;
  }

  /** Opens it at the server now, not with its first use: there are no earlier changes in it than from then on. */
  async open(): Promise<this> {
    return this.#attempt(async (deadline) => {
      await this.#cursor.open(deadline);
      this.#checkOpen();
      return this;
    });
  }

  /**
   * Waits for the next change.
   *
   * @throws {@link MongoAPIError} once it is closed, {@link MongoRuntimeError} once the server has ended it,
   * {@link MongoOperationTimeoutError}, {@link MongoChangeStreamError} for a change that the pipeline has left without `_id`.
   */
  async next(): Promise<TChange> {
    return this.#iterate(async (deadline) => {
      if (await this.#fill(deadline)) return this.#cursor.take() as TChange;
      throw new MongoRuntimeError(CLOSED, { code: 'FERROPOOL_CHANGE_STREAM_CLOSED' });
    });
  }

  /** The next change that has arrived or is there at once: `null` after the server had none for `maxAwaitTimeMS`. */
  async tryNext(): Promise<TChange | null> {
    return this.#iterate(async (deadline) => {
      if (this.#cursor.buffered === 0 && !this.#isAtEnd()) await this.#cursor.fetch(deadline);
      this.#checkOpen();
      return this.#cursor.buffered > 0 ? (this.#cursor.take() as TChange) : null;
    });
  }

  /** Waits until there is another change; `false` if there will be none. */
  async hasNext(): Promise<boolean> {
    if (this.#isClosed) return false;
    return this.#iterate(async (deadline) => {
      const hasNext = await this.#fill(deadline);
      if (!hasNext) await this.close();
      return hasNext;
    });
  }

  /** The changes, without end: like {@link ChangeStream.next}, a loop fails where the stream is closed elsewhere. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TChange, void, void> {
    if (this.closed) return;
    try {
      for (;;) yield await this.next();
    } finally {
      await this.close();
    }
  }

  /**
   * The changes as a stream, whose destruction closes this.
   *
   * @throws {@link MongoChangeStreamError} if it is closed.
   */
  stream(): Readable & AsyncIterable<TChange> {
    if (this.closed) throw new MongoChangeStreamError(CLOSED, { code: 'FERROPOOL_CHANGE_STREAM_CLOSED' });
    return new CursorStream({
      next: async () => ((await this.hasNext()) ? this.next() : null),
      close: () => this.close(),
    });
  }

  /**
   * Closes it, at the server too. Who waits for a change hears of it by an error.
   *
   * @param options - `timeoutMS` bounds this instead of the stream's.
   */
  async close(options?: { timeoutMS?: number }): Promise<void> {
    const wasClosed = this.#isClosed;
    this.#isClosed = true;
    this.#stopListening?.();
    await this.#cursor.close(options?.timeoutMS);
    if (!wasClosed) this.emit('close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal Changes flow while somebody listens to them. */
  listenersChanged(): void {
    if (this.listenerCount('change') === 0) return;
    if (this.#mode === 'iterator') {
      this.removeAllListeners('change');
      throw new MongoAPIError('ChangeStream cannot be used as an EventEmitter after being used as an iterator', { code: 'FERROPOOL_CHANGE_STREAM_MODE' });
    }
    this.#mode = 'emitter';
    if (!this.#isFlowing && !this.#isClosed) void this.#flow();
  }

  get #isHeard(): boolean {
    return !this.#isClosed && this.listenerCount('change') > 0;
  }

  async #flow(): Promise<void> {
    this.#isFlowing = true;
    try {
      while (this.#isHeard) {
        await this.#arrival();
        // What arrives while nobody listens any more waits for the next one who does.
        while (this.#isHeard && this.#cursor.buffered > 0) this.emit('change', this.#cursor.take() as TChange);
        if (this.#cursor.buffered === 0 && this.#isAtEnd()) await this.close();
      }
    } catch (error) {
      const { signal } = this.options;
      if (signal?.aborted) this.#report(signal.reason as Error);
      else if (!this.#isClosed) this.#report(error as Error);
      await this.close();
    } finally {
      this.#isFlowing = false;
    }
  }

  /** Waits for one batch. A quiet collection is no time-out: each batch has its own. */
  async #arrival(): Promise<void> {
    if (this.#cursor.buffered > 0) return;
    try {
      await this.#cursor.fetch(this.#cursor.deadline());
      this.#checkOpen();
    } catch (error) {
      if (!(error instanceof MongoOperationTimeoutError) || !this.#cursor.hasOpened || this.#isClosed) throw error;
      this.#report(error);
    }
  }

  #report(error: Error): void {
    if (this.emit('error', error)) return;
    queueMicrotask(() => {
      throw error;
    });
  }

  /** What the server has ended and what was read so far; the first call that finds it so says it. */
  #isAtEnd(): boolean {
    // One that its user has closed has not ended.
    const isExhausted = this.#cursor.isExhausted && !this.#isClosed;
    if (isExhausted && !this.#hasEnded) {
      this.#hasEnded = true;
      this.emit('end');
    }
    return isExhausted;
  }

  /** Waits for changes. Whether there are any: if not, that was the end. */
  async #fill(deadline: Deadline | undefined): Promise<boolean> {
    while (this.#cursor.buffered === 0) {
      if (this.#isAtEnd()) return false;
      await this.#cursor.fetch(deadline);
      this.#checkOpen();
    }
    return true;
  }

  async #iterate<T>(step: (deadline: Deadline | undefined) => Promise<T>): Promise<T> {
    if (this.#mode === 'emitter') {
      throw new MongoAPIError('ChangeStream cannot be used as an iterator after being used as an EventEmitter', { code: 'FERROPOOL_CHANGE_STREAM_MODE' });
    }
    this.#mode = 'iterator';
    return this.#attempt(step);
  }

  /** What fails closes the stream, except for a time-out. */
  async #attempt<T>(step: (deadline: Deadline | undefined) => Promise<T>): Promise<T> {
    try {
      this.#checkOpen();
      return await step(this.#cursor.deadline());
    } catch (error) {
      this.#checkOpen();
      if (!(error instanceof MongoOperationTimeoutError)) await this.close();
      throw error;
    }
  }

  #checkOpen(): void {
    this.options.signal?.throwIfAborted();
    if (this.#isClosed) throw new MongoAPIError(CLOSED, { code: 'FERROPOOL_CHANGE_STREAM_CLOSED' });
  }
}
