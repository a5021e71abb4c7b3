import { calculateObjectSize, type Document } from 'bson';
import type { BSONOptions } from '../bson-options';
import { AROUND, type Limits } from '../bulk/limits';
import { MongoInvalidArgumentError } from '../errors';
import type { Sequence } from '../execution';
import type { Write } from './writes';

/** What the specification reserves for what surrounds the command's own fields, in bytes ("Total Message Size"). */
const MESSAGE_OVERHEAD = 1000;

/** Writes that go with one command. */
export interface Batch {
  /** The place of the first one among all writes. */
  readonly start: number;
  readonly writes: readonly Write[];
  readonly sequences: readonly Sequence[];
  /** Whether none of them can have been done in part. */
  readonly isRetryable: boolean;
}

/**
 * Each as large as a message may be, beside the fields of `command`.
 *
 * @throws {@link MongoInvalidArgumentError} for a write that no message has room for.
 */
export function* batchesOf(writes: readonly Write[], command: Document, bson: BSONOptions, limits: Limits): Generator<Batch> {
  const room = limits.maxMessageSizeBytes - MESSAGE_OVERHEAD - calculateObjectSize(command, bson);
  for (let start = 0; start < writes.length; ) {
    const batch = fill(writes, start, room, bson, limits);
    yield batch;
    start += batch.writes.length;
  }
}

function fill(writes: readonly Write[], start: number, room: number, bson: BSONOptions, limits: Limits): Batch {
  const places = new Map<string, number>();
  let size = 0;
  let end = start;
  for (; end < writes.length && end - start < limits.maxWriteBatchSize; end++) {
    const { kind, namespace, operation } = writes[end] as Write;
    const known = places.get(namespace);
    operation[kind] = known ?? places.size;
    const added = sizeOf(operation, end, bson, limits) + (known === undefined ? calculateObjectSize({ ns: namespace }) : 0);
    if (size + added > room) {
      if (end > start) break;
      throw new MongoInvalidArgumentError(`Client bulk write operation ${end} of ${added} bytes exceeds the ${room} bytes that a message has room for`);
    }
    if (known === undefined) places.set(namespace, places.size);
    size += added;
  }
  const batch = writes.slice(start, end);
  const documents = batch.map(({ operation }) => operation);
  return {
    start,
    writes: batch,
    sequences: [
      { name: 'ops', documents },
      { name: 'nsInfo', documents: [...places.keys()].map((ns) => ({ ns })) },
    ],
    isRetryable: !documents.some(({ multi }) => multi === true),
  };
}

function sizeOf(operation: Document, index: number, bson: BSONOptions, { maxBsonObjectSize }: Limits): number {
  const size = calculateObjectSize(operation, bson);
  const limit = maxBsonObjectSize + AROUND;
  if (size > limit) throw new MongoInvalidArgumentError(`Client bulk write operation ${index} of ${size} bytes is larger than the maximum size ${limit}`);
  return size;
}
