import { AsyncResource, executionAsyncId } from 'node:async_hooks';
import type { DeserializeOptions, Document, SerializeOptions } from 'bson';
import { whenAborted } from './abort';
import { MongoInvalidArgumentError, serverError, timedOut, toError, type Failure } from './errors';
import type { Attempt } from './command-events';
import { Decoder, freeReply, isDefault, undecodable } from './decode/decoder';
import { UnreadDocuments } from './decode/unread';
import { contextOf, EventQueue, root } from './event-queue';
import type { EventRecord } from './event-record';
import { labelNames } from './execution';
import { native } from './native';
import { checkDatabaseName, type LaneKind } from './options';
import { serializeInto } from './serialize';

/** Someone whose operations a lane carries, and who is told of the events of its pool. */
export interface Owner {
  readonly id: number;
  /** Where the server of this number is. */
  serverAddress(server: number): string;
  /** Whether anybody listens, so that a check-out's events need their caller's context. */
  readonly listens: boolean;
  poolEvent(record: EventRecord): void;
  topologyEvent(record: object): void;
  selectionEvent(record: object, time: number): void;
  credentialWanted(request: number, wanted: object): void;
  commandStarted(operation: Operation, record: EventRecord): void;
  commandEnded(operation: Operation, duration: number, outcome: Outcome): void;
  /** A command of the core's own, to which there is no reply. */
  commandSent(record: EventRecord): void;
}

export type Outcome = { reply: unknown } | { failure: Error };

/** An operation in a slot, until its completion. */
export class Operation {
  resolve!: (value: never) => void;
  reject!: (error: unknown) => void;
  /** Only where somebody listens. */
  context: AsyncResource | undefined;
  /** The attempt at a command that was announced, until its end is. */
  attempt: Attempt | undefined;
  /** Its caller has given up: the promise is settled, the slot is not free yet. */
  abandoned: { reason: Error } | undefined;
  /** No longer listens to the signal of its caller. */
  stopListening: (() => void) | undefined;

  /**
   * @param receive - What a reply becomes, of a command; what a completion becomes, of anything else. A failure rejects.
   * @param database - Of a command.
   * @param bson - How its reply is read.
   * @param operationId - Of a command that is one of several.
   * @param hasBatch - Whether the reply is read by `batchOf`, which leaves the documents of a large one for later.
   */
  constructor(
    readonly owner: Owner,
    readonly receive: (value: never, completion: Completion) => unknown,
    readonly database?: string,
    readonly bson?: DeserializeOptions,
    readonly operationId?: number,
    readonly hasBatch = false,
  ) {}
}

/** What completed an operation. */
export interface Completion {
  kind: number;
  /** The bytes: a reply's BSON, or JSON. Valid during the call that it is given to. */
  bytes: Buffer;
  offset: number;
  length: number;
  extra: number;
  /** The server's number. */
  server: number;
  /** The bits of the labels that an error gets besides its own. */
  labels: number;
  /** Whether the connection is kept for the cursor that the reply opens. */
  isKept: boolean;
  /** Whether the operation had a `timeoutMS`, its own or the client's. */
  isTimed: boolean;
}

const SLAB = 512 << 10;
const RECORD = 7;
const COMPLETIONS = 1024;
const SEND = 64 << 10;
/** So many slots are kept when nothing is under way: the core's `Engine::KEPT`. */
const SLOTS = 512;

// Kinds of completion: `crates/client/src/engine/turn.rs`.
const ERROR_REPLY = 1;
const LARGE_REPLY = 2;
const FAILURE = 3;
export const CONNECTION = 4;
export const TEXT = 5;
const ABANDONED = 6;
const LARGE_ERROR_REPLY = 7;
const WRITTEN = 8;
/** Above the kind: a bit for each label, one for a connection that is kept, one for a `timeoutMS`. */
const LABELS = 8;
const KEPT = 1 << 16;
const TIMED = 1 << 17;

/**
 * This thread's way into the core: the slots of its operations, and the buffers through which commands
 * leave and completions come. One for each kind and instance of this module.
 */
