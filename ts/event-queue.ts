import { AsyncResource } from 'node:async_hooks';
import { deserialize } from 'bson';
import { MongoServerError, toError, type Failure } from './errors';
import { ATTEMPT_FAILED, ATTEMPT_REPLIED, COMMAND_STARTED, CREDENTIAL_WANTED, SELECTION, SERVICE_COMMAND_STARTED, TOPOLOGY, type EventRecord } from './events';
import type { Operation, Outcome, Owner } from './lane';
import { native } from './native';

/** Numbers in a record, and records that are drained at once: `crates/node/src/events.rs`. */
const WIDTH = 9;
const RECORDS = 512;
/** The bytes of a document that is copied. A longer one has memory of its own. */
const DOCUMENT = 64 << 10;
const NO_ORIGIN = 0xffffffff;

/** The pool's events of one check-out: its start, failure and success. */
const FIRST_OF_CHECK_OUT = 7;
const LAST_OF_CHECK_OUT = 9;

/** The context of the module itself: what a lane does on its own belongs to no caller. */
export const root = new AsyncResource('ferropool');

/** What numbers cannot say of an event: a JSON text, or documents. */
type Extra = string | { readonly document: Buffer; readonly service: Buffer | undefined };

/** The events of a lane, on their way from the core to those who listen. */
export class EventQueue {
  /** Where the core puts their numbers, and a document of one. */
  readonly records = new Float64Array(RECORDS * WIDTH);
  readonly document: Buffer = Buffer.allocUnsafeSlow(DOCUMENT);
  #lane = 0;
  #isDelivering = false;
  /** Whether there may be more by now. */
  #isWanted = false;

  constructor(
    readonly owners: ReadonlyMap<number, WeakRef<Owner>>,
    readonly operations: readonly (Operation | undefined)[],
  ) {}

  /** Says of which lane they are. */
  open(lane: number): void {
    this.#lane = lane;
  }

  /**
   * Hands the events that the core has recorded to their listeners, in order.
   *
   * @param inRoot - Whether this is called in the root context.
   */
  deliver(inRoot: boolean): void {
    this.#isWanted = true;
    // A listener that calls back in comes here again: the loop below finds what that caused.
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

  /** What was drained is moved out of the core's buffers first: a listener may cause them to be filled again. */
  #deliverAll(count: number, inRoot: boolean): void {
    const records = this.records.slice(0, count * WIDTH);
    let extras: (Extra | undefined)[] | undefined;
    for (let index = 0; index < count; index++) {
      const text = records[index * WIDTH + 7] as number;
      if (text >= 0) (extras ??= [])[index] = this.#extra(records[index * WIDTH] as number, text);
    }
    for (let index = 0; index < count; index++) this.#deliverOne(records, index * WIDTH, extras?.[index], inRoot);
  }

  #extra(kind: number, text: number): Extra | undefined {
    const hasService = kind === SERVICE_COMMAND_STARTED;
    if (!hasService && kind !== COMMAND_STARTED && kind !== ATTEMPT_REPLIED) return native.eventText(this.#lane, text) ?? undefined;
    return { document: this.#documentOf(text), service: hasService ? this.#documentOf(text + 1) : undefined };
  }

  #documentOf(index: number): Buffer {
    const length = native.copyEventDocument(this.#lane, index);
    if (length < 0) return native.eventDocument(this.#lane, index) ?? Buffer.alloc(0);
    const copy = Buffer.allocUnsafe(length);
    this.document.copy(copy, 0, 0, length);
    return copy;
  }

  #deliverOne(records: Float64Array, at: number, extra: Extra | undefined, inRoot: boolean): void {
    const owner = this.owners.get(records[at + 1] as number)?.deref();
    if (!owner) return;
    const kind = records[at] as number;
    const origin = records[at + 6] as number;
    const operation = origin === NO_ORIGIN ? undefined : this.operations[origin];
    const text = typeof extra === 'string' ? () => JSON.parse(extra) as unknown : undefined;
    const record: EventRecord = {
      address: '',
      connectionId: records[at + 2] as number,
      time: records[at + 3] as number,
      durationMS: records[at + 4] as number,
      reason: records[at + 5] as number,
      server: records[at + 8] as number,
      text,
      abortReason: operation?.abandoned?.reason,
    };
    if (kind < COMMAND_STARTED) {
      const isOfCheckOut = kind >= FIRST_OF_CHECK_OUT && kind <= LAST_OF_CHECK_OUT;
      // A check-out without a slot has just been made by whoever is calling: this is his context.
      if (isOfCheckOut ? operation === undefined : inRoot) owner.poolEvent(kind, record);
      else contextOf(isOfCheckOut ? operation : undefined).runInAsyncScope(owner.poolEvent, owner, kind, record);
      return;
    }
    const context = contextOf(operation);
    if (kind === TOPOLOGY) root.runInAsyncScope(owner.topologyEvent, owner, (text?.() ?? {}) as object);
    else if (kind === SELECTION) context.runInAsyncScope(owner.selectionEvent, owner, (text?.() ?? {}) as object, record.time);
    else if (kind === CREDENTIAL_WANTED) root.runInAsyncScope(owner.credentialWanted, owner, record.reason, (text?.() ?? {}) as object);
    else if (kind === ATTEMPT_FAILED) {
      if (operation) context.runInAsyncScope(owner.commandEnded, owner, operation, record.durationMS, { failure: toError(text?.() as Failure) });
    } else if (typeof extra === 'object') {
      const { document, service } = extra;
      if (kind === ATTEMPT_REPLIED) {
        if (operation) context.runInAsyncScope(owner.commandEnded, owner, operation, record.durationMS, outcomeOf(document, owner.serverAddress(record.server)));
      } else if (operation) context.runInAsyncScope(owner.commandStarted, owner, operation, record, document, service);
      else if (origin === NO_ORIGIN) root.runInAsyncScope(owner.commandSent, owner, record, document, service);
    }
  }
}

/** The context of whoever started an operation. */
export function contextOf(operation: Operation | undefined): AsyncResource {
  return operation?.context ?? root;
}

function outcomeOf(document: Buffer, address: string): Outcome {
  const reply = deserialize(document);
  return reply['ok'] ? { reply } : { failure: new MongoServerError(reply, { address }) };
}
