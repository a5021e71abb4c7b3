import { AsyncResource } from 'node:async_hooks';
import { deserialize } from 'bson';
import { MongoServerError, toError, type Failure } from './errors';
import { ATTEMPT_FAILED, ATTEMPT_REPLIED, COMMAND_STARTED, CREDENTIAL_WANTED, EventRecord, SELECTION, SERVICE_COMMAND_STARTED, TOPOLOGY, WIDTH } from './event-record';
import type { Operation, Outcome, Owner } from './lane';
import { native } from './native';

/** Records that are drained at once; behind them is whether the next document has found no room. */
const RECORDS = 512;
/**
 * Bytes for documents, which stay where the core puts them: listeners keep events. It is no more, because an event that is kept keeps all of
 * it; a document that is larger comes in memory of its own.
 */
const DOCUMENTS = 16 << 10;
const NO_ORIGIN = 0xffffffff;

const READY = Promise.resolve();

/** The context of the module itself: what a lane does on its own belongs to no caller. */
export const root = new AsyncResource('ferropool');

/** The events of a lane, on their way from the core to those who listen. */
export class EventQueue {
  /** Where the core puts their numbers. */
  readonly records = new Float64Array(RECORDS * WIDTH + 1);
  /** The record at hand, and where the core puts the documents. */
  readonly #record = new EventRecord(this.records, Buffer.allocUnsafeSlow(DOCUMENTS));
  #lane = 0;
  #isDelivering = false;
  /** Whether there may be more by now. */
  #isWanted = false;
  #isScheduled = false;

  constructor(
    readonly owners: ReadonlyMap<number, WeakRef<Owner>>,
    readonly operations: readonly (Operation | undefined)[],
  ) {}

  /** Where the core puts their documents, to begin with. */
  get documents(): Buffer {
    return this.#record.documents;
  }

  /** Says of which lane they are. */
  open(lane: number): void {
    this.#lane = lane;
    this.#record.lane = lane;
  }

  /** Delivers in the next microtask what operations that begin now cause: those of one turn share a crossing. */
  deliverSoon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // `queueMicrotask` would make an asynchronous resource for it.
    void READY.then(this.#deliverScheduled);
  }

  readonly #deliverScheduled = (): void => {
    if (this.#isScheduled) this.deliver(false);
  };

  /**
   * Hands the events that the core has recorded to their listeners, in order.
   *
   * @param inRoot - Whether this is called in the root context.
   */
  deliver(inRoot: boolean): void {
    this.#isScheduled = false;
    this.#isWanted = true;
    // A listener that calls back in comes here again: the loop below finds what that caused. Nothing is drained over what is
    // being delivered.
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      while (this.#isWanted) {
        this.#isWanted = false;
        const count = native.drainEvents(this.#lane);
        const isFull = this.records[RECORDS * WIDTH] === 1;
        if (count === RECORDS || isFull) this.#isWanted = true;
        if (count > 0) this.#deliverAll(count * WIDTH, inRoot);
        if (isFull) this.#lend();
      }
    } finally {
      this.#isDelivering = false;
    }
  }

  #lend(): void {
    this.#record.documents = Buffer.allocUnsafeSlow(DOCUMENTS);
    native.lendDocuments(this.#lane, this.#record.documents);
  }

  #deliverAll(end: number, inRoot: boolean): void {
    const record = this.#record;
    let client = -1;
    let owner: Owner | undefined;
    record.at = 0;
    while (record.at < end) {
      if (client !== record.client) owner = this.owners.get((client = record.client))?.deref();
      if (owner) this.#deliverSome(owner, end, inRoot);
      else record.at += WIDTH;
    }
  }

  /** Delivers what comes next, and with it what follows in the same context: to enter one takes as long as to tell a listener. */
  #deliverSome(owner: Owner, end: number, inRoot: boolean): void {
    const record = this.#record;
    const operation = record.isOfOperation && record.origin !== NO_ORIGIN ? this.operations[record.origin] : undefined;
    // A check-out without a slot has just been made by whoever is calling: this is his context.
    if (!operation && (inRoot || record.isOfCheckOut)) this.#deliverOne(owner, operation);
    else contextOf(operation).runInAsyncScope(this.#deliverAlike, this, owner, operation, end);
  }

  /** As far as events are of the same operation. */
  #deliverAlike(owner: Owner, operation: Operation | undefined, end: number): void {
    const record = this.#record;
    const { origin } = record;
    this.#deliverOne(owner, operation);
    if (!operation) return;
    while (record.at < end && record.origin === origin && record.isOfOperation) this.#deliverOne(owner, operation);
  }

  #deliverOne(owner: Owner, operation: Operation | undefined): void {
    const record = this.#record;
    const { kind } = record;
    switch (kind) {
      case COMMAND_STARTED:
      case SERVICE_COMMAND_STARTED:
        if (operation) owner.commandStarted(operation, record);
        else if (record.origin === NO_ORIGIN) owner.commandSent(record);
        break;
      case ATTEMPT_REPLIED:
        if (operation) owner.commandEnded(operation, record.durationMS, outcomeOf(record, owner));
        break;
      case ATTEMPT_FAILED:
        if (operation) owner.commandEnded(operation, record.durationMS, failureOf(record));
        break;
      case TOPOLOGY:
        owner.topologyEvent(record.content() as object);
        break;
      case SELECTION:
        owner.selectionEvent(record.content() as object, record.time);
        break;
      case CREDENTIAL_WANTED:
        owner.credentialWanted(record.reason, record.content() as object);
        break;
      default:
        record.abortReason = operation?.abandoned?.reason;
        owner.poolEvent(record);
    }
    record.at += WIDTH;
  }
}

/** The context of whoever started an operation. */
export function contextOf(operation: Operation | undefined): AsyncResource {
  return operation?.context ?? root;
}

function failureOf(record: EventRecord): Outcome {
  return { failure: toError(record.content() as Failure) };
}

function outcomeOf(record: EventRecord, owner: Owner): Outcome {
  const reply = deserialize(record.document().bytes());
  return reply['ok'] ? { reply } : { failure: new MongoServerError(reply, { address: owner.serverAddress(record.server) }) };
}
