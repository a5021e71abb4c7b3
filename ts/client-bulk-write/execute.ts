import type { Document } from 'bson';
import { nextOperationId } from '../bulk/execute';
import { knownLimits, learnLimits } from '../bulk/limits';
import { copy } from '../collection/fields';
import { batchOf } from '../cursor/batch';
import { startImplicitSession } from '../cursor/implicit-session';
import type { Deadline } from '../deadline';
import { MAX_TIME_EXPIRED, MongoError, MongoInvalidArgumentError, MongoOperationTimeoutError, MongoServerError, MongoTransactionError } from '../errors';
import type { PrimaryKeyOptions } from '../primary-key';
import type { Scope } from '../scope';
import type { Treatment } from '../settings';
import { batchesOf, type Batch } from './batches';
import { readCursor } from './cursor';
import { MongoClientBulkWriteError, MongoClientBulkWriteExecutionError } from './errors';
import type { AnyClientBulkWriteModel, ClientBulkWriteOptions } from './models';
import { Results, UNACKNOWLEDGED, type ClientBulkWriteResult } from './result';
import { writeOf } from './writes';

/** The wire version of 8.0, which has the command. */
const ONCE: Treatment = { kind: 'write', opensCursor: true, minWireVersion: 25 };
const RETRYABLE: Treatment = { ...ONCE, retryable: true };

const FIELDS: ReadonlySet<string> = new Set(['bypassDocumentValidation', 'let', 'comment']);

/** Writes to several collections with as few commands as there can be ("Bulk Write"). `scope` is the database `admin`. */
export async function clientBulkWrite(
  scope: Scope,
  models: readonly AnyClientBulkWriteModel<Document>[],
  options: ClientBulkWriteOptions,
  keys: PrimaryKeyOptions,
): Promise<ClientBulkWriteResult> {
  if (!Array.isArray(models)) throw new MongoInvalidArgumentError('Argument "models" must be an array of client bulk write models');
  if (models.length === 0) throw new MongoClientBulkWriteExecutionError('No client bulk write models were provided.');
  // What the command says of itself is read here, however users have their own documents read.
  const within = scope.with({ ...options, raw: false, promoteValues: true });
  const { settings, endpoint } = within;
  const { ordered = true, verboseResults = false, session } = options;
  // A transaction has a write concern of its own, at its end.
  const takesPart = session?.inTransaction() ?? false;
  if (takesPart && options.writeConcern !== undefined) throw new MongoTransactionError('Cannot set write concern after starting a transaction');
  const acknowledged = settings.acknowledged || takesPart;
  if (!acknowledged && verboseResults) throw new MongoInvalidArgumentError('Cannot request unacknowledged write concern and verbose results');
  if (!acknowledged && ordered) throw new MongoInvalidArgumentError('Cannot request unacknowledged write concern and ordered writes');
  const writes = (models as AnyClientBulkWriteModel<Document>[]).map((model) => writeOf(model, keys, settings.bson.ignoreUndefined));
  const command = copy({ bulkWrite: 1, errorsOnly: !verboseResults, ordered }, options, FIELDS);
  const deadline = within.limit(options);
  const limits = knownLimits(endpoint) ?? (await learnLimits(endpoint, deadline, options.signal));
  const implicit = session || !acknowledged ? undefined : startImplicitSession(endpoint);
  const bulk = new ClientBulk(within, command, implicit ? { ...options, session: implicit } : options, deadline, acknowledged ? new Results(ordered, verboseResults) : undefined);
  try {
    for (const batch of batchesOf(writes, command, settings.bson, limits)) await bulk.send(batch);
    return bulk.finish();
  } catch (error) {
    throw bulk.failure(error);
  } finally {
    await implicit?.endSession();
  }
}

/** A client's bulk under way. */
class ClientBulk {
  readonly #operationId = nextOperationId();

  constructor(
    readonly scope: Scope,
    readonly command: Document,
    readonly options: ClientBulkWriteOptions,
    readonly deadline: Deadline | undefined,
    /** `undefined` where there are none. */
    readonly results: Results | undefined,
  ) {}

  async send(batch: Batch): Promise<void> {
    const { scope, options, results, deadline } = this;
    const treatment = batch.isRetryable ? RETRYABLE : ONCE;
    const answered = (reply: Document, origin: Parameters<typeof batchOf>[1]) => {
      results?.addReply(batch, reply);
      return results && batchOf(reply, origin);
    };
    const first = await scope.execute(treatment, { ...this.command }, options, answered, batch.sequences, deadline, this.#operationId);
    if (!first || !results) return;
    for await (const documents of readCursor(first, scope, options.session, deadline, options.signal)) {
      for (const document of documents) results.addDocument(batch, document);
      if (results.isOrdered && results.writeErrors.size > 0) throw this.#error('Mongo client ordered bulk write encountered a write error.');
    }
  }

  finish(): ClientBulkWriteResult {
    if (!this.results) return UNACKNOWLEDGED;
    const { writeErrors, writeConcernErrors, value } = this.results;
    if (writeErrors.size + writeConcernErrors.length > 0) throw this.#error('Mongo client bulk write encountered errors during execution.');
    return value;
  }

  /** What the bulk fails with where it was ended by `error`. */
  failure(error: unknown): unknown {
    // Whoever gave it up knows why.
    if (error instanceof MongoClientBulkWriteError || this.options.signal?.aborted || !(error instanceof MongoError)) return this.#timedOut(error);
    if (!(error instanceof MongoServerError) && !this.results?.hasSome) return error;
    const { errorLabels: labels, address } = error;
    const whole = this.#error('Mongo client bulk write encountered an error during execution', { labels, ...(address !== undefined && { address }) });
    whole.cause = error;
    if (error instanceof MongoServerError) Object.assign(whole, { errorResponse: error.errorResponse });
    return error instanceof MongoOperationTimeoutError ? MongoOperationTimeoutError.by(whole) : whole;
  }

  #error(message: string, failure?: ConstructorParameters<typeof MongoClientBulkWriteError>[1]): MongoClientBulkWriteError {
    const error = new MongoClientBulkWriteError({ message }, failure);
    if (!this.results) return error;
    const { writeErrors, writeConcernErrors, hasSucceeded, value } = this.results;
    Object.assign(error, { writeErrors, writeConcernErrors, ...(hasSucceeded && { partialResult: value }) });
    return error;
  }

  /** What an error is where `timeoutMS` may be what it came of. */
  #timedOut(error: unknown): unknown {
    if (!this.deadline || !(error instanceof MongoClientBulkWriteError)) return error;
    const reported = [...error.writeErrors.values(), ...error.writeConcernErrors];
    return reported.some(({ code }) => code === MAX_TIME_EXPIRED) ? MongoOperationTimeoutError.by(error) : error;
  }
}
