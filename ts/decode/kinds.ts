/** What a value on the tape is: `crates/wire/src/tape/kind.rs` says how many slots each has. */
export const Kind = {
  Any: 0,
  Int32: 1,
  Number: 2,
  Text: 3,
  Boolean: 4,
  Null: 5,
  Undefined: 6,
  DateTime: 7,
  ObjectId: 8,
  Document: 9,
  Array: 10,
  Int64: 11,
  Timestamp: 12,
  Binary: 13,
  Decimal128: 14,
  Other: 15,
} as const;

/** A field of a shape. */
export interface Field {
  readonly kind: number;
  readonly key: string;
}

/** The fields of a shape as the core describes it: for each its kind, its key, a NUL. */
export function parseDescription(description: Buffer): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < description.length; ) {
    const end = description.indexOf(0, at + 1);
    fields.push({ kind: description[at] as number, key: description.toString('utf8', at + 1, end) });
    at = end + 1;
  }
  return fields;
}
