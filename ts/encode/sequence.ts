import { serialize, type Document, type SerializeOptions } from 'bson';
import type { Sequence } from '../execution';
import { encode, isPlain, NoRoom } from './encode';

/** Room that is kept from one sequence to the next. */
const KEPT = 1 << 20;

const KIND_SEQUENCE = 1;
/** The kind, the size and the end of the name. */
const AROUND_NAME = 6;

/** Writes document sequences as sections of a message (OP_MSG, "Kind 1: Document Sequence"). */
export class SequenceWriter {
  readonly #own = Buffer.allocUnsafeSlow(KEPT);

  /** What it gives is valid until the next call. A document that is BSON already is taken as it is. */
  write(sequences: readonly Sequence[], options?: SerializeOptions): Uint8Array {
    let bytes: Buffer = this.#own;
    let at = 0;
    for (const { name, documents } of sequences) {
      const start = at;
      while (at + AROUND_NAME + name.length > bytes.length) bytes = larger(bytes, at);
      at = writeHead(bytes, at, name);
      for (const document of documents) {
        for (;;) {
          try {
            at = writeOne(bytes, at, document, options);
            break;
          } catch (error) {
            if (!(error instanceof NoRoom)) throw error;
            bytes = larger(bytes, at);
          }
        }
      }
      // The size counts itself, not the kind in front of it.
      bytes.writeInt32LE(at - start - 1, start + 1);
    }
    return bytes.subarray(0, at);
  }
}

/** Room for the size comes between the kind and the name. */
function writeHead(bytes: Buffer, at: number, name: string): number {
  bytes[at] = KIND_SEQUENCE;
  const end = at + 5 + bytes.write(name, at + 5, 'latin1');
  bytes[end] = 0;
  return end + 1;
}

function larger(bytes: Buffer, used: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length * 2);
  copy.set(bytes.subarray(0, used));
  return copy;
}

function writeOne(bytes: Uint8Array, at: number, document: Document, options: SerializeOptions | undefined): number {
  if (isPlain(document, options)) return encode(bytes, at, document, options);
  const whole = document instanceof Uint8Array ? document : serialize(document, options);
  if (at + whole.length > bytes.length) throw new NoRoom();
  bytes.set(whole, at);
  return at + whole.length;
}
