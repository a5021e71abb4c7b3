import { deserialize, type DeserializeOptions, type Document } from 'bson';
import { MongoParseError } from '../errors';
import { native } from '../native';
import { Tape } from './tape';

/** Slots and bytes of a tape that most replies fit on. */
const SLOTS = 128 << 10;
const TEXT = 1 << 20;

// What `flatten` says: `crates/node/src/tape.rs`.
const UNFIT = 0;
const NO_ROOM = 1;
const WHOLE_ANEW = 3;

/** Where an array is that is the only element of a document, its key being empty. */
const ARRAY_AT = 6;

/**
 * Makes documents of replies: by the tape, or with bson where the tape does not take them or other values are wanted.
 * What it gives equals what bson gives for the same bytes and options, errors included.
 */
export class Decoder {
  /** The core's number for its tape. */
  readonly number: number;
  readonly #tape: Tape;
  readonly #sources: Buffer[] = [];

  constructor() {
    const numbers = new Float64Array(SLOTS);
    const text = Buffer.allocUnsafeSlow(TEXT);
    this.number = native.openTape(numbers, text);
    this.#tape = new Tape(numbers, text, (number) => native.description(this.number, number), native.textReader(this.number));
  }

  /** Lends a buffer that replies will be in: those take a shorter way. */
  lend(source: Buffer): void {
    native.lendSource(this.number, source);
    this.#sources.push(source);
  }

  /** The document whose BSON is in `bytes`. It refers to none of them afterwards. */
  decode(bytes: Buffer, offset: number, length: number, options?: DeserializeOptions): Document {
    if (isDefault(options)) {
      const document = this.#fromTape(bytes, offset, length);
      if (document) return document;
    }
    const copy = Buffer.allocUnsafe(length);
    bytes.copy(copy, 0, offset, offset + length);
    return deserialize(copy, options);
  }

  /**
   * Some of the documents that stand in a reply from `at` to `end`, as the elements of an array: as many as are read together best.
   *
   * @returns With them, where the next one is.
   */
  decodePart(reply: Buffer, at: number, end: number): { documents: unknown[]; next: number } {
    const flattened = native.flattenPart(this.number, reply, at, end);
    if (flattened === NO_ROOM) return this.#decodeOne(reply, at);
    if (flattened === UNFIT) return decodeRest(reply, at, end);
    if (flattened === WHOLE_ANEW) this.#tape.forget();
    try {
      return this.#tape.readPart(reply);
    } catch {
      return decodeRest(reply, at, end);
    }
  }

  /** A document that is too large for a tape. */
  #decodeOne(reply: Buffer, at: number): { documents: unknown[]; next: number } {
    const start = reply.indexOf(0, at + 1) + 1;
    const length = reply.readInt32LE(start);
    return { documents: [this.decode(reply, start, length)], next: start + length };
  }

  #fromTape(bytes: Buffer, offset: number, length: number): Document | undefined {
    const source = this.#sources.indexOf(bytes);
    if (source < 0) return this.#fromOther(bytes.subarray(offset, offset + length));
    const flattened = native.flatten(this.number, source, offset, length);
    if (flattened === UNFIT) return undefined;
    if (flattened === NO_ROOM) return this.#fromOther(bytes.subarray(offset, offset + length));
    return this.#read(flattened, bytes, offset);
  }

  /** A reply that is not in a lent buffer, or too large for the tape: it may have room of its own. */
  #fromOther(reply: Buffer): Document | undefined {
    let { numbers, text } = this.#tape;
    for (;;) {
      const flattened = native.flattenIn(this.number, reply, numbers, text);
      if (flattened === UNFIT) return undefined;
      if (flattened !== NO_ROOM) return this.#tape.lendRoom(numbers, text, () => this.#read(flattened, reply, 0));
      numbers = new Float64Array(Math.max(reply.length >> 3, numbers.length * 2));
      text = Buffer.allocUnsafeSlow(Math.max(reply.length, text.length * 2));
    }
  }

  #read(flattened: number, bytes: Buffer, offset: number): Document | undefined {
    if (flattened === WHOLE_ANEW) this.#tape.forget();
    try {
      return this.#tape.read(bytes, offset);
    } catch {
      // What bson refuses in a part of the reply it refuses in the whole, in the words of its own.
      return undefined;
    }
  }
}

/** Has bson decode all that is left, as an array in a document of its own: it says what is wrong with them, in its own words. */
function decodeRest(reply: Buffer, at: number, end: number): { documents: unknown[]; next: number } {
  const document = Buffer.alloc(ARRAY_AT + 4 + (end - at) + 2);
  document.writeInt32LE(document.length, 0);
  document[4] = 0x04;
  document.writeInt32LE(document.length - ARRAY_AT - 1, ARRAY_AT);
  reply.copy(document, ARRAY_AT + 4, at, end);
  return { documents: deserialize(document)[''] as unknown[], next: end };
}

/** What an operation fails with where bson refuses its reply. */
export function undecodable(error: unknown): MongoParseError {
  return new MongoParseError(`The reply cannot be decoded: ${(error as Error).message}`, { code: 'FERROPOOL_PROTOCOL' }, error);
}

/** Gives memory back that has nothing but a large reply, which nothing refers to any more. */
export function freeReply(memory: Buffer): void {
  // What is one buffer of many is not ours to free.
  if (memory.byteLength === memory.buffer.byteLength) native.freeMemory(memory.buffer as ArrayBuffer);
}

/** Whether the options ask for what bson does without any. */
export function isDefault(options: DeserializeOptions | undefined): boolean {
  if (options === undefined) return true;
  return (
    (options.promoteValues ?? true) === true &&
    (options.promoteLongs ?? true) === true &&
    !options.promoteBuffers &&
    !options.useBigInt64 &&
    !options.bsonRegExp &&
    !options.raw &&
    options.fieldsAsRaw === undefined &&
    (options.validation === undefined || options.validation.utf8 === true) &&
    !options.index &&
    !options.allowObjectSmallerThanBufferSize
  );
}
