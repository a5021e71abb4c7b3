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

/** What reads a value of a kind that takes one slot, whose expression is given. */
const ONE_SLOT: Readonly<Record<number, (slot: string) => string>> = {
  [Kind.Int32]: (slot) => `${slot}|0`,
  [Kind.Number]: (slot) => slot,
  [Kind.Text]: (slot) => `tape.string(${slot})`,
  [Kind.Boolean]: (slot) => `${slot}===1`,
  [Kind.DateTime]: (slot) => `new Date(${slot})`,
  [Kind.ObjectId]: (slot) => `tape.objectId(${slot})`,
};

const NO_SLOT: Readonly<Record<number, string>> = { [Kind.Null]: 'null', [Kind.Undefined]: 'undefined' };

/** What reads a value of many slots, and moves the tape itself. */
const MANY_SLOTS: Readonly<Record<number, string>> = { [Kind.Document]: 'tape.document()', [Kind.Array]: 'tape.array()' };

function compile(fields: readonly Field[]): Factory {
  const statements: string[] = [];
  const properties: string[] = [];
  /** Slots since `at` was known. */
  let passed = 0;
  fields.forEach(({ kind, key }, index) => {
    const oneSlot = ONE_SLOT[kind];
    let value = NO_SLOT[kind];
    if (oneSlot) value = oneSlot(`numbers[at+${passed++}]`);
    if (value === undefined) {
      statements.push(`tape.at=at+${passed};const v${index}=${MANY_SLOTS[kind] ?? `tape.value(${kind})`};at=tape.at;`);
      passed = 0;
    } else {
      statements.push(`const v${index}=${value};`);
    }
    // `__proto__` is a key like any other only where it is computed.
    properties.push(`${key === '__proto__' ? '["__proto__"]' : JSON.stringify(key)}:v${index}`);
  });
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
