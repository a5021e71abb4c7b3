import type { Document, Long } from 'bson';
import type { Deadline } from '../deadline';
import type { Origin, Profile } from '../execution';
import type { MongoDBNamespace } from '../namespace';
import { checkWriteConcern } from '../replies';
import type { Scope } from '../scope';
import type { ClientSession } from '../session';
import type { Treatment } from '../settings';
import { batchOf, type Batch } from './batch';
import { startImplicitSession } from './implicit-session';
import { OpenCursor } from './open-cursor';
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
const WAITING_MORE: Profile = { ...GET_MORE, awaitsData: true };
const CHANGES_MORE: Profile = { ...WAITING_MORE, followsChanges: true };

/** Opens a cursor of a server and reads it, in one session. */
export class ServerCursor {
  readonly #open: OpenCursor;
  #deadline: Deadline | undefined;
  #getMore = GET_MORE;

  constructor(
    namespace: MongoDBNamespace,
    readonly options: AbstractCursorOptions,
    readonly timeoutMode: CursorTimeoutMode | undefined,
  ) {
    this.#open = new OpenCursor(namespace, options.session);
  }

  get namespace(): MongoDBNamespace {
    return this.#open.namespace;
  }

  /** `undefined` until it is open, zero once the server has no more. */
  get id(): Long | undefined {
    return this.#open.id;
  }

  get isKilled(): boolean {
    return this.#open.isKilled;
  }

  get session(): ClientSession | undefined {
    return this.#open.session;
  }

  /** Whether there is nothing left to ask of the server. */
  get isExhausted(): boolean {
    return this.id?.isZero() ?? false;
  }

  /** Whether it has a connection of its own, behind a load balancer: one command at a time can be sent. */
  get isPinned(): boolean {
    return this.#open.origin?.pinned !== undefined;
  }

  /** A call of `next` and its like begins, which `timeoutMS` may bound by itself: from now on, or as `deadline` says. */
  beginIteration(deadline?: Deadline): void {
    if (this.timeoutMode === 'iteration') this.#deadline = deadline;
  }

  open(scope: Scope, { command, treatment, read = batchOf }: Opening): Promise<Batch> {
    this.#open.scope = scope;
    const session = this.options.session ?? startImplicitSession(scope.endpoint);
    this.#open.session = session;
    const { tailable, awaitData } = this.options;
    if (treatment.followsChanges) this.#getMore = CHANGES_MORE;
    else if (awaitData) this.#getMore = WAITING_MORE;
    // What may go on for ever is not bounded at the server; neither is a command of which the last batch is read much later.
    const unbounded = tailable ? !awaitData : this.timeoutMode === 'iteration';
    return scope.execute(
      unbounded ? withoutMaxTime(treatment) : treatment,
      command,
      { ...this.options, session } as AbstractCursorOptions,
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
    const limit = this.#limit(this.#open.scope as Scope);
    return this.#open.execute(command, this.#moreFor(maxTimeMS), limit, signal, (reply, origin) => this.#receive(batchOf(reply, origin)));
  }

  /** Closes it at the server, where it is open, and ends its session. Nothing of that is thrown. */
  async close(timeoutMS?: number): Promise<void> {
    await this.#open.close(timeoutMS ?? this.#deadline?.timeoutMS);
  }

  /** Ends a session that is the cursor's own. */
  async endSession(): Promise<void> {
    await this.#open.endSession();
  }

  #receive(batch: Batch): Batch {
    const open = this.#open;
    const isNew = open.origin === undefined;
    open.origin ??= batch.origin;
    open.namespace = batch.namespace ?? open.namespace;
    // It was closed meanwhile, and is gone.
    if (!open.isKilled) open.id = batch.id;
    // Whoever reads the last batch slowly, or not at all, must not keep a session.
    if (batch.id.isZero()) void open.endSession();
    else if (isNew) open.scope?.endpoint.cursors.add(open, this);
    return batch;
  }

  #limit(scope: Scope): Deadline | undefined {
    return (this.#deadline ??= scope.limit(this.options));
  }

  /** One object for as long as the user waits as long. */
  #moreFor(maxAwaitTimeMS: number | undefined): Profile {
    if (this.#getMore.maxAwaitTimeMS !== maxAwaitTimeMS) this.#getMore = { ...this.#getMore, maxAwaitTimeMS };
    return this.#getMore;
  }
}

const unbounded = new WeakMap<Treatment, Treatment>();

/** One object for each treatment: profiles are kept by it. */
function withoutMaxTime(treatment: Treatment): Treatment {
  let without = unbounded.get(treatment);
  if (!without) unbounded.set(treatment, (without = { ...treatment, computesMaxTime: false }));
  return without;
}
