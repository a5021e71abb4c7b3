import { inspect, type InspectOptions } from 'node:util';
import type { Document } from 'bson';

/** What an error says beyond its message: numbers and names that explain it. Its fields may grow. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** A failure's fields as they cross from the core. */
export interface Failure {
  name: string;
  code: string | number;
  message: string;
  address?: string;
  labels?: string[];
  details?: ErrorDetails;
  cause?: Failure;
}

/** The base of every error of this package. */
export class MongoError extends Error {
  /** Stable: a `FERROPOOL_…` string, or the number that a server gave. */
  declare code?: string | number;
  /** The server's address, where the error belongs to one. */
  declare readonly address?: string;
  /** Explanations; also shown by `util.inspect`. */
  declare readonly details?: ErrorDetails;
  readonly #labels = new Set<string>();

  constructor(message: string, failure: Partial<Failure> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    if (failure.code !== undefined) this.code = failure.code;
    if (failure.address !== undefined) this.address = failure.address;
    if (failure.details !== undefined) this.details = failure.details;
    for (const label of failure.labels ?? []) this.#labels.add(label);
  }

  override get name(): string {
    return 'MongoError';
  }

  /** The labels of the error, for example `RetryableError`. */
  get errorLabels(): string[] {
    return [...this.#labels];
  }

  /** The message, by the name that it has in servers' replies. */
  get errmsg(): string {
    return this.message;
  }

  /** Whether the error has `label`. */
  hasErrorLabel(label: string): boolean {
    return this.#labels.has(label);
  }

  /** For tests of programs that look at labels. */
  addErrorLabel(label: string): void {
    this.#labels.add(label);
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { stack, code, address, errorLabels, details, cause } = this;
    const shown = Object.entries({ code, address, errorLabels, details, cause }).filter(
      ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
    );
    return `${stack ?? this.message} ${inspect(Object.fromEntries(shown), { ...options, compact: false })}`;
  }
}

/** The connection failed. */
export class MongoNetworkError extends MongoError {
  override get name(): string {
    return 'MongoNetworkError';
  }
}

/** A deadline passed before the server answered. */
export class MongoNetworkTimeoutError extends MongoNetworkError {
  override get name(): string {
    return 'MongoNetworkTimeoutError';
  }
}

/** The pool was cleared or is paused. The operation may be retried. */
export class MongoPoolClearedError extends MongoNetworkError {
  override get name(): string {
    return 'MongoPoolClearedError';
  }
}

/** The pool is closed. */
export class MongoPoolClosedError extends MongoError {
  override get name(): string {
    return 'MongoPoolClosedError';
  }
}

/** A check-out waited longer than `waitQueueTimeoutMS` or `timeoutMS`; `details` say for whom. */
export class MongoWaitQueueTimeoutError extends MongoError {
  override get name(): string {
    return 'MongoWaitQueueTimeoutError';
  }
}

/** What the client finds itself, without a server or a network that fails. */
export class MongoDriverError extends MongoError {
  override get name(): string {
    return 'MongoDriverError';
  }
}

/** The interface was used in a way that it does not allow. */
export class MongoAPIError extends MongoDriverError {
  override get name(): string {
    return 'MongoAPIError';
  }
}

/**
 * `timeoutMS` passed ("Client Side Operations Timeout"). The `cause` is the error of what it was spent on; that of a bulk
 * write is a {@link MongoBulkWriteError}, which says what was done before.
 */
export class MongoOperationTimeoutError extends MongoDriverError {
  constructor(message: string, failure: Partial<Failure> = { code: 'FERROPOOL_OPERATION_TIMEOUT' }, cause?: unknown) {
    super(message, failure, cause);
  }

  /** @internal The time-out that `cause` tells of. */
  static by(cause: MongoError): MongoOperationTimeoutError {
    const { message, address, errorLabels: labels } = cause;
    return new MongoOperationTimeoutError(message, { code: 'FERROPOOL_OPERATION_TIMEOUT', labels, ...(address !== undefined && { address }) }, cause);
  }

  override get name(): string {
    return 'MongoOperationTimeoutError';
  }
}

/** The session has ended. */
export class MongoExpiredSessionError extends MongoAPIError {
  constructor(message = 'Cannot use a session that has ended', failure: Partial<Failure> = { code: 'FERROPOOL_SESSION_ENDED' }, cause?: unknown) {
    super(message, failure, cause);
  }

  override get name(): string {
    return 'MongoExpiredSessionError';
  }
}

/** A transaction cannot do that in its state. */
export class MongoTransactionError extends MongoAPIError {
  override get name(): string {
    return 'MongoTransactionError';
  }
}

/** The server cannot do what was asked for. Nothing was sent. */
export class MongoCompatibilityError extends MongoAPIError {
  constructor(message: string, failure: Partial<Failure> = { code: 'FERROPOOL_INCOMPATIBLE' }, cause?: unknown) {
    super(message, failure, cause);
  }

