import { AsyncLocalStorage } from 'node:async_hooks';
import { deserialize, type DeserializeOptions, type Document, type SerializeOptions } from 'bson';
import { whenAborted } from './abort';
import { MongoInvalidArgumentError, MongoParseError, MongoServerError, serverError, timedOut, toError, type Failure } from './errors';
import type { Attempt } from './command-events';
import { Decoder } from './decode/decoder';
import { ATTEMPT_FAILED, ATTEMPT_REPLIED, COMMAND_STARTED, CREDENTIAL_WANTED, SELECTION, SERVICE_COMMAND_STARTED, TOPOLOGY } from './events';
import { labelNames } from './execution';
import { native } from './native';
import { checkDatabaseName, type LaneKind } from './options';
import { serializeInto } from './serialize';

/** Runs a function in the async context of whoever started an operation. */
type Context = (run: () => void) => void;

/** Someone whose operations a lane carries, and who is told of the events of its pool. */
export interface Owner {
  readonly id: number;
  /** Where the server of this number is. */
  serverAddress(server: number): string;
  /** Whether anybody listens, so that a check-out's events need their caller's context. */
  readonly listens: boolean;
  poolEvent(kind: number, record: EventNumbers, abortReason: Error | undefined): void;
  topologyEvent(record: object): void;
  selectionEvent(record: object, time: number): void;
  credentialWanted(request: number, wanted: object): void;
  commandStarted(operation: Operation, record: EventNumbers, command: Uint8Array, service: Uint8Array | undefined): void;
  commandEnded(operation: Operation, duration: number, outcome: Outcome): void;
  /** A command of the core's own, to which there is no reply. */
  commandSent(record: EventNumbers, command: Uint8Array, service: Uint8Array | undefined): void;
}

export type Outcome = { reply: unknown } | { failure: Error };

