// "Converting Returned Model Objects to Documents".

import { bsonType, isDocument } from './values.mjs';

/** A result as a document, where it is an object of a class; what is in maps is by name. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, each]) => [String(key), plain(each)]));
  if (isDocument(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  return isModel(value) ? plain(fieldsOf(value)) : value;
}

/** Whether a value is an object of a class that is no value of BSON. */
function isModel(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || bsonType(value) !== undefined) return false;
  return ![Date, RegExp, Uint8Array, Error].some((known) => value instanceof known);
}

/** Its own properties, and those that its class computes. */
function fieldsOf(model: object): Record<string, unknown> {
  const computed = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(model) as object))
    .filter(([, { get }]) => get !== undefined)
    .map(([name]) => [name, Reflect.get(model, name) as unknown]);
  return { ...Object.fromEntries(computed), ...model };
}