export class Lane {
  /** The core's number for this lane. */
  readonly number: number;
  readonly #slabs = [Buffer.allocUnsafeSlow(SLAB), Buffer.allocUnsafeSlow(SLAB)] as const;
  readonly #records = [new Int32Array(COMPLETIONS * RECORD), new Int32Array(COMPLETIONS * RECORD)] as const;
  /** Where the core takes a command's BSON from. Private: it has secrets, and clients are shown. */
  readonly #send = Buffer.allocUnsafeSlow(SEND);
  readonly #owners = new Map<number, WeakRef<Owner>>();
  readonly #databases = new Map<string, number>();
  readonly #operations: (Operation | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #events = new EventQueue(this.#owners, this.#operations);
  readonly #finalizers = new FinalizationRegistry<number>((id) => {
    this.#owners.delete(id);
    native.detach(this.number, id);
  });

  static readonly #lanes = new Map<boolean, Lane>();

  /** The lane of `kind`, opened when it is first asked for. */
  static of(kind: LaneKind): Lane {
    const eventLoop = kind === 'auto' ? hasEventLoop() : kind === 'event-loop';
    if (eventLoop && !hasEventLoop()) {
      throw new MongoInvalidArgumentError('Option "lane" cannot be "event-loop" here: this runtime has no event loop that the core can use');
    }
    let lane = Lane.#lanes.get(eventLoop);
    if (!lane) {
      root.runInAsyncScope(() => Lane.#lanes.set(eventLoop, new Lane(eventLoop)));
      lane = Lane.#lanes.get(eventLoop) as Lane;
    }
    return lane;
  }

  private constructor(readonly eventLoop: boolean) {
    const lent = { slabs: [...this.#slabs], records: [...this.#records], send: this.#send, events: this.#events.records, documents: this.#events.documents };
    for (const slab of this.#slabs) decoder.lend(slab);
    this.number = native.openLane(eventLoop, lent as never, (count, which, events) => this.#turn(count, which, events));
    this.#events.open(this.number);
  }

  /** Takes an owner whose client the core has opened as `id`. It is kept only as long as its user keeps it. */
  adopt(owner: Owner, id: number): void {
    this.#owners.set(id, new WeakRef(owner));
    this.#finalizers.register(owner, id);
  }

  /** Occupies a slot, starts the operation there, and settles with its completion. */
  start<T>(owner: Owner, begin: (slot: number) => void, receive: (completion: Completion) => unknown, signal?: AbortSignal): Promise<T> {
    return this.run(new Operation(owner, receive), begin, signal);
  }

  /** The same for any operation: of a command the reply is read. */
  run<T>(operation: Operation, begin: (slot: number) => void, signal?: AbortSignal): Promise<T> {
    const { owner } = operation;
    return new Promise<T>((resolve, reject) => {
      signal?.throwIfAborted();
      operation.resolve = resolve;
      operation.reject = reject;
      // Its trigger as a number: options, even none, are looked into, which takes as long as all the rest.
      if (owner.listens) operation.context = new AsyncResource('ferropool.operation', executionAsyncId());
      const slot = this.#free.pop() ?? this.#operations.push(undefined) - 1;
      this.#operations[slot] = operation;
      try {
        begin(slot);
      } catch (error) {
        this.#vacate(slot);
        throw error;
      }
      if (signal) this.#listen(signal, slot, operation);
      if (owner.listens) this.#events.deliverSoon();
    });
  }

  /** Puts a command where the core takes it from. Gives its length, or the bytes if they need a buffer of their own. */
  serialize(command: Document, options?: SerializeOptions): number | Uint8Array {
    return serializeInto(this.#send, command, options);
  }

  /** The core's number for a database. */
  database(name: string): number {
    let number = this.#databases.get(name);
    if (number === undefined) {
      checkDatabaseName(name);
      number = native.internDatabase(this.number, name);
      this.#databases.set(name, number);
    }
    return number;
  }

  /** Hands the events that the core has recorded to their listeners, in order. */
  deliverEvents(): void {
    this.#events.deliver(false);
  }

  /** The end of a turn of the core: events first, then completions. */
  #turn(count: number, which: number, events: boolean): void {
    if (events) this.#events.deliver(true);
    const records = this.#records[which] as Int32Array;
    const bytes = this.#slabs[which] as Buffer;
    for (let at = 0; at < count * RECORD; at += RECORD) {
      const slot = records[at] as number;
      const operation = this.#operations[slot];
      this.#vacate(slot);
      if (!operation) continue;
      const kind = records[at + 1] as number;
      const completion = {
        kind: kind & 0xff,
        bytes,
        offset: records[at + 2] as number,
        length: records[at + 3] as number,
        extra: records[at + 4] as number,
        server: records[at + 6] as number,
        labels: (kind >> LABELS) & 0xff,
        isKept: (kind & KEPT) !== 0,
        isTimed: (kind & TIMED) !== 0,
      };
      try {
        this.#complete(operation, completion, records[at + 5] as number);
      } catch (error) {
        operation.reject(error);
      }
    }
  }

  #complete(operation: Operation, completion: Completion, microseconds: number): void {
    operation.stopListening?.();
    const { kind } = completion;
    if (kind === LARGE_REPLY || kind === LARGE_ERROR_REPLY) {
      completion.bytes = native.takeLarge(this.number, completion.offset) ?? Buffer.alloc(0);
      completion.offset = completion.bytes.length - completion.length;
    }
    const isCommand = operation.database !== undefined;
    let failure: Error | undefined;
    let reply: unknown = completion;
    if (kind === FAILURE || kind === ERROR_REPLY || kind === LARGE_ERROR_REPLY) {
      failure = this.#failure(operation, completion);
    } else if (isCommand && kind !== ABANDONED) {
      try {
        // Events have the whole reply.
        const leavesBatch = operation.hasBatch && kind === LARGE_REPLY && !operation.attempt;
        reply = decode(completion, operation.bson, leavesBatch);
      } catch (error) {
        // A reply that bson refuses: the command has failed, and listeners hear of it too.
        failure = error as Error;
      }
    }
    if (operation.attempt) {
      const outcome = failure ? { failure } : { reply };
      const { owner } = operation;
      contextOf(operation).runInAsyncScope(owner.commandEnded, owner, operation, microseconds / 1000, outcome);
    }
    if (failure) operation.reject(failure);
    else operation.resolve((kind === ABANDONED ? undefined : operation.receive(reply as never, completion)) as never);
  }

  #failure(operation: Operation, completion: Completion): Error {
    const labels = [...labelNames(completion.labels)];
    if (completion.kind === FAILURE) {
      const failure = this.json(completion) as Failure;
      return toError({ ...failure, labels: [...(failure.labels ?? []), ...labels] });
    }
    const error = serverError(decode(completion), { address: operation.owner.serverAddress(completion.server), labels });
    return timedOut(error, completion);
  }

  /** A completion's JSON. */
  json({ bytes, offset, length }: Completion): unknown {
    return JSON.parse(bytes.toString('utf8', offset, offset + length));
  }

  #vacate(slot: number): void {
    this.#operations[slot] = undefined;
    // After a crowd the core starts with few slots again, so the next must not be one of the highest.
    if (this.#free.push(slot) > SLOTS && this.#free.length === this.#operations.length) this.#free.length = this.#operations.length = 0;
  }

  #listen(signal: AbortSignal, slot: number, operation: Operation): void {
    operation.stopListening = whenAborted(signal, () => {
      operation.abandoned = { reason: signal.reason as Error };
      operation.reject(signal.reason);
      native.cancel(this.number, slot);
      if (operation.owner.listens) this.deliverEvents();
    });
  }
}

// One for all lanes: what it knows is how documents look.
const decoder = new Decoder();

/**
 * A reply's document, which refers to none of the bytes that it was read from.
 *
 * @param leavesBatch - Whether the documents of its batch may be left for later, in bytes of their own.
 */
export function decode({ kind, bytes, offset, length }: Completion, options?: DeserializeOptions, leavesBatch = false): Document {
  if (kind === WRITTEN) return { ok: 1 };
  try {
    const around = leavesBatch && isDefault(options) ? UnreadDocuments.decodeAround(bytes, offset, length, decoder) : undefined;
    if (around) return around;
    const document = decoder.decode(bytes, offset, length, options);
    if (kind === LARGE_REPLY || kind === LARGE_ERROR_REPLY) freeReply(bytes);
    return document;
  } catch (error) {
    throw undecodable(error);
  }
}

/** Whether this runtime has an event loop that the core can use. Elsewhere libuv's functions may exist and abort. */
function hasEventLoop(): boolean {
  const { bun, deno } = process.versions as Record<string, string | undefined>;
  return bun === undefined && deno === undefined && process.platform !== 'win32';
}