/** An operation in a slot, until its completion. */
export class Operation {
  resolve!: (value: never) => void;
  reject!: (error: unknown) => void;
  /** Only where somebody listens. */
  context: Context | undefined;
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
   */
  constructor(
    readonly owner: Owner,
    readonly receive: (value: never, completion: Completion) => unknown,
    readonly database?: string,
    readonly bson?: DeserializeOptions,
    readonly operationId?: number,
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

/** An event as numbers: see `crates/node/src/events.rs`. */
export interface EventNumbers {
  connectionId: number;
  time: number;
  durationMS: number;
  reason: number;
  /** The server's number. */
  server: number;
  text: (() => unknown) | undefined;
}

const SLAB = 512 << 10;
const RECORD = 7;
const COMPLETIONS = 1024;
const EVENT = 9;
const EVENTS = 512;
const SEND = 64 << 10;
const NO_ORIGIN = 0xffffffff;

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

// The context of the module itself: what the lane does on its own belongs to no caller.
const inRootContext: Context = AsyncLocalStorage.snapshot();

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
  readonly #events = new Float64Array(EVENTS * EVENT);
  /** Where the core puts a connection that `tryCheckOut` took: its token's halves, its number and its server's; and what `limits` says. */
  readonly taken = new Int32Array(4);
  readonly #owners = new Map<number, WeakRef<Owner>>();
  readonly #databases = new Map<string, number>();
  readonly #operations: (Operation | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #finalizers = new FinalizationRegistry<number>((id) => {
    this.#owners.delete(id);
    native.detach(this.number, id);
  });
  #delivering = false;

  static readonly #lanes = new Map<boolean, Lane>();

  /** The lane of `kind`, opened when it is first asked for. */
  static of(kind: LaneKind): Lane {
    const eventLoop = kind === 'auto' ? hasEventLoop() : kind === 'event-loop';
    if (eventLoop && !hasEventLoop()) {
      throw new MongoInvalidArgumentError('Option "lane" cannot be "event-loop" here: this runtime has no event loop that the core can use');
    }
    let lane = Lane.#lanes.get(eventLoop);
    if (!lane) {
      inRootContext(() => Lane.#lanes.set(eventLoop, new Lane(eventLoop)));
      lane = Lane.#lanes.get(eventLoop) as Lane;
    }
    return lane;
  }

  private constructor(readonly eventLoop: boolean) {
    const lent = { slabs: [...this.#slabs], records: [...this.#records], send: this.#send, events: this.#events, taken: this.taken };
    for (const slab of this.#slabs) decoder.lend(slab);
    this.number = native.openLane(eventLoop, lent as never, (count, which, events) => this.#turn(count, which, events));
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
      if (owner.listens) operation.context = AsyncLocalStorage.snapshot();
      const slot = this.#free.pop() ?? this.#operations.push(undefined) - 1;
      this.#operations[slot] = operation;
      try {
        begin(slot);
      } catch (error) {
        this.#vacate(slot);
        throw error;
      }
      if (signal) this.#listen(signal, slot, operation);
      if (owner.listens) this.deliverEvents();
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
    // A listener that calls back in comes here again: the loop below finds what that caused.
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (let count = native.drainEvents(this.number); count > 0; count = native.drainEvents(this.number)) {
        for (const event of this.#takeEvents(count)) event();
      }
    } finally {
      this.#delivering = false;
    }
  }

  /** The drained events, moved out of their buffer: a listener may cause it to be filled again. */
  #takeEvents(count: number): (() => void)[] {
    const events: (() => void)[] = [];
    for (let at = 0; at < count * EVENT; at += EVENT) {
      // By index: an iterator over each record costs more than the record.
      const field = (number: number) => this.#events[at + number] as number;
      const kind = field(0);
      const id = field(1);
      const connectionId = field(2);
      const time = field(3);
      const durationMS = field(4);
      const reason = field(5);
      const origin = field(6);
      const text = field(7);
      const server = field(8);
      const owner = this.#owners.get(id)?.deref();
      if (!owner) continue;
      const json = text < 0 || isDocument(kind) ? undefined : native.eventText(this.number, text);
      const record = { connectionId, time, durationMS, reason, server, text: json ? () => JSON.parse(json) as unknown : undefined };
      const operation = origin === NO_ORIGIN ? undefined : this.#operations[origin];
      const context = operation?.context ?? inRootContext;
      if (kind === COMMAND_STARTED || kind === SERVICE_COMMAND_STARTED) {
        const command = native.eventDocument(this.number, text) ?? Buffer.alloc(0);
        const service = kind === SERVICE_COMMAND_STARTED ? native.eventDocument(this.number, text + 1) : undefined;
        if (operation) events.push(() => context(() => owner.commandStarted(operation, record, command, service ?? undefined)));
        else if (origin === NO_ORIGIN) events.push(() => inRootContext(() => owner.commandSent(record, command, service ?? undefined)));
      } else if (kind === ATTEMPT_REPLIED) {
        const reply = deserialize(native.eventDocument(this.number, text) ?? Buffer.alloc(0));
        const outcome = reply['ok'] ? { reply } : { failure: new MongoServerError(reply, { address: owner.serverAddress(server) }) };
        if (operation) events.push(() => context(() => owner.commandEnded(operation, durationMS, outcome)));
      } else if (kind === ATTEMPT_FAILED) {
        const outcome = { failure: toError(record.text?.() as Failure) };
        if (operation) events.push(() => context(() => owner.commandEnded(operation, durationMS, outcome)));
      } else if (kind === TOPOLOGY) {
        events.push(() => inRootContext(() => owner.topologyEvent((record.text?.() ?? {}) as object)));
      } else if (kind === SELECTION) {
        events.push(() => context(() => owner.selectionEvent((record.text?.() ?? {}) as object, time)));
      } else if (kind === CREDENTIAL_WANTED) {
        events.push(() => inRootContext(() => owner.credentialWanted(reason, (record.text?.() ?? {}) as object)));
      } else {
        const deliver = () => owner.poolEvent(kind, record, operation?.abandoned?.reason);
        // A check-out without a slot has just been made by whoever is calling: this is his context.
        if (kind < 7 || kind > 9) events.push(() => inRootContext(deliver));
        else events.push(operation ? () => context(deliver) : deliver);
      }
    }
    return events;
  }

  /** The end of a turn of the core: events first, then completions. */
  #turn(count: number, which: number, events: boolean): void {
    if (events) this.deliverEvents();
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
      completion.offset = 0;
    }
    const isCommand = operation.database !== undefined;
    let failure: Error | undefined;
    let reply: unknown = completion;
    if (kind === FAILURE || kind === ERROR_REPLY || kind === LARGE_ERROR_REPLY) {
      failure = this.#failure(operation, completion);
    } else if (isCommand && kind !== ABANDONED) {
      try {
        reply = decode(completion, operation.bson);
      } catch (error) {
        // A reply that bson refuses: the command has failed, and listeners hear of it too.
        failure = error as Error;
      }
    }
    if (operation.attempt) {
      const outcome = failure ? { failure } : { reply };
      const run = operation.context ?? inRootContext;
      run(() => operation.owner.commandEnded(operation, microseconds / 1000, outcome));
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
    this.#free.push(slot);
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

/** Whether what numbers cannot say of an event is a document, not a text. */
function isDocument(kind: number): boolean {
  return kind === COMMAND_STARTED || kind === SERVICE_COMMAND_STARTED || kind === ATTEMPT_REPLIED;
}

// One for all lanes: what it knows is how documents look.
const decoder = new Decoder();

/** A reply's document, which refers to none of the bytes that it was read from. */
export function decode({ kind, bytes, offset, length }: Completion, options?: DeserializeOptions): Document {
  if (kind === WRITTEN) return { ok: 1 };
  try {
    return decoder.decode(bytes, offset, length, options);
  } catch (error) {
    throw new MongoParseError(`The reply cannot be decoded: ${(error as Error).message}`, { code: 'FERROPOOL_PROTOCOL' }, error);
  }
}

/** Whether this runtime has an event loop that the core can use. Elsewhere libuv's functions may exist and abort. */
function hasEventLoop(): boolean {
  const { bun, deno } = process.versions as Record<string, string | undefined>;
  return bun === undefined && deno === undefined && process.platform !== 'win32';
}

