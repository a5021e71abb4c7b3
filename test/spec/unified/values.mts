// BSON values as JavaScript has them.

import type { Double, Int32, Long } from 'bson';

/** Whether a value is a BSON document, and no other value that JavaScript has as an object. */
export function isDocument(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** The value of a number of any type but Decimal128; `undefined` for what is none. */
export function numeric(value: unknown): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  switch (bsonType(value)) {
    case 'Int32':
    case 'Double':
      return (value as Int32 | Double).valueOf();
    case 'Long':
      return (value as Long).toBigInt();
    default:
      return undefined;
  }
}

/** The name of a value of a class of `bson`, which may be another copy of it. */
export function bsonType(value: unknown): string | undefined {
  return (value as { _bsontype?: string } | null | undefined)?._bsontype;
}

const isInteger = (value: unknown): boolean => typeof value === 'bigint' || Number.isInteger(value);
const inRange = (value: unknown, bits: bigint): boolean => {
  const number = numeric(value);
  if (number === undefined || !isInteger(number)) return false;
  return BigInt.asIntN(Number(bits), BigInt(number)) === BigInt(number);
};

/**
 * The types of `$type` by their names. Numbers that were promoted have lost theirs, so one counts as each type that has its
 * value.
 */
export const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  double: (value) => typeof value === 'number' || bsonType(value) === 'Double',
  string: (value) => typeof value === 'string',
  object: isDocument,
  array: Array.isArray,
  binData: (value) => value instanceof Uint8Array || bsonType(value) === 'Binary',
  undefined: () => false,
  objectId: (value) => bsonType(value) === 'ObjectId',
  bool: (value) => typeof value === 'boolean',
  date: (value) => value instanceof Date,
  null: (value) => value === null,
  regex: (value) => value instanceof RegExp || bsonType(value) === 'BSONRegExp',
  dbPointer: (value) => bsonType(value) === 'DBRef',
  javascript: (value) => bsonType(value) === 'Code' && (value as { scope: unknown }).scope === null,
  symbol: (value) => bsonType(value) === 'BSONSymbol',
  javascriptWithScope: (value) => bsonType(value) === 'Code' && (value as { scope: unknown }).scope !== null,
  int: (value) => bsonType(value) !== 'Long' && inRange(value, 32n),
  timestamp: (value) => bsonType(value) === 'Timestamp',
  long: (value) => bsonType(value) !== 'Int32' && inRange(value, 64n),
  decimal: (value) => bsonType(value) === 'Decimal128',
  minKey: (value) => bsonType(value) === 'MinKey',
  maxKey: (value) => bsonType(value) === 'MaxKey',
  number: (value) => numeric(value) !== undefined || bsonType(value) === 'Decimal128',
};

/** A copy, of which the values of BSON are the same. */
export function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (!isDocument(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copied(each)]));
}
