import { MongoNetworkError, MongoServerError } from 'ferropool';
import { describe, expect, it } from 'vitest';
import { Entities } from './entities.mjs';
import { checkError } from './expected-error.mjs';
import { Unsupported } from './unsupported.mjs';

const reply = { ok: 0, code: 11602, codeName: 'InterruptedDueToReplStateChange', errmsg: 'Not now', errorLabels: ['A', 'B'] };
const ofServer = new MongoServerError(reply);
ofServer.code = reply.code;
const ofNetwork = new MongoNetworkError('connection closed');

const check = (expected: object, error: unknown) => checkError(expected as Record<string, unknown>, error, new Entities());

describe('expectError', () => {
  it.each<[object, unknown]>([
    [{ isError: true }, new TypeError('x')],
    [{ isClientError: true }, ofNetwork],
    [{ isClientError: false, errorCode: 11602, errorCodeName: 'interruptedDueToReplStateChange' }, ofServer],
    [{ isTimeoutError: false, errorContains: 'not NOW' }, ofServer],
    [{ errorLabelsContain: ['B', 'A'], errorLabelsOmit: ['C'] }, ofServer],
    [{ errorResponse: { code: { $$type: 'int' } } }, ofServer],
    [{ expectResult: { $$unsetOrMatches: { insertedCount: 1 } } }, ofServer],
  ])('%j holds', (expected, error) => {
    expect(check(expected, error)).toBeUndefined();
  });

  it.each<[object, unknown, string]>([
    [{ isError: true }, undefined, 'an error was expected'],
    [{ isClientError: true }, ofServer, 'isClientError should be true'],
    [{ isClientError: false }, ofNetwork, 'isClientError should be false'],
    [{ isTimeoutError: true }, ofNetwork, 'isTimeoutError should be true'],
    [{ errorContains: 'later' }, ofServer, "errorContains should be 'later'"],
    [{ errorCode: 11602 }, ofNetwork, 'errorCode should be 11602'],
    [{ errorCode: 1 }, ofServer, 'errorCode should be 1'],
    [{ errorCodeName: 'Other' }, ofServer, "errorCodeName should be 'Other'"],
    [{ errorLabelsContain: ['A', 'C'] }, ofServer, 'errorLabelsContain'],
    [{ errorLabelsOmit: ['C', 'B'] }, ofServer, 'errorLabelsOmit'],
    [{ errorResponse: { code: 1 } }, ofServer, 'errorResponse.code should be 1, is 11602'],
    [{ errorResponse: {} }, ofNetwork, 'errorResponse should be {}'],
  ])('%j does not hold', (expected, error, message) => {
    expect(check(expected, error)).toContain(message);
  });

  it('says which assertions there are not yet', () => {
    expect(() => check({ writeErrors: {} }, ofServer)).toThrow(Unsupported);
  });
});
