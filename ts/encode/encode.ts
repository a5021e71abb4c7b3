// BSON for plain values, written where it is needed: most of what commands and documents are made of. Whatever else there is,
// bson makes, value by value. The bytes equal bson's for every document and every option.

import { Long, ObjectId, serialize, type Document, type SerializeOptions } from 'bson';

/** There is no room for a document. */
export class NoRoom extends RangeError {}

/** What is asked of a document's values. */
type ValueOptions = Pick<SerializeOptions, 'ignoreUndefined' | 'serializeFunctions'>;

const enum Type {
  Double = 0x01,
  String = 0x02,
  Document = 0x03,
  Array = 0x04,
  Binary = 0x05,
  ObjectId = 0x07,
  Boolean = 0x08,
  DateTime = 0x09,
  Null = 0x0a,
  Int32 = 0x10,
  Int64 = 0x12,
}

/** Beyond it bson looks: it tells a circle from what is merely deep. */
const DEEPEST = 64;
/** Up to so many UTF-16 units a loop is faster than a call out of JavaScript. */
const SHORT = 48;
const TWO_TO_THE_32 = 0x1_0000_0000;

const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

const nothing: object = {};
let inherited = false;

/** An ObjectId of this bson, which can write itself. */
type WritableObjectId = ObjectId & { serializeInto(bytes: Uint8Array, at: number): number };
const writesItself = typeof (ObjectId.prototype as Partial<WritableObjectId>).serializeInto === 'function';
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Whether what `options` ask for is done here. */
export function isPlain(document: unknown, options: SerializeOptions | undefined): boolean {
  return isLittleEndian && !options?.checkKeys && isPlainObject(document);
}

/**
 * Writes the BSON of a document that {@link isPlain} into `bytes`, `at` on, and says where it ends.
 *
 * @throws {@link NoRoom}, and what bson throws.
 */
export function encode(bytes: Uint8Array, at: number, document: Document, options: ValueOptions = {}): number {
  inherited = inheritsKeys();
  const end = writeDocument(bytes, at, document, options, 0);
  // What was written beyond the end was dropped.
  if (end > bytes.length) throw new NoRoom();
  return end;
}

/** Whether somebody has given all objects keys: a loop over an object meets them. */
function inheritsKeys(): boolean {
  for (const key in nothing) return key !== undefined;
  return false;
}

/** Whether bson would look at its keys and nothing else. */
function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const { toBSON, _bsontype } = value as { toBSON?: unknown; _bsontype?: unknown };
  return typeof toBSON !== 'function' && _bsontype === undefined;
}

function writeDocument(bytes: Uint8Array, start: number, document: Document, options: ValueOptions, depth: number): number {
  let at = start + 4;
  // A list of the keys would be dearer than this loop, by far where there are many.
  for (const key in document) {
    if (inherited && !Object.hasOwn(document, key)) continue;
    at = writeElement(bytes, at, key, document[key], options, depth);
  }
  bytes[at++] = 0;
  writeInt32(bytes, start, at - start);
  return at;
}

function writeArray(bytes: Uint8Array, start: number, array: readonly unknown[], options: ValueOptions, depth: number): number {
  let at = start + 4;
  for (let index = 0; index < array.length; index++) {
    const value = array[index];
    at = writeElement(bytes, at, String(index), value === undefined ? null : value, options, depth);
  }
  bytes[at++] = 0;
  writeInt32(bytes, start, at - start);
  return at;
}

