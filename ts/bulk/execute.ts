import type { Document } from 'bson';
import { copy } from '../collection/fields';
import { DELETE_FIELDS, INSERT_FIELDS, UPDATE_FIELDS, WRITE, WRITE_ONCE } from '../collection/write';
import { startImplicitSession } from '../cursor/implicit-session';
import type { Deadline } from '../deadline';
import { MAX_TIME_EXPIRED, MongoInvalidArgumentError, MongoOperationTimeoutError } from '../errors';
import type { Origin } from '../execution';
import { failureOf } from '../replies';
import type { Scope } from '../scope';
import type { ClientSession } from '../session';
import type { Treatment } from '../settings';
import { SEQUENCES, type Batch, type Statements } from './batches';
import { MongoBulkWriteError } from './error';
import { knownLimits, learnLimits, UNLIMITED, USUAL_LIMITS, type Limits } from './limits';
import { BatchType, type BulkWriteOptions } from './models';
import { BulkWriteResult, WriteConcernError, WriteError, type BulkResult, type WriteConcernErrorData } from './result';

const COMMANDS = {
  [BatchType.INSERT]: { name: 'insert', fields: INSERT_FIELDS },
  [BatchType.UPDATE]: { name: 'update', fields: UPDATE_FIELDS },
  [BatchType.DELETE]: { name: 'delete', fields: DELETE_FIELDS },
} as const;

/** Sends the batches one after the other, in one session and within one deadline. */
export async function executeBulk(scope: Scope, collection: string, statements: Statements, options: BulkWriteOptions): Promise<BulkWriteResult> {
  if (statements.length === 0) throw new MongoInvalidArgumentError('Invalid BulkOperation, Batch cannot be empty');
  const deadline = scope.limit(options);
  const limits = statements.length === 1 ? UNLIMITED : (knownLimits(scope.endpoint) ?? (await learn(scope, statements, deadline, options)));
  const batches = statements.batches(scope.settings.bson, limits);
  const implicit = options.session || batches.length === 1 ? undefined : startImplicitSession(scope.endpoint);
  const within = implicit ? { ...options, session: implicit } : options;
  const bulk = new Bulk(scope, collection, statements.isOrdered, within, deadline);
  try {
    for (const batch of batches) await bulk.send(batch);
    return bulk.finish();
  } finally {
    await (implicit as ClientSession | undefined)?.endSession();
  }
}

function learn(scope: Scope, statements: Statements, deadline: Deadline | undefined, options: BulkWriteOptions): Promise<Limits> {
  // What no server takes is refused before one is waited for.
  statements.batches(scope.settings.bson, USUAL_LIMITS);
  return learnLimits(scope.endpoint, deadline, options.signal).catch((error: unknown) => {
    throw ended(error, nothing(), options);
  });
}

/** How many there were. */
let bulks = 0;

/** What tells the next bulk's commands from those of others. */
export function nextOperationId(): number {
  return ++bulks;
}

/** A bulk under way. */
class Bulk {
  readonly #result = nothing();
  readonly #operationId = nextOperationId();
  /** Of the first reply with an error. */
  #failure: ReturnType<typeof failureOf> | undefined;

  constructor(
    readonly scope: Scope,
    readonly collection: string,
    readonly ordered: boolean,
    readonly options: BulkWriteOptions,
    readonly deadline: Deadline | undefined,
  ) {}

