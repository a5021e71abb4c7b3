import { calculateObjectSize, type Document } from 'bson';
import type { BSONOptions } from '../bson-options';
import { MongoInvalidArgumentError } from '../errors';
import { serializeSection } from '../serialize';
import { AROUND, type Limits } from './limits';
import { BatchType } from './models';

/** Statements of one kind, in order, and which operations of the bulk they are. */
export interface Batch {
  readonly type: BatchType;
  readonly statements: Document[];
  readonly indexes: number[];
  /** The statements as they are sent, where they were written to see how large they are. */
  readonly section?: Uint8Array;
}

/** The field of a command that its statements stand for. */
export const SEQUENCES = {
  [BatchType.INSERT]: 'documents',
  [BatchType.UPDATE]: 'updates',
  [BatchType.DELETE]: 'deletes',
} as const;

/** The statements of a bulk. In an ordered one those that follow each other go together, in an unordered one all of a kind. */
export class Statements {
  readonly #runs: Batch[] = [];
  #length = 0;

  constructor(readonly isOrdered: boolean) {}

  /** How many operations there are. */
  get length(): number {
    return this.#length;
  }

  add(type: BatchType, statement: Document): void {
    const last = this.isOrdered ? this.#runs.at(-1) : this.#runs.find((run) => run.type === type);
    const run = last?.type === type ? last : { type, statements: [], indexes: [] };
    if (run !== last) this.#runs.push(run);
    run.statements.push(statement);
    run.indexes.push(this.#length++);
  }

  /** In the order in which they are sent, each as large as one message may be. */
  batches(bson: BSONOptions, limits: Limits): Batch[] {
    const runs = this.isOrdered ? this.#runs : this.#runs.toSorted((a, b) => a.type - b.type);
    return runs.flatMap((run) => split(run, bson, limits));
  }
}

function split(run: Batch, bson: BSONOptions, { maxBsonObjectSize, maxMessageSizeBytes, maxWriteBatchSize }: Limits): Batch[] {
  const { type, statements, indexes } = run;
  // Nothing to split: how large it is, the server finds.
  if (statements.length === 1) return [run];
  const limit = type === BatchType.INSERT ? maxBsonObjectSize : maxBsonObjectSize + AROUND;
  const room = maxMessageSizeBytes - AROUND;
  const check = (at: number, size: number) => {
    if (size > limit) throw new MongoInvalidArgumentError(`Document ${indexes[at]} of ${size} bytes is larger than the maximum size ${limit}`);
  };
  if (statements.length <= maxWriteBatchSize) {
    // As a rule one message takes all of them, and nobody has to look at them again.
    const section = serializeSection({ name: SEQUENCES[type], documents: statements }, bson, { room, check });
    if (section) return [{ ...run, section }];
  }
  const batches: Batch[] = [];
  let start = 0;
  let bytes = 0;
  const cut = (end: number) => {
    batches.push({ type, statements: statements.slice(start, end), indexes: indexes.slice(start, end) });
    start = end;
    bytes = 0;
  };
  for (const [at, statement] of statements.entries()) {
    const size = calculateObjectSize(statement, bson);
    check(at, size);
    if (at > start && (at - start === maxWriteBatchSize || bytes + size > room)) cut(at);
    bytes += size;
  }
  if (start === 0) return [run];
  cut(statements.length);
  return batches;
}
