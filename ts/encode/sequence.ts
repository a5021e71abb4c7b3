import { serialize, type Document, type SerializeOptions } from 'bson';
import type { Sequence } from '../execution';
import { native } from '../native';
import { encode, isPlain, NoRoom } from './encode';

/** Room to begin with, and the most that is kept from one sequence to the next, in bytes. */
const ROOM = 1 << 20;
const KEPT = 8 << 20;

/** What is made room for at once, on expectation alone: a message of any server has less. */
const MOST = 64 << 20;
const MARGIN = 1.1;

const KIND_SEQUENCE = 1;
/** The kind, the size and the end of the name. */
const AROUND_NAME = 6;

/** What may be written. */
export interface Bounds {
  /** The bytes of all documents together. */
  readonly room: number;
  /** Told of each document. What it throws ends the writing. */
  check(index: number, size: number): void;
}

/** Writes document sequences as sections of a message (OP_MSG, "Kind 1: Document Sequence"). */
export class SequenceWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(ROOM);

  /**
   * A document that is BSON already is taken as it is.
   *
   * @returns What is valid until the next call; `undefined` where the documents need more room than there may be.
   */
  write(sequences: readonly Sequence[], options?: SerializeOptions, bounds?: Bounds): Uint8Array | undefined {
    let bytes = this.#bytes;
    let at = 0;
    for (const { name, documents } of sequences) {
      const start = at;
      while (at + AROUND_NAME + name.length > bytes.length) bytes = this.#enlarge(bytes, at);
      at = writeHead(bytes, at, name);
      const first = at;
      for (let index = 0; index < documents.length; index++) {
        const end = writeOne(bytes, at, documents[index] as Document, options);
        if (end === undefined) {
          bytes = this.#enlarge(bytes, at);
          index -= 1;
          continue;
        }
        const size = end - at;
        bounds?.check(index, size);
        at = end;
        if (bounds && at - first > bounds.room) return undefined;
        // A document that finds no room is written twice: the next one is likely to be as large as this.
        if (at + size > bytes.length && index + 1 < documents.length) {
          const expected = ((at - first) / (index + 1)) * (documents.length - index - 1);
          bytes = this.#enlarge(bytes, at, Math.min(expected, bounds?.room ?? Infinity, MOST));
        }
      }
      // The size counts itself, not the kind in front of it.
      bytes.writeInt32LE(at - start - 1, start + 1);
    }
    return bytes.subarray(0, at);
  }

  /** Whether bytes that it gave are in memory that it writes to again. */
  keeps(bytes: Uint8Array): boolean {
    return bytes.buffer === this.#bytes.buffer;
  }

  /** Twice as large, or what is `expected` to come and a little more. */
  #enlarge(bytes: Buffer, used: number, expected = 0): Buffer {
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, Math.ceil(used + expected * MARGIN)));
    larger.set(bytes.subarray(0, used));
    if (!this.keeps(bytes)) native.freeMemory(bytes.buffer as ArrayBuffer);
    if (larger.length <= KEPT) this.#bytes = larger;
    return larger;
  }
}

/** Room for the size comes between the kind and the name. */
function writeHead(bytes: Buffer, at: number, name: string): number {
  bytes[at] = KIND_SEQUENCE;
  const end = at + 5 + bytes.write(name, at + 5, 'latin1');
  bytes[end] = 0;
  return end + 1;
}

/** Where it ends; `undefined` if there is no room for it. */
function writeOne(bytes: Uint8Array, at: number, document: Document, options: SerializeOptions | undefined): number | undefined {
  if (isPlain(document, options)) {
    try {
      return encode(bytes, at, document, options);
    } catch (error) {
      if (error instanceof NoRoom) return undefined;
      throw error;
    }
  }
  const whole = document instanceof Uint8Array ? document : serialize(document, options);
  if (at + whole.length > bytes.length) return undefined;
  bytes.set(whole, at);
  return at + whole.length;
}
