import { Long, type Document } from 'bson';
import { Deadline } from '../deadline';
import type { Execution, Origin, Profile } from '../execution';
import type { MongoDBNamespace } from '../namespace';
import { checkWriteConcern } from '../replies';
import type { Scope } from '../scope';
import type { ClientSession } from '../session';
import type { Treatment } from '../settings';
import { batchOf, type Batch } from './batch';
import { startImplicitSession } from './implicit-session';
import type { AbstractCursorOptions, CursorTimeoutMode } from './options';

/** How a cursor is opened. */
export interface Opening {
  readonly command: Document;
  readonly treatment: Treatment;
  /** Makes the first batch of a reply that is not a cursor's. */
  readonly read?: (reply: Document, origin: Origin) => Batch;
}

/** The fields of a `getMore` that cursors differ in. */
export interface MoreFields {
  readonly batchSize?: number | undefined;
  readonly maxTimeMS?: number | undefined;
  readonly comment?: unknown;
}

// One that is computed would end the cursor early.
const GET_MORE: Profile = { kind: 'get-more', computesMaxTime: false };
const GET_MORE_CHANGES: Profile = { ...GET_MORE, followsChanges: true };
const KILL_CURSORS: Profile = { kind: 'kill-cursors' };

/** A cursor as the server has it: the commands that open it, read on and close it, in one session and to one server. */
export class ServerCursor {
  /** `undefined` until it is open, zero once the server has no more. */
  id: Long | undefined;
  isKilled = false;
  session: ClientSession | undefined;
  #scope: Scope | undefined;
  #origin: Origin | undefined;
  #deadline: Deadline | undefined;
  #plainMore = GET_MORE;
  #awaiting: Profile | undefined;

  constructor(
    public namespace: MongoDBNamespace,
    readonly options: AbstractCursorOptions,
    readonly timeoutMode: CursorTimeoutMode | undefined,
  ) {}

  /** Whether there is nothing left to ask of the server. */
  get isExhausted(): boolean {
    return this.id?.isZero() ?? false;
  }

  /** Whether it has a connection of its own, behind a load balancer: one command at a time can be sent. */
  get isPinned(): boolean {
    return this.#origin?.pinned !== undefined;
  }

  /** A call of `next` and its like begins, which `timeoutMS` may bound by itself: from now on, or as `deadline` says. */
  beginIteration(deadline?: Deadline): void {
    if (this.timeoutMode === 'iteration') this.#deadline = deadline;
  }

  open(scope: Scope, { command, treatment, read = batchOf }: Opening): Promise<Batch> {
    this.#scope = scope;
    if (treatment.followsChanges) this.#plainMore = GET_MORE_CHANGES;
    this.session = this.options.session ?? startImplicitSession(scope.endpoint);
    const { tailable, awaitData } = this.options;
    // What may go on for ever is not bounded at the server; neither is a command of which the last batch is read much later.
    const unbounded = tailable ? !awaitData : this.timeoutMode === 'iteration';
    return scope.execute(
      unbounded ? withoutMaxTime(treatment) : treatment,
      command,
      { ...this.options, session: this.session } as AbstractCursorOptions,
      (reply, origin) => {
        checkWriteConcern(reply, origin, scope.endpoint);
        return this.#receive(read(reply, origin));
      },
      undefined,
      this.#limit(scope),
    );
  }

  more({ batchSize, maxTimeMS, comment }: MoreFields, signal = this.options.signal): Promise<Batch> {
    const command: Document = { getMore: this.id, collection: this.namespace.collection };
    if (batchSize) command['batchSize'] = Math.abs(batchSize);
    if (comment !== undefined) command['comment'] = comment;
    return this.#execute(command, this.#getMore(maxTimeMS), this.#limit(this.#opened), signal, (reply, origin) => this.#receive(batchOf(reply, origin)));
  }

  /**
   * Closes it at the server, where it is open, and ends its session. What fails there is of no consequence: a server closes
   * cursors that nobody reads by itself.
   */
  async close(timeoutMS = this.#deadline?.timeoutMS ?? this.#scope?.settings.timeoutMS): Promise<void> {
    const { id } = this;
    if (this.#origin && id && !id.isZero()) {
      this.isKilled = true;
      this.id = Long.ZERO;
      const command = { killCursors: this.namespace.collection, cursors: [id] };
      await this.#execute(command, KILL_CURSORS, Deadline.in(timeoutMS), undefined, () => undefined).catch(() => undefined);
    }
    const { pinned } = this.#origin ?? {};
    if (pinned) this.#opened.endpoint.release(pinned);
    await this.endSession();
  }

  /** Ends a session that is the cursor's own. */
  async endSession(): Promise<void> {
    const { session } = this;
    if (session === this.options.session) return;
    this.session = undefined;
    await session?.endSession();
  }

  #receive(batch: Batch): Batch {
    this.#origin ??= batch.origin;
    this.namespace = batch.namespace ?? this.namespace;
    // It was closed meanwhile, and is gone.
    if (!this.isKilled) this.id = batch.id;
    // Whoever reads the last batch slowly, or not at all, must not keep a session.
    if (batch.id.isZero()) void this.endSession();
    return batch;
  }

  #execute<T>(command: Document, profile: Profile, deadline: Deadline | undefined, signal: AbortSignal | undefined, receive: (reply: Document, origin: Origin) => T): Promise<T> {
    const { endpoint, settings } = this.#opened;
    const execution: Execution = {
      database: this.namespace.db,
      command,
      profile,
      session: this.session,
      to: this.#origin,
      deadline,
      signal,
      bson: settings.bson,
    };
    return endpoint.execute(execution, receive);
  }

  get #opened(): Scope {
    return this.#scope as Scope;
  }

  #limit(scope: Scope): Deadline | undefined {
    return (this.#deadline ??= scope.limit(this.options));
  }

  /** One object for as long as the user waits as long. */
  #getMore(maxAwaitTimeMS: number | undefined): Profile {
    if (maxAwaitTimeMS === undefined) return this.#plainMore;
    if (this.#awaiting?.maxAwaitTimeMS !== maxAwaitTimeMS) this.#awaiting = { ...this.#plainMore, maxAwaitTimeMS };
    return this.#awaiting as Profile;
  }
}

const unbounded = new WeakMap<Treatment, Treatment>();

/** One object for each treatment: profiles are kept by it. */
function withoutMaxTime(treatment: Treatment): Treatment {
  let without = unbounded.get(treatment);
  if (!without) unbounded.set(treatment, (without = { ...treatment, computesMaxTime: false }));
  return without;
}
