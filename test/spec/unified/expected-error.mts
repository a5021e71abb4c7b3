// "expectedError": what a test says of an error.

import { inspect } from 'node:util';
import { MongoError, MongoServerError } from 'ferropool';
import type { Fields } from './file.mjs';
import { mismatch, type MatchContext } from './match.mjs';
import { plain } from './results.mjs';
import { TestError } from './unsupported.mjs';

type Check = (expected: unknown, error: Error, context: MatchContext) => boolean | string | undefined;

/** What errors of bulk writes have beside a message. */
interface BulkWriteFailure {
  readonly result?: unknown;
  readonly partialResult?: unknown;
  readonly writeErrors?: unknown;
  readonly writeConcernErrors?: unknown;
}

const isServerError = (error: unknown): error is MongoServerError => error instanceof MongoServerError;
const includes = (text: unknown, part: unknown): boolean => String(text).toLowerCase().includes(String(part).toLowerCase());
const hasLabel = (error: Error, label: string): boolean => error instanceof MongoError && error.hasErrorLabel(label);

/** Each says `true` or nothing where the assertion holds, or what is wrong. */
const checks: Readonly<Record<string, Check>> = {
  isError: (expected) => expected === true,
  isClientError: (expected, error) => expected === isClientError(error),
  isTimeoutError: (expected, error) => expected === (error.name === 'MongoOperationTimeoutError'),
  errorContains: (expected, error) => serverErrorsOf(error).some(({ message, errmsg }) => includes(message, expected) || includes(errmsg, expected)) || includes(error.message, expected),
  errorCode: (expected, error) => serverErrorsOf(error).some(({ code }) => code === expected),
  errorCodeName: (expected, error) => serverErrorsOf(error).some(({ codeName }) => String(codeName).toLowerCase() === String(expected).toLowerCase()),
  errorLabelsContain: (expected, error) => (expected as string[]).every((label) => hasLabel(error, label)),
  errorLabelsOmit: (expected, error) => !(expected as string[]).some((label) => hasLabel(error, label)),
  errorResponse: (expected, error, context) => {
    const response = serverErrorsOf(error)[0]?.['errorResponse'];
    // That of a bulk write is the error that it failed with.
    const reply = isServerError(response) ? response.errorResponse : response;
    return reply !== undefined && mismatch(expected, reply, context, 'errorResponse', 'document');
  },
  expectResult: (expected, error, context) => {
    const { result, partialResult } = error as BulkWriteFailure;
    return mismatch(expected, plain(result ?? partialResult), context, 'the result of the error', 'document');
  },
  writeErrors: (expected, error, context) => {
    const actual = plain((error as BulkWriteFailure).writeErrors) as Fields | undefined;
    return mismatchOfEach(expected as Fields, actual, context, 'writeErrors');
  },
  writeConcernErrors: (expected, error, context) => {
    const actual = plain((error as BulkWriteFailure).writeConcernErrors) as unknown[] | undefined;
    return mismatchOfEach(indexed(expected as unknown[]), actual && indexed(actual), context, 'writeConcernErrors');
  },
};

/** Says which assertion does not hold; `undefined` if all do. */
export function checkError(expected: Fields, error: unknown, context: MatchContext): string | undefined {
  if (!(error instanceof Error)) return `an error was expected: ${inspect(expected)}`;
  for (const [assertion, value] of Object.entries(expected)) {
    const check = checks[assertion];
    if (!check) throw new TestError(`the format has no assertion ${assertion} of an error`);
    const found = check(value, error, context);
    if (found !== undefined && found !== true) return `${found || `${assertion} should be ${inspect(value)}`}: ${inspect(error)}`;
  }
  return undefined;
}

/** Whether no server said it; a bulk write that failed has the error that it failed by as its cause. */
function isClientError(error: Error): boolean {
  return serverErrorsOf(error).length === 0;
}

/** The server's errors that an error is or has: of bulk writes, each document's, and that of the command. */
function serverErrorsOf(error: Error): Fields[] {
  const { writeErrors } = error as BulkWriteFailure;
  const ofDocuments = Array.isArray(writeErrors) ? writeErrors : [];
  // One that a client wrapped in a bulk write's error is the client's.
  const isWrapped = isServerError(error) && error.cause instanceof Error && !isServerError(error.cause);
  const whole = [error, error.cause].filter((each) => isServerError(each) && !(each === error && isWrapped));
  return [...whole, ...ofDocuments] as Fields[];
}

function mismatchOfEach(expected: Fields, actual: Fields | undefined, context: MatchContext, path: string): string | undefined {
  if (!actual) return `${path} should exist`;
  for (const [key, value] of Object.entries(expected)) {
    const found = mismatch(value, actual[key], context, `${path}[${key}]`, 'document');
    if (found) return found;
  }
  const extra = Object.keys(actual).find((key) => !Object.hasOwn(expected, key));
  return extra && `${path}[${extra}] should not exist`;
}

function indexed(values: readonly unknown[]): Fields {
  return Object.fromEntries(values.entries());
}
