import { Binary, Decimal128, deserialize, Long, ObjectId, Timestamp, UUID, type Document } from 'bson';
import { makeFactory } from './factory';
import { Kind, parseDescription } from './kinds';

/** Makes a document of the values that come next on the tape. */
export type Factory = (tape: Tape) => Document;

/** As bson reads one out of a reply, where it still does that. */
const ObjectIdAt = ObjectId as unknown as new (bytes: Uint8Array, offset: number) => ObjectId;
const readsAt = ((): boolean => {
  try {
    return new ObjectIdAt(Buffer.from('-abcdefghijkl'), 1).equals(new ObjectId(Buffer.from('abcdefghijkl')));
  } catch {
    return false;
  }
})();

/**
 * A flattened reply that is being read, from left to right: numbers in slots, texts in chunks, and what stays
 * BSON in the reply itself. `crates/wire/src/tape.rs` writes it.
 */
export class Tape {
  /** Where the next slot is. Factories move it. */
  at = 0;
  /** Chunks of text are read one after another; `#string` is the one that strings are being cut from. */
  #string = '';
  #cut = 0;
  #chunk = 0;
  #textAt = 0;
  #bytes: Buffer;
  #offset = 0;
  readonly #factories: Factory[] = [];

  constructor(
    /** The slots. Factories read them. */
    public numbers: Float64Array,
    public text: Buffer,
    readonly describe: (number: number) => Buffer | null,
    /** Gives the chunks of text in the tape's own room, one after another. */
    public nextText: (() => string) | undefined,
  ) {
    this.#bytes = text;
  }

  /** The document that was flattened from `bytes`, `offset` on. */
  read(bytes: Buffer, offset: number): Document {
    this.#begin(bytes, offset);
    this.#chunk = this.#integer();
    return this.document();
  }

  /** The documents that were flattened from a part of `bytes`, and where the next one is in them. */
  readPart(bytes: Buffer): { documents: Document[]; next: number } {
    this.#begin(bytes, 0);
    try {
      const count = this.#integer();
      const next = this.#integer();
      // oxlint-disable-next-line no-new-array -- as in `array`
      const documents = new Array<Document>(count);
      for (let index = 0; index < count; index++) documents[index] = this.document();
      return { documents, next };
    } finally {
      this.#release();
    }
  }

  #begin(bytes: Buffer, offset: number): void {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#string = '';
    this.#cut = this.#textAt = 0;
    this.at = 0;
  }

  /** A large reply is not kept until the next one. */
  #release(): void {
    this.#bytes = this.text;
  }

  /** Reads from other room for once. */
  lendRoom<T>(numbers: Float64Array, text: Buffer, read: () => T): T {
    const own = { numbers: this.numbers, text: this.text, nextText: this.nextText };
    Object.assign(this, { numbers, text, nextText: undefined });
    try {
      return read();
    } finally {
      Object.assign(this, own);
      this.#release();
    }
  }

  /** The core has forgotten all descriptions. */
  forget(): void {
    this.#factories.length = 0;
  }

  document(): Document {
    const number = this.#integer();
    if (number === 0) return this.#bson();
    return (this.#factories[number] ?? this.#learn(number))(this);
  }

  /** The next slot, which has an integer: said so, the engine does not calculate with doubles. */
  #integer(): number {
    return (this.numbers[this.at++] as number) | 0;
  }

  #learn(number: number): Factory {
    const factory = makeFactory(parseDescription(this.describe(number) as Buffer));
    this.#factories[number] = factory;
    return factory;
  }

  /** The string of so many UTF-16 units that comes next. */
  string(length: number): string {
    const start = this.#cut;
    const end = start + length;
    if (end > this.#string.length) return this.#nextChunk(length);
    this.#cut = end;
    return this.#string.slice(start, end);
  }

  #nextChunk(length: number): string {
    this.#string = this.nextText ? this.nextText() : this.#decodeChunk();
    this.#cut = length;
    return this.#string.slice(0, length);
  }

  /** Text in other room than the tape's own. */
  #decodeChunk(): string {
    const chunk = (this.numbers[this.#chunk++] as number) | 0;
    const units = chunk >>> 1;
    const start = (chunk & 1) === 0 ? this.#textAt : (this.#textAt + 1) & ~1;
    this.#textAt = start + units * (1 + (chunk & 1));
    return this.text.toString((chunk & 1) === 0 ? 'latin1' : 'utf16le', start, this.#textAt);
  }

  objectId(at: number): ObjectId {
    return readsAt ? new ObjectIdAt(this.#bytes, this.#offset + at) : new ObjectId(this.#copy(at, 12));
  }

  array(): unknown[] {
    const count = this.#integer();
    const kind = this.#integer();
    // oxlint-disable-next-line no-new-array -- of its length at once, it takes no more room than it needs
    const array = new Array<unknown>(count);
    // The two that matter most have loops of their own, without a decision in them.
    if (kind === Kind.Text) for (let index = 0; index < count; index++) array[index] = this.string(this.#integer());
    else if (kind === Kind.Document) for (let index = 0; index < count; index++) array[index] = this.document();
    else for (let index = 0; index < count; index++) array[index] = this.value(kind);
    return array;
  }

  /** The value that comes next. */
  value(kind: number): unknown {
    const { numbers } = this;
    switch (kind) {
      case Kind.Any:
        return this.value(this.#integer());
      case Kind.Int32:
      case Kind.Number:
        return numbers[this.at++];
      case Kind.Text:
        return this.string(this.#integer());
      case Kind.Boolean:
        return numbers[this.at++] === 1;
      case Kind.Null:
        return null;
      case Kind.Undefined:
        return undefined;
      case Kind.DateTime:
        return new Date(numbers[this.at++] as number);
      case Kind.ObjectId:
        return this.objectId(this.#integer());
      case Kind.Document:
        return this.document();
      case Kind.Array:
        return this.array();
      case Kind.Int64:
        return new Long(this.#integer(), this.#integer());
      case Kind.Timestamp:
        return new Timestamp({ i: numbers[this.at++] as number, t: numbers[this.at++] as number });
      case Kind.Binary:
        return this.#binary();
      case Kind.Decimal128:
        return new Decimal128(this.#copy(this.#integer(), 16));
      default:
        return this.#other();
    }
  }

  #binary(): Binary {
    const start = this.#integer();
    const bytes = this.#copy(start, this.#integer());
    const binary = new Binary(bytes, this.#integer());
    return binary.sub_type === Binary.SUBTYPE_UUID && UUID.isValid(binary) ? binary.toUUID() : binary;
  }

  /** A document that stayed BSON. */
  #bson(): Document {
    const start = this.#integer();
    return deserialize(this.#copy(start, this.#integer()));
  }

  /** A value that only bson knows how to make, in a document of its own. */
  #other(): unknown {
    const type = this.#integer();
    const start = this.#integer();
    const length = this.#integer();
    const document = Buffer.alloc(4 + 2 + length + 1);
    document.writeInt32LE(document.length, 0);
    document[4] = type;
    this.#bytes.copy(document, 6, this.#offset + start, this.#offset + start + length);
    return deserialize(document)[''];
  }

  /** Bytes of the reply that outlive it. */
  #copy(start: number, length: number): Buffer {
    const copy = Buffer.allocUnsafe(length);
    this.#bytes.copy(copy, 0, this.#offset + start, this.#offset + start + length);
    return copy;
  }
}
