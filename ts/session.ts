import { deserialize, serialize, type Document, type Timestamp } from 'bson';
import { EventEmitter } from 'node:events';
import { Deadline, refuseTimeout } from './deadline';
import type { Endpoint } from './endpoint';
import { callNative, MongoAPIError, MongoExpiredSessionError, MongoInvalidArgumentError, MongoOperationTimeoutError } from './errors';
import { Operation } from './lane';
import { native } from './native';
import { timeout } from './options';
import { checkWriteConcern } from './replies';
import { Transaction, transactionOptions, type EndTransactionOptions, type TransactionOptions, type TransactionState } from './session/transaction';
import { withTransaction, type WithTransactionCallback } from './session/with-transaction';

/** What a session is asked for ("Driver Sessions", "SessionOptions"). */
export interface ClientSessionOptions {
  /** Whether reads see what the session did before. @defaultValue true, but for snapshot sessions */
  causalConsistency?: boolean;
  /** Whether all reads see one point in time. @defaultValue false */
  snapshot?: boolean;
  /** The point in time of a snapshot session. @defaultValue that of its first read */
  snapshotTime?: Timestamp;
  /** What transactions are started with. */
  defaultTransactionOptions?: TransactionOptions;
  /** Bounds each commit and abort, and transactions as a whole, in milliseconds. @defaultValue the client's `timeoutMS` */
  defaultTimeoutMS?: number;
}

/** A session as the core describes it. */
interface Description {
  lsid: Document;
  state: TransactionState;
  isDirty: boolean;
  isPinned: boolean;
  /** A router's number. */
  server?: number;
  operationTime?: Timestamp;
  clusterTime?: Document;
  snapshotTime?: Timestamp;
  recoveryToken?: Document;
}

/** Asks the core for the client's `timeoutMS`. */
const INHERITED = -1;

/** What an implicit session is: a cursor's, whose user has none. */
const IMPLICIT = Symbol('implicit');

/**
 * A series of operations that the server sees as one ("Driver Sessions"). One operation at a time: it is not for
 * concurrent use.
 */
export class ClientSession extends EventEmitter<{ ended: [session: ClientSession] }> {
  /** Whether a user started it. */
  readonly explicit: boolean;
  readonly supports: { readonly causalConsistency: boolean };
  readonly snapshotEnabled: boolean;
  readonly defaultTransactionOptions: TransactionOptions;
  /** @internal Its own: without one, the core knows the client's. */
  readonly timeoutMS: number | undefined;
  /** @internal */
  readonly endpoint: Endpoint;
  /** @internal Of the `withTransaction` that is under way: it bounds all that is done in it. */
  deadline: Deadline | undefined;
  readonly #number: number;
  #ended: Description | undefined;

  /** @internal */
  constructor(endpoint: Endpoint, options: ClientSessionOptions = {}, kind?: typeof IMPLICIT) {
    super();
    const { snapshot = false, causalConsistency, snapshotTime } = options;
    if (snapshot && causalConsistency) {
      throw new MongoInvalidArgumentError('Properties "causalConsistency" and "snapshot" are mutually exclusive');
    }
    if (snapshotTime !== undefined && !snapshot) {
      throw new MongoInvalidArgumentError('Property "snapshotTime" needs "snapshot" to be true');
    }
    this.endpoint = endpoint;
    this.explicit = kind !== IMPLICIT;
    this.snapshotEnabled = snapshot;
    this.supports = { causalConsistency: this.explicit && (causalConsistency ?? !snapshot) };
    this.defaultTransactionOptions = { ...options.defaultTransactionOptions };
    timeout('defaultTimeoutMS', options.defaultTimeoutMS);
    this.timeoutMS = options.defaultTimeoutMS;
    const { lane, id } = endpoint;
    this.#number = native.startSession(lane.number, id, !this.explicit, this.supports.causalConsistency, snapshot);
    if (snapshotTime) this.#advance({ snapshotTime });
  }

  /** @internal One for a cursor. */
  static implicit(endpoint: Endpoint): ClientSession {
    return new ClientSession(endpoint, {}, IMPLICIT);
  }