  override get name(): string {
    return 'MongoCompatibilityError';
  }
}

/** No server could be selected within `serverSelectionTimeoutMS`. */
export class MongoServerSelectionError extends MongoError {
  override get name(): string {
    return 'MongoServerSelectionError';
  }
}

/** A connection string, or a server's bytes, that cannot be read. */
export class MongoParseError extends MongoDriverError {
  override get name(): string {
    return 'MongoParseError';
  }
}

/** The server does not prove who it is, or a callback supplied no credentials. */
export class MongoRuntimeError extends MongoDriverError {
  override get name(): string {
    return 'MongoRuntimeError';
  }
}

/** An argument or option that is not what it may be. Nothing was sent. */
export class MongoInvalidArgumentError extends MongoAPIError {
  constructor(message: string, failure: Partial<Failure> = { code: 'FERROPOOL_INVALID_ARGUMENT' }, cause?: unknown) {
    super(message, failure, cause);
  }

  override get name(): string {
    return 'MongoInvalidArgumentError';
  }
}

/** The server answered with an error. Carries the reply's fields. */
export class MongoServerError extends MongoError {
  /** The whole reply. */
  readonly errorResponse: Document;
  declare readonly codeName?: string;
  [field: string]: unknown;

  constructor(reply: Document, failure: Partial<Failure> = {}) {
    const message = reply['errmsg'] ?? reply['message'] ?? reply['$err'] ?? 'n/a';
    const reported = (reply['errorLabels'] as string[] | undefined) ?? [];
    super(String(message), { ...failure, labels: [...reported, ...(failure.labels ?? [])] });
    this.errorResponse = reply;
    for (const [field, value] of Object.entries(reply)) {
      if (!['errorLabels', 'errmsg', 'message', 'errorResponse'].includes(field)) this[field] = value;
    }
  }

  override get name(): string {
    return 'MongoServerError';
  }
}

/** The write was done, but not acknowledged as its write concern asks. */
export class MongoWriteConcernError extends MongoServerError {
  /** The whole reply, with its `writeConcernError`. */
  declare readonly result: Document;

  constructor(reply: Document, failure?: Partial<Failure>) {
    const { writeConcernError } = reply as { writeConcernError: Document };
    super({ ...writeConcernError, ...reply }, failure);
    this['errInfo'] = writeConcernError['errInfo'];
    this.result = reply;
  }

  override get name(): string {
    return 'MongoWriteConcernError';
  }
}

/** The code of a server that has reached `maxTimeMS`. */
export const MAX_TIME_EXPIRED = 50;

/** What a server's error is to whoever gave the operation a time-out ("Error Transformations"). */
export function timedOut<E extends MongoServerError>(error: E, { isTimed }: { isTimed: boolean }): E | MongoOperationTimeoutError {
  return isTimed && error.code === MAX_TIME_EXPIRED ? MongoOperationTimeoutError.by(error) : error;
}

/** What a server without retryable writes says of `txnNumber`, by its code and how it begins. */
const NO_WRITE_NUMBERS = { code: 20, message: 'Transaction numbers' };
const HOW_TO_DO_WITHOUT = 'This MongoDB deployment does not support retryable writes. Please add retryWrites=false to your connection string.';

/** The error of an operation that ended with a reply: one that says `ok: 0`, or one that an earlier attempt got. */
export function serverError(reply: Document, failure: Partial<Failure>): MongoServerError {
  if (reply['ok'] && reply['writeConcernError']) return new MongoWriteConcernError(reply, failure);
  const { code, errmsg } = reply;
  if (code !== NO_WRITE_NUMBERS.code || !String(errmsg).startsWith(NO_WRITE_NUMBERS.message)) return new MongoServerError(reply, failure);
  return new MongoServerError({ ...reply, errmsg: HOW_TO_DO_WITHOUT, originalError: new MongoServerError(reply, failure) }, failure);
}

/** A reply that lacks what such a reply has. */
export class MongoUnexpectedServerResponseError extends MongoRuntimeError {
  override get name(): string {
    return 'MongoUnexpectedServerResponseError';
  }
}

/** The code of a server that has no such collection. */
export const NAMESPACE_NOT_FOUND = 26;

const classes: Record<string, new (message: string, failure: Partial<Failure>, cause?: unknown) => MongoError> = {
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoPoolClearedError,
  MongoPoolClosedError,
  MongoWaitQueueTimeoutError,
  MongoOperationTimeoutError,
  MongoExpiredSessionError,
  MongoTransactionError,
  MongoCompatibilityError,
  MongoServerSelectionError,
  MongoParseError,
  MongoInvalidArgumentError,
  MongoRuntimeError,
};

/** The error that a failure of the core describes. */
export function toError(failure: Failure): Error {
  const { name, message, code, details } = failure;
  const cause = failure.cause && toError(failure.cause);
  if (name === 'AbortError') return new DOMException(message, 'AbortError');
  if (name === 'MongoServerError') {
    const { codeName } = (details ?? {}) as { codeName?: string };
    return new MongoServerError({ ok: 0, errmsg: message, code, ...(codeName && { codeName }) }, failure);
  }
  const Class = classes[name] ?? MongoError;
  return new Class(message, failure, cause);
}

/** Calls into the addon; a failure that it throws, a JSON text, becomes the error that it describes. */
export function callNative<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}

/** An error of the core, as what it is. */
export function fromNative(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.startsWith('{')) return error;
  return toError(JSON.parse(error.message) as Failure);
}
