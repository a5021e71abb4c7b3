// oxlint-disable typescript/no-explicit-any -- an `_id` may be anything
import type { Document } from 'bson';
import type { Batch } from './batches';

/** What a client's bulk did. Where nothing was acknowledged all counts are 0. */
export interface ClientBulkWriteResult {
  readonly acknowledged: boolean;
  readonly insertedCount: number;
  readonly upsertedCount: number;
  readonly matchedCount: number;
  readonly modifiedCount: number;
  readonly deletedCount: number;
  /** By the index of the write, with `verboseResults` only; as the two below. */
  readonly insertResults?: ReadonlyMap<number, ClientInsertOneResult> | undefined;
  readonly updateResults?: ReadonlyMap<number, ClientUpdateResult> | undefined;
  readonly deleteResults?: ReadonlyMap<number, ClientDeleteResult> | undefined;
}

export interface ClientInsertOneResult {
  insertedId: any;
}

export interface ClientUpdateResult {
  matchedCount: number;
  modifiedCount: number;
  /** Only where a document was inserted. */
  upsertedId?: any;
  didUpsert: boolean;
}

export interface ClientDeleteResult {
  deletedCount: number;
}

/** What one write failed by, or a write concern. */
export interface ClientBulkWriteError {
  code: number;
  message: string;
}

export const UNACKNOWLEDGED: ClientBulkWriteResult = Object.freeze({
  acknowledged: false,
  insertedCount: 0,
  upsertedCount: 0,
  matchedCount: 0,
  modifiedCount: 0,
  deletedCount: 0,
  insertResults: undefined,
  updateResults: undefined,
  deleteResults: undefined,
});

/** What replies and their cursors say, added up ("Handling the bulkWrite Server Response"). */
export class Results {
  readonly writeErrors = new Map<number, ClientBulkWriteError>();
  readonly writeConcernErrors: ClientBulkWriteError[] = [];
  /** Whether some write is known to have succeeded. */
  hasSucceeded = false;
  readonly #counts = { insertedCount: 0, upsertedCount: 0, matchedCount: 0, modifiedCount: 0, deletedCount: 0 };
  readonly #inserts = new Map<number, ClientInsertOneResult>();
  readonly #updates = new Map<number, ClientUpdateResult>();
  readonly #deletes = new Map<number, ClientDeleteResult>();

  constructor(
    readonly isOrdered: boolean,
    readonly isVerbose: boolean,
  ) {}

  get value(): ClientBulkWriteResult {
    const each = (results: Map<number, never>): Map<number, never> | undefined => (this.isVerbose ? results : undefined);
    return {
      acknowledged: true,
      ...this.#counts,
      insertResults: each(this.#inserts as never),
      updateResults: each(this.#updates as never),
      deleteResults: each(this.#deletes as never),
    };
  }

  /** Whether there is anything to tell. */
  get hasSome(): boolean {
    return this.hasSucceeded || this.writeErrors.size + this.writeConcernErrors.length > 0;
  }

  /** Adds what the reply to a command says of all its writes. */
  addReply({ writes }: Batch, reply: Document): void {
    const { nErrors = 0, nInserted = 0, nUpserted = 0, nMatched = 0, nModified = 0, nDeleted = 0, writeConcernError } = reply as Reply;
    const counts = this.#counts;
    counts.insertedCount += nInserted;
    counts.upsertedCount += nUpserted;
    counts.matchedCount += nMatched;
    counts.modifiedCount += nModified;
    counts.deletedCount += nDeleted;
    // Where the first error of a bulk in order was, its document says.
    if (nErrors === 0 || (!this.isOrdered && nErrors < writes.length)) this.hasSucceeded = true;
    if (writeConcernError) this.writeConcernErrors.push({ code: writeConcernError.code, message: writeConcernError.errmsg });
  }

  /** Adds what the cursor says of one write. */
  addDocument({ start, writes }: Batch, document: Document): void {
    const { ok, idx, n, nModified = 0, upserted, code, errmsg } = document as WriteDocument;
    const index = start + idx;
    if (!ok) {
      this.writeErrors.set(index, { code, message: errmsg });
      if (this.isOrdered && idx > 0) this.hasSucceeded = true;
    } else if (this.isVerbose) {
      const write = writes[idx];
      if (write?.kind === 'insert') {
        this.#inserts.set(index, { insertedId: (write.operation['document'] as Document)['_id'] as unknown });
      } else if (write?.kind === 'update') {
        const isUpserted = upserted !== undefined && upserted !== null;
        this.#updates.set(index, { matchedCount: n, modifiedCount: nModified, didUpsert: isUpserted, ...(isUpserted && { upsertedId: upserted._id }) });
      } else {
        this.#deletes.set(index, { deletedCount: n });
      }
    }
  }
}

interface Reply {
  nErrors?: number;
  nInserted?: number;
  nUpserted?: number;
  nMatched?: number;
  nModified?: number;
  nDeleted?: number;
  writeConcernError?: { code: number; errmsg: string };
}

interface WriteDocument {
  ok: number;
  /** Among the writes of the command. */
  idx: number;
  n: number;
  nModified?: number;
  upserted?: { _id: unknown } | null;
  code: number;
  errmsg: string;
}