  /** @internal The core's number for it, for an operation of `endpoint`. */
  numberFor(endpoint: Endpoint): number {
    if (this.#ended) throw new MongoExpiredSessionError();
    if (endpoint !== this.endpoint) throw new MongoInvalidArgumentError('ClientSession must be from the same MongoClient');
    return this.#number;
  }

  /** Its id, as commands carry it. */
  get id(): Document {
    return this.#describe().lsid;
  }

  get client(): Endpoint {
    return this.endpoint;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** When its last operation happened, by the cluster's clock. */
  get operationTime(): Timestamp | undefined {
    return this.#describe().operationTime;
  }

  /** The highest cluster time that it has seen. */
  get clusterTime(): Document | undefined {
    return this.#describe().clusterTime;
  }

  /** The point in time of a snapshot session, once it is known. */
  get snapshotTime(): Timestamp | undefined {
    return this.#describe().snapshotTime;
  }

  /** The server's side of it. */
  get serverSession(): { readonly id: Document; readonly isDirty: boolean } {
    const { lsid, isDirty } = this.#describe();
    return { id: lsid, isDirty };
  }

  /** Whether its transaction is bound to a router, or to a connection behind a load balancer. */
  get isPinned(): boolean {
    return this.#describe().isPinned;
  }

  get transaction(): Transaction {
    const { state, isPinned, server, recoveryToken } = this.#describe();
    const address = server === undefined ? undefined : this.endpoint.serverAddress(server);
    return new Transaction(state, isPinned, address, recoveryToken);
  }

  inTransaction(): boolean {
    const { state } = this.#describe();
    return state === 'starting' || state === 'in_progress';
  }

  equals(other: ClientSession): boolean {
    return other === this;
  }

  /** Makes reads of a causally consistent session see what happened up to `operationTime`. */
  advanceOperationTime(operationTime: Timestamp): void {
    if (operationTime?._bsontype !== 'Timestamp') throw new MongoInvalidArgumentError('operationTime must be a BSON Timestamp');
    this.#advance({ operationTime });
  }

  /** Passes on a cluster time that another client has seen: `{ clusterTime, signature }`. */
  advanceClusterTime(clusterTime: Document): void {
    if (clusterTime?.['clusterTime']?._bsontype !== 'Timestamp') {
      throw new MongoInvalidArgumentError('input cluster time "clusterTime" property must be a valid BSON Timestamp');
    }
    this.#advance({ clusterTime });
  }

  /**
   * Starts a transaction; its first command begins it on the server.
   *
   * @throws {@link MongoTransactionError} where one is in progress, {@link MongoCompatibilityError} in a snapshot session.
   */
  startTransaction(options: TransactionOptions = {}): void {
    const encoded = transactionOptions(options, this.defaultTransactionOptions, this.endpoint);
    const { lane, id } = this.endpoint;
    callNative(() => native.startTransaction(lane.number, id, this.numberFor(this.endpoint), serialize(encoded, { ignoreUndefined: true })));
  }

  /** Commits the transaction. May be called again if its outcome is unknown. */
  commitTransaction(options?: EndTransactionOptions): Promise<void> {
    return this.#endTransaction(true, options?.timeoutMS);
  }

  /** Gives the transaction up. What goes wrong is ignored: the server gives it up by itself. */
  async abortTransaction(options?: EndTransactionOptions): Promise<void> {
    try {
      await this.#endTransaction(false, options?.timeoutMS);
    } catch (error) {
      if (error instanceof MongoAPIError) throw error;
    }
  }

  /**
   * Runs `callback` in a transaction, again where that may help ("Convenient API for Transactions"). A `timeoutMS` bounds all of
   * it, what `callback` does with this session included, which then cannot have one of its own; what it does without the
   * session is not bounded. An abort after that has the same time once more.
   */
  withTransaction<T>(callback: WithTransactionCallback<T>, options?: TransactionOptions & EndTransactionOptions): Promise<T> {
    return withTransaction(this, callback, options);
  }

  /**
   * Ends the session, and aborts its transaction. It can be called any number of times.
   *
   * @throws {@link MongoOperationTimeoutError} where the abort took longer than `timeoutMS`. The session has ended all the same.
   */
  async endSession(options?: EndTransactionOptions): Promise<void> {
    if (this.#ended) return;
    try {
      if (this.explicit && this.inTransaction()) await this.#endTransaction(false, options?.timeoutMS);
    } catch (error) {
      if (error instanceof MongoOperationTimeoutError || error instanceof MongoInvalidArgumentError) throw error;
    } finally {
      this.#end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endSession();
  }

  /** @internal Ends it at once, without a word to the server. */
  #end(): void {
    if (this.#ended) return;
    const { lane, id } = this.endpoint;
    if (this.explicit) this.#ended = this.#describe();
    else this.#ended = { lsid: {}, state: 'none', isDirty: false, isPinned: false };
    native.endSession(lane.number, id, this.#number);
    if (this.endpoint.listens) lane.deliverEvents();
    this.emit('ended', this);
  }

  #endTransaction(commits: boolean, timeoutMS: number | undefined): Promise<void> {
    const { endpoint } = this;
    const { lane, id } = endpoint;
    try {
      timeout('timeoutMS', timeoutMS);
      if (this.deadline) refuseTimeout(timeoutMS);
      // An abort gets a time of its own: the server is to hear of it, however late it is.
      const deadline = (commits ? this.deadline : undefined) ?? Deadline.in(this.deadline?.timeoutMS ?? timeoutMS ?? this.timeoutMS);
      const limit = deadline?.remaining() ?? INHERITED;
      const number = this.numberFor(endpoint);
      const operation = new Operation(endpoint, (reply, completion) => checkWriteConcern(reply, endpoint.origin(completion), endpoint), 'admin');
      return lane.run<void>(operation, (slot) => native.endTransaction(lane.number, id, slot, number, commits, limit));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #advance(times: Document): void {
    const { lane, id } = this.endpoint;
    callNative(() => native.advanceSession(lane.number, id, this.numberFor(this.endpoint), serialize(times)));
  }

  #describe(): Description {
    if (this.#ended) return this.#ended;
    const { lane, id } = this.endpoint;
    return deserialize(callNative(() => native.describeSession(lane.number, id, this.#number))) as Description;
  }
}
