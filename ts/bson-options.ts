import type { DeserializeOptions, SerializeOptions } from 'bson';

/** How documents are written and read. */
export interface BSONSerializeOptions
  extends Pick<SerializeOptions, 'checkKeys' | 'serializeFunctions' | 'ignoreUndefined'>,
    Pick<DeserializeOptions, 'promoteLongs' | 'promoteBuffers' | 'promoteValues' | 'useBigInt64' | 'bsonRegExp' | 'fieldsAsRaw'> {
  /** Whether documents are returned as the BSON that they came as. @defaultValue false */
  raw?: boolean;
  /** Whether strings that are not UTF-8 are refused. @defaultValue true */
  enableUtf8Validation?: boolean;
}

/** The same as bson takes them. */
export type BSONOptions = SerializeOptions & DeserializeOptions;

export const BSON_OPTION_NAMES = [
  'checkKeys',
  'serializeFunctions',
  'ignoreUndefined',
  'promoteLongs',
  'promoteBuffers',
  'promoteValues',
  'useBigInt64',
  'bsonRegExp',
  'fieldsAsRaw',
  'raw',
  'enableUtf8Validation',
] as const;

const NAMES: ReadonlySet<string> = new Set(BSON_OPTION_NAMES);

/** The given options over those that are inherited; the inherited ones themselves where nothing is given. */
export function resolveBSONOptions(options: BSONSerializeOptions, inherited: BSONOptions): BSONOptions {
  let resolved: Record<string, unknown> | undefined;
  for (const name in options) {
    const value = (options as Record<string, unknown>)[name];
    if (value === undefined || !NAMES.has(name)) continue;
    resolved ??= { ...inherited };
    if (name === 'enableUtf8Validation') resolved['validation'] = { utf8: value };
    // The documents are meant, not what a reply has around them.
    else if (name === 'raw') resolved['fieldsAsRaw'] = value ? { firstBatch: true, nextBatch: true } : undefined;
    else resolved[name] = value;
  }
  return resolved ?? inherited;
}
