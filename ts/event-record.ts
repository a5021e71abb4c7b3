import { native } from './native';

/** Numbers in a record: `crates/node/src/events.rs`. */
export const WIDTH = 9;

/** The pool's events of one check-out: its start, failure and success. */
const FIRST_OF_CHECK_OUT = 7;
const LAST_OF_CHECK_OUT = 9;

// The numbers of what else the core records, behind those of the pool's events.
export const COMMAND_STARTED = 11;
export const CREDENTIAL_WANTED = 12;
export const TOPOLOGY = 13;
/** A command that is sent through a load balancer: the service's id is behind the command. */
export const SERVICE_COMMAND_STARTED = 14;
/** An attempt at a command that something else follows: its reply, or its failure. */
export const ATTEMPT_REPLIED = 15;
export const ATTEMPT_FAILED = 16;
/** A step of a selection, which only logs have. */
export const SELECTION = 17;

/** Those that belong to an operation: a bit for each number. */
const OF_OPERATION = [7, 8, 9, COMMAND_STARTED, SERVICE_COMMAND_STARTED, ATTEMPT_REPLIED, ATTEMPT_FAILED, SELECTION].reduce((bits, kind) => bits | (1 << kind), 0);

const SERVICE_ID = 12;

/** An event as the core recorded it, one at a time: it is read where the core has put it, while those who listen are told. */
export class EventRecord {
  /** Whose events they are. */
  lane = 0;
  /** Where its numbers begin. */
  at = 0;
  address = '';
  /** The reason of the signal that gave the check-out up. */
  abortReason: Error | undefined;
  #date = new Date(0);

  /** @param documents - Where documents are. They stay as they are. */
  constructor(
    readonly numbers: Float64Array,
    public documents: Buffer,
  ) {}

  get kind(): number {
    return this.numbers[this.at] as number;
  }

  get client(): number {
    return this.numbers[this.at + 1] as number;
  }

  get connectionId(): number {
    return this.numbers[this.at + 2] as number;
  }

  /** In milliseconds since the epoch. */
  get time(): number {
    return this.numbers[this.at + 3] as number;
  }

  /** The same for all events of one millisecond that come one after the other: of an event, its date is what takes longest to make. */
  date(): Date {
    const time = Math.trunc(this.time);
    // A listener that has set its date has not set the next one's.
    if (this.#date.getTime() !== time) this.#date = new Date(time);
    return this.#date;
  }

  get durationMS(): number {
    return this.numbers[this.at + 4] as number;
  }

  /** The server's own number for the connection, of a command; -1 where it gives none. */
  get serverConnectionId(): number {
    return this.numbers[this.at + 4] as number;
  }

  get reason(): number {
    return this.numbers[this.at + 5] as number;
  }

  /** Of a command, or of one for credentials. */
  get requestId(): number {
    return this.numbers[this.at + 5] as number;
  }

  /** The slot of the operation that caused it. */
  get origin(): number {
    return this.numbers[this.at + 6] as number;
  }

  /** The server's number. */
  get server(): number {
    return this.numbers[this.at + 8] as number;
  }

  get isOfCheckOut(): boolean {
    const { kind } = this;
    return kind >= FIRST_OF_CHECK_OUT && kind <= LAST_OF_CHECK_OUT;
  }

  /** Whether its listeners are told in the context of whoever started the operation. */
  get isOfOperation(): boolean {
    return ((OF_OPERATION >> this.kind) & 1) === 1;
  }

  /** What numbers cannot say of it, if there is anything. */
  content(): unknown {
    const index = this.numbers[this.at + 7] as number;
    const text = index < 0 ? null : native.eventText(this.lane, index);
    return text === null ? undefined : JSON.parse(text);
  }

  /** Its command, or its reply. */
  document(): EventDocument {
    const place = this.numbers[this.at + 7] as number;
    // Below zero: one that had no room among the others.
    return place < 0 ? new EventDocument(native.eventDocument(this.lane, -1 - place) ?? this.documents, 0) : new EventDocument(this.documents, place);
  }

  /** Whether the command goes through a load balancer. */
  get hasService(): boolean {
    return this.kind === SERVICE_COMMAND_STARTED;
  }

  /** The service's id, of a command that has one, which is `document`. */
  service({ source, offset, length }: EventDocument): Uint8Array {
    return copyOf(source, offset + length, SERVICE_ID);
  }
}

/** A BSON document among the bytes of others. */
export class EventDocument {
  constructor(
    readonly source: Buffer,
    readonly offset: number,
  ) {}

  get length(): number {
    return this.source.readInt32LE(this.offset);
  }

  /** A copy: what is made of it may be a view of it, and the core writes to the memory around it. */
  bytes(): Uint8Array {
    return copyOf(this.source, this.offset, this.length);
  }
}

function copyOf(source: Buffer, offset: number, length: number): Uint8Array {
  return Uint8Array.prototype.slice.call(source, offset, offset + length);
}