function writeElement(bytes: Uint8Array, start: number, key: string, value: unknown, options: ValueOptions, depth: number): number {
  // What is written beyond the end is dropped, which takes longer than writing it.
  if (start > bytes.length) throw new NoRoom();
  const at = writeKey(bytes, start + 1, key);
  if (at < 0) return writeForeign(bytes, start, key, value, options);
  switch (typeof value) {
    case 'string':
      bytes[start] = Type.String;
      return writeString(bytes, at, value);
    case 'number':
      if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
        bytes[start] = Type.Int32;
        writeInt32(bytes, at, value);
        return at + 4;
      }
      bytes[start] = Type.Double;
      return writeDouble(bytes, at, value);
    case 'boolean':
      bytes[start] = Type.Boolean;
      bytes[at] = value ? 1 : 0;
      return at + 1;
    case 'object':
      break;
    case 'undefined':
      if (options.ignoreUndefined !== false) return start;
      bytes[start] = Type.Null;
      return at;
    default:
      return writeForeign(bytes, start, key, value, options);
  }
  if (value === null) {
    bytes[start] = Type.Null;
    return at;
  }
  if (depth < DEEPEST) {
    if (isPlainObject(value)) {
      bytes[start] = Type.Document;
      return writeDocument(bytes, at, value, options, depth + 1);
    }
    if (Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype && !('toBSON' in value) && !('_bsontype' in value)) {
      bytes[start] = Type.Array;
      return writeArray(bytes, at, value, options, depth + 1);
    }
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === ObjectId.prototype && writesItself) {
    bytes[start] = Type.ObjectId;
    return at + (value as WritableObjectId).serializeInto(bytes, at);
  }
  if (prototype === Date.prototype && !('toBSON' in value) && !('_bsontype' in value)) {
    bytes[start] = Type.DateTime;
    return writeDateTime(bytes, at, (value as Date).getTime());
  }
  if (prototype === Long.prototype && (value as Long)._bsontype === 'Long') {
    bytes[start] = Type.Int64;
    writeInt32(bytes, at, (value as Long).low);
    writeInt32(bytes, at + 4, (value as Long).high);
    return at + 8;
  }
  return writeForeign(bytes, start, key, value, options);
}

/** Writes a key and the zero behind it; -1 if it has a zero of its own. */
function writeKey(bytes: Uint8Array, start: number, key: string): number {
  const { length } = key;
  let at = start;
  for (let index = 0; index < length; index++) {
    const unit = key.charCodeAt(index);
    if (unit === 0 || unit > 127) return unit === 0 || key.includes('\0') ? -1 : endText(bytes, start + writeText(bytes, start, key));
    bytes[at++] = unit;
  }
  return endText(bytes, at);
}

function endText(bytes: Uint8Array, at: number): number {
  bytes[at] = 0;
  return at + 1;
}

function writeString(bytes: Uint8Array, start: number, text: string): number {
  const end = start + 4 + writeText(bytes, start + 4, text);
  writeInt32(bytes, start, end - start - 3);
  return endText(bytes, end);
}

/** Writes UTF-8, and says how many bytes that were. */
function writeText(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  if (length <= SHORT) {
    let index = 0;
    for (; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 127) break;
      bytes[at + index] = unit;
    }
    if (index === length) return length;
  }
  // Otherwise as much would be written as there is room for, and nobody would know.
  if (at + length * 3 > bytes.length && at + Buffer.byteLength(text) > bytes.length) throw new NoRoom();
  return (bytes as Buffer).write(text, at, 'utf8');
}

function writeDateTime(bytes: Uint8Array, at: number, time: number): number {
  // An invalid date is the epoch to bson.
  const milliseconds = Number.isNaN(time) ? 0 : time;
  const high = Math.floor(milliseconds / TWO_TO_THE_32);
  writeInt32(bytes, at, milliseconds - high * TWO_TO_THE_32);
  writeInt32(bytes, at + 4, high);
  return at + 8;
}

function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function writeDouble(bytes: Uint8Array, at: number, value: number): number {
  double[0] = value;
  for (let index = 0; index < 8; index++) bytes[at + index] = doubleBytes[index] as number;
  return at + 8;
}

/** Has bson make a document of this one element, which is all of it but length and end. */
function writeForeign(bytes: Uint8Array, at: number, key: string, value: unknown, { ignoreUndefined, serializeFunctions }: ValueOptions): number {
  const document = serialize({ [key]: value }, { ignoreUndefined: ignoreUndefined ?? true, serializeFunctions: serializeFunctions ?? false });
  const element = document.subarray(4, -1);
  if (at + element.length > bytes.length) throw new NoRoom();
  bytes.set(element, at);
  return at + element.length;
}
