import type { Document } from 'bson';
import { native } from '../native';
import { freeReply, undecodable, type Decoder } from './decoder';

/** What the reply to a command that opens or continues a cursor begins with. */
const CURSOR = '\x03cursor\0';
const BATCHES = ['firstBatch', 'nextBatch'] as const;
/** Where the cursor's document is, and its first element. */
const CURSOR_AT = 4 + CURSOR.length;
const BATCH_AT = CURSOR_AT + 4;
const EMPTY_ARRAY = Buffer.from([5, 0, 0, 0, 0]);

/**
 * The documents of a large batch, made as they are read. All at once they would take many times the room of their bytes, live through the
 * collections that they cause themselves, and keep the event loop waiting.
 */
export class UnreadDocuments {
  /** How many they are. */
  count: number;
  #at: number;
  readonly #end: number;

  private constructor(
    readonly decoder: Decoder,
    readonly memory: Buffer,
    readonly reply: Buffer,
    [at, end, count]: readonly [number, number, number],
  ) {
    this.#at = at;
    this.#end = end;
    this.count = count;
  }

  /**
   * Decodes a reply but for the documents of its batch, in whose place this is.
   *
   * @param memory - Where the reply is, and nothing else that is needed. It is kept until they are read, and freed then.
   * @returns `undefined` where the reply does not begin with a batch of documents.
   */
  static decodeAround(memory: Buffer, offset: number, length: number, decoder: Decoder): Document | undefined {
    const reply = memory.subarray(offset, offset + length);
    if (reply.toString('latin1', 4, CURSOR_AT) !== CURSOR) return undefined;
    const name = BATCHES.find((name) => reply.toString('latin1', BATCH_AT, BATCH_AT + name.length + 2) === `\x04${name}\0`);
    if (name === undefined) return undefined;
    const start = BATCH_AT + name.length + 2;
    const batchLength = reply.readInt32LE(start);
    const cursorLength = reply.readInt32LE(CURSOR_AT);
    const [at, end] = [start + 4, start + batchLength - 1];
    if (end < at || end >= CURSOR_AT + cursorLength || reply[end] !== 0) return undefined;
    const count = native.countDocuments(decoder.number, reply, at, end);
    if (!count) return undefined;
    const around = Buffer.concat([reply.subarray(0, start), EMPTY_ARRAY, reply.subarray(start + batchLength)]);
    around.writeInt32LE(around.length, 0);
    around.writeInt32LE(cursorLength - batchLength + EMPTY_ARRAY.length, CURSOR_AT);
    const document = decoder.decode(around, 0, around.length);
    (document['cursor'] as Document)[name] = new UnreadDocuments(decoder, memory, reply, [at, end, count]);
    return document;
  }

  /**
   * Reads some, at least one if there are any.
   *
   * @throws {@link MongoParseError}
   */
  read(): unknown[] {
    try {
      const { documents, next } = this.decoder.decodePart(this.reply, this.#at, this.#end);
      this.#at = next;
      this.count -= documents.length;
      if (this.count === 0) this.free();
      return documents;
    } catch (error) {
      throw undecodable(error);
    }
  }

  /** Forgets those that are left. */
  free(): void {
    this.count = 0;
    freeReply(this.memory);
  }
}
