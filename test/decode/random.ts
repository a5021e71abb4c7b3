// Random BSON, written byte by byte: a library would refuse to write most of what is interesting.

export type Random = () => number;

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[below(random, items.length)] as T;
}

/** A document whose keys, or whose keys and kinds of values, are the same each time. */
export type Template = (random: Random) => Buffer;

const KEYS = ['_id', 'name', 'a', 'b', '', '0', '1', '10', '-1', '01', '__proto__', 'constructor', 'toString', 'length', '$a', 'é', '日本', '😀', 'quote"\\', '\u2028\n', 'a long key, longer than eight bytes', 'eight_by', 'seven_b', 'nine_byte'];
const REFERENCES = ['$ref', '$id', '$db'];
const TEXTS = ['', 'a', 'text', 'twelve chars', 'thirteen char', 'a text that is longer than others', 'x'.repeat(300), 'nul\0inside', 'é', 'naïve Ångström', 'Zoë '.repeat(20), 'ÿ', 'Ā', '日本語', '日本語'.repeat(30), '😀', '😀 and ascii', '\ufeffmark', '\ufffd'];
const INVALID = ['ff', 'c3', 'eda080', 'c080', 'f4908080', '61e28261'].map((hex) => Buffer.from(hex, 'hex'));
const NUMBERS = [0, -0, 1, -1, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, 1e300, 5e-324];
const INTEGERS = [0n, 1n, -1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n), 1_700_000_000_000n, 8_640_000_000_000_001n];

/** A value's type byte and bytes. */
type Value = readonly [type: number, bytes: Buffer];

const SCALARS: readonly ((random: Random) => Value)[] = [
  (random) => [0x10, int32(pick(random, [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), below(random, 1000)]))],
  (random) => [0x01, double(pick(random, NUMBERS))],
  (random) => [0x02, text(pick(random, TEXTS))],
  (random) => [0x02, text(String.fromCharCode(...Array.from({ length: below(random, 40) }, () => 32 + below(random, 90))))],
  (random) => [0x12, int64(pick(random, INTEGERS))],
  (random) => [0x09, int64(pick(random, INTEGERS))],
  (random) => [0x08, Buffer.from([below(random, 2)])],
  () => [0x0a, Buffer.alloc(0)],
  (random) => [0x07, noise(random, 12)],
  () => [0x06, Buffer.alloc(0)],
  (random) => [0x11, noise(random, 8)],
  (random) => [0x13, noise(random, 16)],
  (random) => {
    const bytes = noise(random, pick(random, [0, 1, 16, 16, 50]));
    return [0x05, Buffer.concat([int32(bytes.length), Buffer.from([pick(random, [0, 1, 3, 4, 4, 5, 6, 8, 9, 128, 255])]), bytes])];
  },
  (random) => {
    const bytes = noise(random, below(random, 9));
    return [0x05, Buffer.concat([int32(bytes.length + 4), Buffer.from([2]), int32(bytes.length), bytes])];
  },
  (random) => [0x0b, Buffer.from(`${pick(random, ['a+', '^é', ''])}\0${pick(random, ['', 'i', 'ims', 'x'])}\0`)],
  (random) => [0x0d, text(pick(random, TEXTS))],
  (random) => [0x0e, text(pick(random, TEXTS))],
  (random) => [0x0c, Buffer.concat([text(pick(random, ['db.c', 'c'])), noise(random, 12)])],
  (random) => {
    const parts = Buffer.concat([text('f()'), document([element('a', [0x10, int32(below(random, 5))])])]);
    return [0x0f, Buffer.concat([int32(parts.length + 4), parts])];
  },
  () => [0xff, Buffer.alloc(0)],
  () => [0x7f, Buffer.alloc(0)],
];
// What most documents are made of.
const COMMON = SCALARS.slice(0, 9);

/** Keys that stay, and for each value a kind that stays or changes from document to document. */
export function template(random: Random, depth = 0): Template {
  const count = pick(random, [0, 1, 2, 3, 5, 8, 20]);
  const fields = Array.from({ length: count }, () => {
    const reference = random() < 0.01;
    const key = random() < 0.7 ? `field${below(random, 30)}` : pick(random, reference ? REFERENCES : KEYS);
    return { key: random() < 0.005 ? pick(random, INVALID) : Buffer.from(key), value: valueTemplate(random, depth) };
  });
  return (again) => document(fields.map(({ key, value }) => element(key, value(again))));
}

function valueTemplate(random: Random, depth: number): (random: Random) => Value {
  const choice = random();
  if (choice < 0.1 && depth < 5) {
    const nested = template(random, depth + 1);
    return (again) => [0x03, nested(again)];
  }
  if (choice < 0.2 && depth < 5) {
    const nested = random() < 0.5 ? valueTemplate(random, depth + 1) : undefined;
    const others = Array.from({ length: 3 }, () => valueTemplate(random, depth + 1));
    return (again) => [0x04, document(Array.from({ length: below(again, 6) }, (_, index) => element(String(index), (nested ?? pick(again, others))(again))))];
  }
  if (choice < 0.3) {
    const values = [valueTemplate(random, depth + 1), valueTemplate(random, depth + 1)];
    return (again) => pick(again, values)(again);
  }
  if (choice < 0.303) return () => [0x02, Buffer.concat([int32(2), pick(random, INVALID).subarray(0, 1), Buffer.alloc(1)])];
  return pick(random, choice < 0.85 ? COMMON : SCALARS);
}

/** Documents within documents, or arrays within arrays. */
export function nest(inner: Buffer, levels: number, type: 0x03 | 0x04): Buffer {
  let nested = inner;
  for (let level = 0; level < levels; level += 1) nested = document([element(type === 0x03 ? 'n' : '0', [type, nested])]);
  return nested;
}

/** A reply with these documents in its batch. */
export function reply(documents: readonly Buffer[]): Buffer {
  const batch = document(documents.map((bytes, index) => element(String(index), [0x03, bytes])));
  const cursor = document([element('firstBatch', [0x04, batch]), element('id', [0x12, int64(0n)]), element('ns', [0x02, text('t.t')])]);
  return document([element('cursor', [0x03, cursor]), element('ok', [0x01, double(1)])]);
}

export function document(elements: readonly Buffer[]): Buffer {
  const contents = Buffer.concat(elements);
  return Buffer.concat([int32(contents.length + 5), contents, Buffer.alloc(1)]);
}

export function element(key: string | Buffer, [type, bytes]: Value): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(key), Buffer.alloc(1), bytes]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int32(bytes.length + 1), bytes, Buffer.alloc(1)]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(random, 256)));
}
