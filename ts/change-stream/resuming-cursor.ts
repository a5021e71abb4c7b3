import type { Document } from 'bson';
import { AGGREGATE, aggregateCommand } from '../collection/aggregate';
import { startImplicitSession } from '../cursor/implicit-session';
import { timeoutModeOf, type AbstractCursorOptions } from '../cursor/options';
import { ServerCursor } from '../cursor/server-cursor';
import { Deadline } from '../deadline';
import { MongoOperationTimeoutError } from '../errors';
import type { MongoDBNamespace } from '../namespace';
import type { Scope } from '../scope';
import type { ClientSession } from '../session';
import type { Treatment } from '../settings';
import { changeStreamStage, type ChangeStreamOptions, type ResumeToken } from './options';
import { isResumable, ResumePoint } from './resume';

const WATCH: Treatment = { ...AGGREGATE, followsChanges: true };

// Cursors that nobody has any more are closed by themselves; a session that outlives them has to be ended here.
const forgotten = new FinalizationRegistry<ClientSession>((session) => void session.endSession());

/** Who hears of what becomes of it. */
export interface Told {
  init(reply: Document): void;
  more(reply: Document): void;
  resumeTokenChanged(token: ResumeToken): void;
}

/**
 * The changes of a stream, over as many cursors of servers as it takes: where one is lost, the next goes on where it was. All
 * of them share a session ("Change Streams", "Resume Process").
 */
export class ResumingCursor {
  readonly #scope: Scope;
  readonly #point: ResumePoint;
  readonly #cursorOptions: AbstractCursorOptions;
  readonly #timeoutMode: ReturnType<typeof timeoutModeOf>;
  #session: ClientSession | undefined;
  /** `undefined` before the first one, and where one was lost. */
  #server: ServerCursor | undefined;
  #documents: unknown[] = [];
  /** Which of them is next. */
  #position = 0;
  #hasOpened = false;
  /** Servers answer only when they have waited for changes, also where the cursor is killed meanwhile. */
  readonly #closing = new AbortController();
  /** The last cursor that was lost is being killed. */
  #killing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  /** The commands under way: all who wait for changes wait for the same ones. */
  #request: Promise<void> | undefined;

  constructor(
    scope: Scope,
    readonly namespace: MongoDBNamespace,
    readonly pipeline: readonly Document[],
    readonly options: ChangeStreamOptions,
    readonly told: Told,
  ) {
    this.#scope = scope.with(options);
    this.#cursorOptions = { ...options, tailable: true, awaitData: true };
    this.#timeoutMode = timeoutModeOf(this.#cursorOptions, this.#scope.settings.timeoutMS);
    this.#point = new ResumePoint(options, (token) => told.resumeTokenChanged(token));
    this.#session = options.session;
  }

  get resumeToken(): ResumeToken {
    return this.#point.token;
  }

  /** How many changes have arrived and not been read. */
  get buffered(): number {
    return this.#documents.length - this.#position;
  }

  /** Whether a server ever had a cursor for it. */
  get hasOpened(): boolean {
    return this.#hasOpened;
  }

  /** Whether the server has no more: the stream was invalidated. */
  get isExhausted(): boolean {
    return this.#server?.isExhausted ?? false;
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** When a call that begins now must have ended, with all that it takes to resume. */
  deadline(): Deadline | undefined {
    return Deadline.in(this.#scope.settings.timeoutMS);
  }

  /** Has a server open it, where none has. */
  async open(deadline: Deadline | undefined): Promise<void> {
    if (!this.#server) await this.#share(() => this.#open(deadline));
  }

  /** Waits for one batch. What a server fails with is thrown unless the stream goes on at another one. */
  async fetch(deadline: Deadline | undefined): Promise<void> {
    await this.#share(() => this.#fetch(deadline));
  }

  /** The next of the changes that have arrived. */
  take(): unknown {
    const change = this.#documents[this.#position++];
    this.#point.returned(change, this.buffered === 0);
    return change;
  }

  /** Closes it at the server too, whose failing is of no consequence. */
  close(timeoutMS?: number): Promise<void> {
    return (this.#closed ??= this.#close(timeoutMS));
  }

  async #close(timeoutMS: number | undefined): Promise<void> {
    this.#closing.abort();
    this.#documents = [];
    this.#position = 0;
    const request = this.#request?.catch(() => undefined);
    if (this.#server?.isPinned) await request;
    await this.#server?.close(timeoutMS);
    // Cursors that are just being opened or killed have the same session.
    void Promise.all([request, this.#killing]).then(() => this.#endSession());
  }

  #share(start: () => Promise<void>): Promise<void> {
    this.#request ??= start().finally(() => (this.#request = undefined));
    return this.#request;
  }

  async #fetch(deadline: Deadline | undefined): Promise<void> {
    const { batchSize, maxAwaitTimeMS, comment } = this.options;
    while (!this.#isClosed) {
      if (!this.#server) await this.#open(deadline);
      const server = this.#server;
      if (!server || server.isExhausted || this.buffered > 0) return;
      try {
        server.beginIteration(deadline);
        // Where the connection is the cursor's own, it can be killed only when this has been answered.
        const signal = server.isPinned ? undefined : this.#closing.signal;
        const batch = await server.more({ batchSize, maxTimeMS: maxAwaitTimeMS, comment }, signal);
        this.#keep(batch.documents);
        this.#point.received(batch);
        this.told.more(batch.reply);
        return;
      } catch (error) {
        this.#lose(server, error);
      }
    }
  }

  /** Servers hear of a beginning, or of where it was lost: a failure here is not resumed from. */
  async #open(deadline: Deadline | undefined): Promise<void> {
    const { options, pipeline } = this;
    if (!this.#session) {
      this.#session = startImplicitSession(this.#scope.endpoint);
      if (this.#session) forgotten.register(this, this.#session, this.#session);
    }
    const session = this.#session && { session: this.#session };
    const server = new ServerCursor(this.namespace, { ...this.#cursorOptions, ...session }, this.#timeoutMode);
    server.beginIteration(deadline);
    const stages = [changeStreamStage(options, this.#point.stage), ...pipeline];
    const command = aggregateCommand(this.namespace.collection ?? 1, stages, options);
    const batch = await server.open(this.#scope, { command, treatment: WATCH });
    if (this.#isClosed) {
      await server.close();
      return;
    }
    this.#server = server;
    this.#hasOpened = true;
    this.#keep(batch.documents);
    this.#point.opened(batch);
    this.told.init(batch.reply);
  }

  #keep(documents: unknown[]): void {
    if (this.#isClosed) return;
    this.#documents = documents;
    this.#position = 0;
  }

  /** Gives a cursor up, and throws what failed unless the stream is to go on at once. */
  #lose(server: ServerCursor, error: unknown): void {
    const isLate = error instanceof MongoOperationTimeoutError;
    if (this.#isClosed || !(isLate || isResumable(error))) throw error;
    this.#server = undefined;
    // Whether its server can be told matters to nobody, nor may it be waited for.
    this.#killing = server.close();
    // The next call has time to resume.
    if (isLate) throw error;
  }

  async #endSession(): Promise<void> {
    const session = this.#session;
    if (session === this.options.session) return;
    this.#session = undefined;
    if (!session) return;
    forgotten.unregister(session);
    await session.endSession();
  }
}
