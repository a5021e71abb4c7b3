import { serialize, type Document, type SerializeOptions } from 'bson';
import { encode, isPlain, NoRoom } from './encode';

/** Room that is kept from one sequence to the next. */
const KEPT = 1 << 20;

/** Writes documents one behind the other, as a document sequence of a message has them. */
export class SequenceWriter {
  readonly #own = Buffer.allocUnsafeSlow(KEPT);

  /** What it gives is valid until the next call. A document that is BSON already is taken as it is. */
  write(documents: readonly Document[], options?: SerializeOptions): Uint8Array {
    let bytes = this.#own;
    let at = 0;
    for (const document of documents) {
      for (;;) {
        try {
          at = writeOne(bytes, at, document, options);
          break;
        } catch (error) {
          if (!(error instanceof NoRoom)) throw error;
          const larger = Buffer.allocUnsafeSlow(bytes.length * 2);
          larger.set(bytes.subarray(0, at));
          bytes = larger;
        }
      }
    }
    return bytes.subarray(0, at);
  }
}

function writeOne(bytes: Uint8Array, at: number, document: Document, options: SerializeOptions | undefined): number {
  if (isPlain(document, options)) return encode(bytes, at, document, options);
  const whole = document instanceof Uint8Array ? document : serialize(document, options);
  if (at + whole.length > bytes.length) throw new NoRoom();
  bytes.set(whole, at);
  return at + whole.length;
}
