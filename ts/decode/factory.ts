// A factory builds the documents of one shape. It is compiled, so that the engine sees an object literal and slots at
// fixed distances; where code must not be generated from strings, a loop over the fields takes its place.

import type { Document } from 'bson';
import { Kind, type Field } from './kinds';
import type { Factory, Tape } from './tape';

const mayCompile = ((): boolean => {
  try {
    return new Function('return true')() as boolean;
  } catch {
    return false;
  }
})();

/** A factory for documents with these fields. */
export function makeFactory(fields: readonly Field[]): Factory {
  return mayCompile ? compile(fields) : interpret(fields);
}

/** How a slot is read, and what is made of it if that is not the value. */
interface OneSlot {
  readonly read: (slot: string) => string;
  readonly make?: (slot: string) => string;
}

const asItIs = (slot: string) => slot;
const asInteger = (slot: string) => `${slot}|0`;

const ONE_SLOT: Readonly<Record<number, OneSlot>> = {
  [Kind.Int32]: { read: asInteger },
  [Kind.Number]: { read: asItIs },
  [Kind.Text]: { read: asInteger, make: (slot) => `tape.string(${slot})` },
  [Kind.Boolean]: { read: (slot) => `${slot}===1` },
  [Kind.DateTime]: { read: asItIs, make: (slot) => `new Date(${slot})` },
  [Kind.ObjectId]: { read: asInteger, make: (slot) => `tape.objectId(${slot})` },
};

const NO_SLOT: Readonly<Record<number, string>> = { [Kind.Null]: 'null', [Kind.Undefined]: 'undefined' };

/** What reads a value of many slots, and moves the tape itself. */
const MANY_SLOTS: Readonly<Record<number, string>> = { [Kind.Document]: 'tape.document()', [Kind.Array]: 'tape.array()' };

function compile(fields: readonly Field[]): Factory {
  const statements: string[] = [];
  const properties: string[] = [];
  /** Slots since `at` was known. */
  let passed = 0;
  /** Slots are read together, before anything that could change them as far as the engine knows. */
  let reads: string[] = [];
  let makes: string[] = [];
  const flush = () => {
    statements.push(...reads, ...makes);
    reads = [];
    makes = [];
  };
  fields.forEach(({ kind, key }, index) => {
    const oneSlot = ONE_SLOT[kind];
    if (oneSlot) {
      reads.push(`const s${index}=${oneSlot.read(`numbers[at+${passed++}]`)};`);
      if (oneSlot.make) makes.push(`const v${index}=${oneSlot.make(`s${index}`)};`);
    } else if (NO_SLOT[kind] === undefined) {
      flush();
      statements.push(`tape.at=at+${passed};const v${index}=${MANY_SLOTS[kind] ?? `tape.value(${kind})`};at=tape.at;`);
      passed = 0;
    }
    const value = NO_SLOT[kind] ?? `${oneSlot && !oneSlot.make ? 's' : 'v'}${index}`;
    // `__proto__` is a key like any other only where it is computed.
    properties.push(`${key === '__proto__' ? '["__proto__"]' : JSON.stringify(key)}:${value}`);
  });
  flush();
  const body = `const numbers=tape.numbers;let at=tape.at;${statements.join('')}tape.at=at+${passed};return{${properties.join()}};`;
  return new Function('tape', body) as Factory;
}

function interpret(fields: readonly Field[]): Factory {
  return (tape: Tape) => {
    const document: Document = {};
    for (const { kind, key } of fields) {
      const value = tape.value(kind);
      if (key === '__proto__') Object.defineProperty(document, key, { value, writable: true, enumerable: true, configurable: true });
      else document[key] = value;
    }
    return document;
  };
}
