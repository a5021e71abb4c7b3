import { MongoError, MongoNetworkError, MongoServerError } from 'ferropool';
import { describe, expect, it } from 'vitest';
import { Entities } from './entities.mjs';
import { checkError } from './expected-error.mjs';
import { TestError } from './unsupported.mjs';

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

  it('is an error of the test with an unknown assertion', () => {
    expect(() => check({ errorColor: 'red' }, ofServer)).toThrow(TestError);
  });
});

describe('expectError of a bulk write', () => {
  const ofDocuments = Object.assign(new MongoServerError({ ok: 0, errmsg: 'duplicate' }), {
    result: { insertedCount: 1 },
    writeErrors: [{ code: 11000, codeName: 'DuplicateKey', errmsg: 'E11000' }],
  });
  const ofClient = Object.assign(new MongoError('failed', {}, ofServer), {
    partialResult: { insertedCount: 1, insertResults: new Map([[0, { insertedId: 1 }]]) },
    writeErrors: new Map([[1, { code: 11000, message: 'x' }]]),
    writeConcernErrors: [{ code: 91, message: 'y' }],
  });

  it.each<[object, unknown]>([
    [{ errorContains: 'e11000', errorCodeName: 'DuplicateKey', errorCode: 11000 }, ofDocuments],
    [{ expectResult: { insertedCount: 1 } }, ofDocuments],
    [{ errorResponse: { code: 11602 } }, Object.assign(new MongoServerError({ ok: 0 }), { errorResponse: ofServer })],
    [{ isClientError: false, errorCode: 11602, errorContains: 'Not now' }, ofClient],
    [{ expectResult: { insertResults: { 0: { insertedId: 1 } } } }, ofClient],
    [{ writeErrors: { 1: { code: 11000 } }, writeConcernErrors: [{ code: 91 }] }, ofClient],
  ])('%j holds', (expected, error) => {
    expect(check(expected, error)).toBeUndefined();
  });

  it.each<[object, unknown, string]>([
    [{ errorCodeName: 'Other' }, ofDocuments, 'errorCodeName should be'],
    [{ expectResult: { insertedCount: 2 } }, ofDocuments, 'insertedCount should be 2, is 1'],
    [{ writeErrors: { 0: { code: 11000 } } }, ofClient, 'writeErrors[0] should be a document'],
    [{ writeErrors: {} }, ofClient, 'writeErrors[1] should not exist'],
    [{ writeConcernErrors: [{ code: 92 }] }, ofClient, 'writeConcernErrors[0].code should be 92'],
    [{ writeConcernErrors: [] }, ofServer, 'writeConcernErrors should exist'],
  ])('%j does not hold', (expected, error, message) => {
    expect(check(expected, error)).toContain(message);
  });
});