  async send(batch: Batch): Promise<void> {
    const { name, fields } = COMMANDS[batch.type];
    const command = copy({ [name]: this.collection, ordered: this.ordered }, this.options, fields);
    const documents = [{ name: SEQUENCES[batch.type], documents: batch.statements, section: batch.section }];
    try {
      await this.scope.execute(treatmentOf(batch), command, this.options, (reply, origin) => this.#merge(batch, reply, origin), documents, this.deadline, this.#operationId);
    } catch (error) {
      throw ended(error, this.#result, this.options);
    }
    if (this.ordered) this.#throwWriteErrors();
  }

  finish(): BulkWriteResult {
    this.#throwWriteErrors();
    const result = new BulkWriteResult(this.#result);
    const unsatisfied = result.getWriteConcernError();
    if (!unsatisfied) return result;
    const error = new MongoBulkWriteError({ message: unsatisfied.errmsg, code: unsatisfied.code }, result, this.#failure);
    throw this.#timedOut(Object.assign(error, { err: unsatisfied }), [unsatisfied]);
  }

  #throwWriteErrors(): void {
    const [first] = this.#result.writeErrors;
    if (!first) return;
    const reply = { message: first.errmsg ?? 'write operation failed', code: first.code, writeErrors: this.#result.writeErrors };
    throw this.#timedOut(new MongoBulkWriteError(reply, new BulkWriteResult(this.#result), this.#failure), this.#result.writeErrors);
  }

  /** What an error is where `timeoutMS` may be what it came of. */
  #timedOut(error: MongoBulkWriteError, reported: readonly { code?: number | string | undefined }[]): Error {
    const isTimeout = this.deadline !== undefined && reported.some(({ code }) => code === MAX_TIME_EXPIRED);
    return isTimeout ? MongoOperationTimeoutError.by(error) : error;
  }

  #merge({ type, statements, indexes }: Batch, reply: Document, origin: Origin): void {
    const result = this.#result;
    const { n = 0, nModified = 0, upserted = [], writeErrors = [], writeConcernError } = reply as Reply;
    if (writeErrors.length > 0 || writeConcernError) this.#failure ??= failureOf(reply, origin, this.scope.endpoint);
    if (type === BatchType.INSERT) {
      result.nInserted += n;
      const failed = new Set(writeErrors.map(({ index }) => index));
      const tried = this.ordered && writeErrors[0] ? writeErrors[0].index : statements.length;
      for (let at = 0; at < tried; at++) {
        if (!failed.has(at)) result.insertedIds.push({ index: indexes[at] as number, _id: statements[at]?.['_id'] as unknown });
      }
    } else if (type === BatchType.UPDATE) {
      result.nUpserted += upserted.length;
      result.nMatched += n - upserted.length;
      result.nModified += nModified;
      for (const { index, _id } of upserted) result.upserted.push({ index: indexes[index] as number, _id });
    } else {
      result.nRemoved += n;
    }
    for (const { index, code, errmsg, errInfo } of writeErrors) {
      const op = statements[index] as Document;
      result.writeErrors.push(new WriteError({ index: indexes[index] as number, code, errmsg, ...(errInfo && { errInfo }), op }));
    }
    if (writeConcernError) result.writeConcernErrors.push(new WriteConcernError(writeConcernError));
  }
}

function nothing(): BulkResult {
  return { ok: 1, writeErrors: [], writeConcernErrors: [], insertedIds: [], nInserted: 0, nUpserted: 0, nMatched: 0, nModified: 0, nRemoved: 0, upserted: [] };
}

/** What a bulk fails with that something has ended before its time. */
function ended(error: unknown, result: BulkResult, { signal }: BulkWriteOptions): unknown {
  // Whoever gave it up knows why.
  if (signal?.aborted) return error;
  const failure = MongoBulkWriteError.from(error as Error, new BulkWriteResult(result));
  return error instanceof MongoOperationTimeoutError ? MongoOperationTimeoutError.by(failure) : failure;
}

interface Reply {
  n?: number;
  nModified?: number;
  upserted?: { index: number; _id: unknown }[];
  writeErrors?: { index: number; code: number; errmsg: string; errInfo?: Document }[];
  writeConcernError?: WriteConcernErrorData;
}

/** What touches many documents may have been done in part, and is not sent again. */
function treatmentOf({ type, statements }: Batch): Treatment {
  const once = (type === BatchType.UPDATE && statements.some(({ multi }) => multi)) || (type === BatchType.DELETE && statements.some(({ limit }) => limit === 0));
  return once ? WRITE_ONCE : WRITE;
}
