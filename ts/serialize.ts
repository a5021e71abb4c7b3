// Commands on their way out: BSON where the core takes it from.

import { calculateObjectSize, serialize, serializeWithBufferAndIndex, type Document, type SerializeOptions } from 'bson';
import { encode, isPlain } from './encode/encode';
import { SequenceWriter, type Bounds } from './encode/sequence';
import { MongoInvalidArgumentError } from './errors';
import type { Sequence } from './execution';
import { native } from './native';

/** The largest command: a document of 16 MiB and 16 KiB around it. */
const MAX_COMMAND = (16 << 20) + (16 << 10);

/** What is longer has memory of its own, which is freed when the core has it: the collector would let some of it gather, and then collect everything. */
const LARGE = 1 << 20;

/** The length of a document without elements. */
const EMPTY = 5;

// One for all lanes: what it wrote has been copied when the next one writes.
const writer = new SequenceWriter();

// The same, as bson has one buffer for all that it serializes.
let serializing = false;

/** Whether a command is being serialized further up the stack. */
export function isSerializing(): boolean {
  return serializing;
}

/** Puts a command into `buffer`. Gives its length, or the bytes if they need a buffer of their own. */
export function serializeInto(buffer: Buffer, command: Document, options?: SerializeOptions): number | Uint8Array {
  serializing = true;
  try {
    const length = isPlain(command, options) ? encode(buffer, 0, command, options) : serializeWithBufferAndIndex(command, buffer, options) + 1;
    if (length === EMPTY) throw new MongoInvalidArgumentError('The command must not be empty');
    return length;
  } catch (error) {
    if (error instanceof MongoInvalidArgumentError) throw error;
    if (!(error instanceof RangeError)) throw unserializable(error);
    return serializeLarge(command, options);
  } finally {
    serializing = false;
  }
}

/** Documents that travel beside a command, as sections of its message. What it gives is valid until the next call. */
export function serializeSequences(sequences: readonly Sequence[], options?: SerializeOptions): Uint8Array {
  const [first] = sequences;
  // One that was sent before has been freed.
  if (first?.section?.length && sequences.length === 1) return first.section;
  return write(sequences, options) as Uint8Array;
}

/**
 * A sequence as a section, for later.
 *
 * @returns `undefined` where its documents need more room than `bounds` have, or a command is being serialized further up the stack.
 */
export function serializeSection(sequence: Sequence, options: SerializeOptions | undefined, bounds: Bounds): Uint8Array | undefined {
  if (serializing) return undefined;
  const section = write([sequence], options, bounds);
  return section && writer.keeps(section) ? copyOf(section) : section;
}

function copyOf(section: Uint8Array): Uint8Array {
  if (section.length <= LARGE) return Buffer.from(section);
  const copy = Buffer.allocUnsafeSlow(section.length);
  copy.set(section);
  return copy;
}

/** Gives the memory of large sequences back, which the core has copied. */
export function freeSequences(bytes: Uint8Array): void {
  if (bytes.length > LARGE && !writer.keeps(bytes)) native.freeMemory(bytes.buffer as ArrayBuffer);
}

function write(sequences: readonly Sequence[], options: SerializeOptions | undefined, bounds?: Bounds): Uint8Array | undefined {
  serializing = true;
  try {
    return writer.write(sequences, options, bounds);
  } catch (error) {
    if (error instanceof MongoInvalidArgumentError) throw error;
    throw unserializable(error);
  } finally {
    serializing = false;
  }
}

/** A command that does not fit in the send buffer. */
function serializeLarge(command: Document, options: SerializeOptions | undefined): Uint8Array {
  let cause: unknown;
  try {
    const bytes = serialize(command, options);
    if (bytes.length <= MAX_COMMAND) return bytes;
  } catch (error) {
    if (!(error instanceof RangeError)) throw unserializable(error);
    cause = error;
  }
  // Beyond the end of its own buffer bson either drops bytes in silence or throws a RangeError.
  const size = sizeOf(command);
  if (size <= MAX_COMMAND) throw unserializable(cause);
  throw new MongoInvalidArgumentError(`The command of ${size} bytes exceeds the limit of ${MAX_COMMAND} bytes`);
}

/** The size of a command that cannot be serialized; 0 where it is not its size that prevents it. */
function sizeOf(command: Document): number {
  try {
    return calculateObjectSize(command, { ignoreUndefined: true });
  } catch {
    return 0;
  }
}

function unserializable(error: unknown): MongoInvalidArgumentError {
  return new MongoInvalidArgumentError(`The command cannot be serialized: ${(error as Error).message}`, { code: 'FERROPOOL_INVALID_ARGUMENT' }, error);
}
