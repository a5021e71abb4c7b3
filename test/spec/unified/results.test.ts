import { Long, ObjectId } from 'bson';
import { describe, expect, it } from 'vitest';
import { plain } from './results.mjs';

class Result {
  readonly own = 1;
  get computed(): Map<number, object> {
    return new Map([[0, { id: new ObjectId('0'.repeat(24)) }]]);
  }
  method(): void {}
}

describe('a result', () => {
  it('of a class is a document of its properties, at any depth', () => {
    expect(plain({ result: [new Result()] })).toEqual({ result: [{ own: 1, computed: { '0': { id: new ObjectId('0'.repeat(24)) } } }] });
  });

  it.each([[new Date(1)], [Long.ONE], [new ObjectId()], [/x/], [Buffer.from('x')], [null], [undefined], [1]])('that is a value stays what it is: %s', (value) => {
    expect(plain(value)).toBe(value);
  });
});
