import { AsyncResource } from 'node:async_hooks';
import { deserialize } from 'bson';
import { MongoServerError, toError, type Failure } from './errors';
import { ATTEMPT_FAILED, ATTEMPT_REPLIED, COMMAND_STARTED, EventRecord, SELECTION, SERVICE_COMMAND_STARTED, TOPOLOGY, WIDTH } from './event-record';
import type { Operation, Outcome, Owner } from './lane';
import { native } from './native';

/** Records that are drained at once; behind them is the length of their documents. */
const RECORDS = 512;
/** The bytes of the documents that are drained with them. A document without room comes in memory of its own. */
const DOCUMENTS = 64 << 10;
const NO_ORIGIN = 0xffffffff;

/** The context of the module itself: what a lane does on its own belongs to no caller. */
export const root = new AsyncResource('ferropool');

/** The events of a lane, on their way from the core to those who listen. */
export class EventQueue {
  /** Where the core puts their numbers, and their documents. */
  readonly records = new Float64Array(RECORDS * WIDTH + 1);
  readonly documents: Buffer = Buffer.allocUnsafeSlow(DOCUMENTS);
  /** The record at hand. */
  readonly #record = new EventRecord(this.records);
  #lane = 0;
  #isDelivering = false;
  /** Whether there may be more by now. */
  #isWanted = false;
  #isScheduled = false;

  constructor(
    readonly owners: ReadonlyMap<number, WeakRef<Owner>>,
    readonly operations: readonly (Operation | undefined)[],
  ) {}

  /** Says of which lane they are. */
  open(lane: number): void {
    this.#lane = lane;
    this.#record.lane = lane;
  }

  /** Delivers in the next microtask what operations that begin now cause: those of one turn share a crossing. */
  deliverSoon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(this.#deliverScheduled);
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
        if (count === RECORDS) this.#isWanted = true;
        if (count > 0) this.#deliverAll(count, inRoot);
      }
    } finally {
      this.#isDelivering = false;
    }
  }

  #deliverAll(count: number, inRoot: boolean): void {
    const record = this.#record;
    const length = this.records[RECORDS * WIDTH] as number;
    // Listeners keep events: their commands share a copy.
    if (length > 0) record.documents = Buffer.from(this.documents.subarray(0, length));
    let client = -1;
    let owner: Owner | undefined;
    for (record.at = 0; record.at < count * WIDTH; record.at += WIDTH) {
      if (client !== record.client) owner = this.owners.get((client = record.client))?.deref();
      if (owner) this.#deliverOne(owner, record, inRoot);
    }
  }

  #deliverOne(owner: Owner, record: EventRecord, inRoot: boolean): void {
    const { kind, origin } = record;
    const operation = origin === NO_ORIGIN ? undefined : this.operations[origin];
    if (kind < COMMAND_STARTED) {
      record.abortReason = operation?.abandoned?.reason;
      // A check-out without a slot has just been made by whoever is calling: this is his context.
      if (record.isOfCheckOut ? operation === undefined : inRoot) owner.poolEvent(record);
      else contextOf(record.isOfCheckOut ? operation : undefined).runInAsyncScope(owner.poolEvent, owner, record);
      return;
    }
    const context = contextOf(operation);
    switch (kind) {
      case COMMAND_STARTED:
      case SERVICE_COMMAND_STARTED:
        if (operation) context.runInAsyncScope(owner.commandStarted, owner, operation, record);
        else if (origin === NO_ORIGIN) root.runInAsyncScope(owner.commandSent, owner, record);
        break;
      case ATTEMPT_REPLIED:
        if (operation) context.runInAsyncScope(owner.commandEnded, owner, operation, record.durationMS, outcomeOf(record, owner));
        break;
      case ATTEMPT_FAILED:
        if (operation) context.runInAsyncScope(owner.commandEnded, owner, operation, record.durationMS, failureOf(record));
        break;
      case TOPOLOGY:
        root.runInAsyncScope(owner.topologyEvent, owner, record.content() as object);
        break;
      case SELECTION:
        context.runInAsyncScope(owner.selectionEvent, owner, record.content() as object, record.time);
        break;
      default:
        root.runInAsyncScope(owner.credentialWanted, owner, record.reason, record.content() as object);
    }
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
