// oxlint-disable typescript/no-explicit-any -- an `_id` may be anything
import { EJSON, type Document } from 'bson';

export interface WriteConcernErrorData {
  code: number;
  errmsg: string;
  errInfo?: Document;
}

/** A write concern that was not satisfied. */
export class WriteConcernError {
  readonly #data: WriteConcernErrorData;

  constructor(data: WriteConcernErrorData) {
    this.#data = data;
  }

  get code(): number | undefined {
    return this.#data.code;
  }

  get errmsg(): string | undefined {
    return this.#data.errmsg;
  }

  get errInfo(): Document | undefined {
    return this.#data.errInfo;
  }

  toJSON(): WriteConcernErrorData {
    return this.#data;
  }

  toString(): string {
    return `WriteConcernError(${this.errmsg})`;
  }
}

export interface BulkWriteOperationError {
  index: number;
  code: number;
  errmsg: string;
  errInfo?: Document;
  /** The statement that failed. */
  op: Document;
}

/** A write of a bulk that failed. */
export class WriteError {
  constructor(readonly err: BulkWriteOperationError) {}

  get code(): number {
    return this.err.code;
  }

  /** Which operation of the bulk it was. */
  get index(): number {
    return this.err.index;
  }

  get errmsg(): string | undefined {
    return this.err.errmsg;
  }

  get errInfo(): Document | undefined {
    return this.err.errInfo;
  }

  getOperation(): Document {
    return this.err.op;
  }

  toJSON(): { code: number; index: number; errmsg?: string; op: Document } {
    const { code, index, errmsg, op } = this.err;
    return { code, index, errmsg, op };
  }

  toString(): string {
    return `WriteError(${JSON.stringify(this.toJSON())})`;
  }
}

/** What the replies of a bulk say, added up. */
export interface BulkResult {
  ok: number;
  writeErrors: WriteError[];
  writeConcernErrors: WriteConcernError[];
  insertedIds: { index: number; _id: any }[];
  nInserted: number;
  nUpserted: number;
  nMatched: number;
  nModified: number;
  nRemoved: number;
  upserted: { index: number; _id: any }[];
}

/** What a bulk did. */
export class BulkWriteResult {
  readonly insertedCount: number;
  readonly matchedCount: number;
  readonly modifiedCount: number;
  readonly deletedCount: number;
  readonly upsertedCount: number;
  /** By the index of the operation. */
  readonly upsertedIds: { [key: number]: any };
  /** By the index of the operation. */
  readonly insertedIds: { [key: number]: any };
  readonly #result: BulkResult;

  /** @internal */
  constructor(result: BulkResult) {
    this.#result = result;
    this.insertedCount = result.nInserted;
    this.matchedCount = result.nMatched;
    this.modifiedCount = result.nModified;
    this.deletedCount = result.nRemoved;
    this.upsertedCount = result.upserted.length;
    this.upsertedIds = byIndex(result.upserted);
    this.insertedIds = byIndex(result.insertedIds);
  }

  get ok(): number {
    return this.#result.ok;
  }

  getUpsertedIdAt(index: number): Document | undefined {
    return this.#result.upserted[index];
  }

  getRawResponse(): Document {
    return this.#result;
  }

  hasWriteErrors(): boolean {
    return this.#result.writeErrors.length > 0;
  }

  getWriteErrorCount(): number {
    return this.#result.writeErrors.length;
  }

  getWriteErrorAt(index: number): WriteError | undefined {
    return this.#result.writeErrors[index];
  }

  getWriteErrors(): WriteError[] {
    return this.#result.writeErrors;
  }

  /** Several are told as one. */
  getWriteConcernError(): WriteConcernError | undefined {
    const errors = this.#result.writeConcernErrors;
    if (errors.length <= 1) return errors[0];
    return new WriteConcernError({ errmsg: errors.map(({ errmsg }) => errmsg).join(' and '), code: WRITE_CONCERN_TIMEOUT });
  }

  isOk(): boolean {
    return this.ok === 1;
  }

  toString(): string {
    return `BulkWriteResult(${EJSON.stringify(this.#result)})`;
  }
}

const WRITE_CONCERN_TIMEOUT = 64;

function byIndex(ids: { index: number; _id: any }[]): { [key: number]: any } {
  return Object.fromEntries(ids.map(({ index, _id }) => [index, _id as unknown]));
}
