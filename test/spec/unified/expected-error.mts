// "expectedError": what a test says of an error.

import { inspect } from 'node:util';
import { MongoError, MongoServerError } from 'ferropool';
import type { Fields } from './file.mjs';
import { mismatch, type MatchContext } from './match.mjs';
import { Unsupported } from './unsupported.mjs';

type Check = (expected: unknown, error: Error, context: MatchContext) => boolean | string | undefined;

const isServerError = (error: Error): error is MongoServerError => error instanceof MongoServerError;
const includes = (text: string, part: unknown): boolean => text.toLowerCase().includes(String(part).toLowerCase());
const hasLabel = (error: Error, label: string): boolean => error instanceof MongoError && error.hasErrorLabel(label);

/** Each says `true` or nothing where the assertion holds, or what is wrong. */
const checks: Readonly<Record<string, Check>> = {
  isError: (expected) => expected === true,
  isClientError: (expected, error) => expected === !isServerError(error),
  isTimeoutError: (expected, error) => expected === (error.name === 'MongoOperationTimeoutError'),
  errorContains: (expected, error) => includes(error.message, expected),
  errorCode: (expected, error) => isServerError(error) && error.code === expected,
  errorCodeName: (expected, error) => isServerError(error) && error.codeName?.toLowerCase() === String(expected).toLowerCase(),
  errorLabelsContain: (expected, error) => (expected as string[]).every((label) => hasLabel(error, label)),
  errorLabelsOmit: (expected, error) => !(expected as string[]).some((label) => hasLabel(error, label)),
  errorResponse: (expected, error, context) =>
    isServerError(error) && mismatch(expected, error.errorResponse, context, 'errorResponse', 'document'),
  expectResult: (expected, error, context) =>
    mismatch(expected, (error as { result?: unknown }).result, context, 'the result of the error', 'document'),
};

/** Says which assertion does not hold; `undefined` if all do. */
export function checkError(expected: Fields, error: unknown, context: MatchContext): string | undefined {
  if (!(error instanceof Error)) return `an error was expected: ${inspect(expected)}`;
  for (const [assertion, value] of Object.entries(expected)) {
    const check = checks[assertion];
    if (!check) throw new Unsupported(`the assertion ${assertion} of an error`);
    const found = check(value, error, context);
    if (found !== undefined && found !== true) return `${found || `${assertion} should be ${inspect(value)}`}: ${inspect(error)}`;
  }
  return undefined;
}
