import { describe, expect, it } from 'vitest';
import { compareVersions, unmet, unmetByAll } from './requirements.mjs';

const parameters = { authenticationMechanisms: ['SCRAM-SHA-256', 'PLAIN'], requireApiVersion: false, ttlMonitorSleepSecs: 60 };
const server = { version: '6.0.5', topology: 'single', auth: false, parameters };

describe('runOn', () => {
  it.each([
    ['6.0.5', '6.0.5', 0],
    ['10.0.0', '9.9.9', 1],
    ['4.10', '4.9.0', 1],
    ['6.0', '6.0.0', 0],
    ['7.1.0-rc2', '7.1.0', 0],
    ['4.4.0', '6.0.5', -1],
  ])('compares %s to %s by numbers', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });

  it.each([
    ['nothing is required', undefined],
    ['the version is at a bound', [{ minServerVersion: '6.0.5', maxServerVersion: '6.0.5' }]],
    ['the server asks for no authentication', [{ auth: false }]],
    ['a mechanism is among the known ones', [{ authMechanism: 'scram-sha-256' }]],
    ['parameters have their values', [{ serverParameters: { requireApiVersion: false, ttlMonitorSleepSecs: 60 } }]],
    ['it is for other servers than serverless ones', [{ serverless: 'forbid' }]],
    ['no field is to be encrypted', [{ csfle: false }]],
    ['one requirement of several is met', [{ minServerVersion: '7.0' }, { topology: ['single'] }]],
  ])('is met if %s', (_, requirements) => {
    expect(unmet(requirements, server)).toBeUndefined();
  });

  it.each([
    ['the version is below', [{ minServerVersion: '10.0' }], 'needs minServerVersion "10.0", the server is 6.0.5'],
    ['the version is above', [{ maxServerVersion: '4.4.99' }], 'needs maxServerVersion "4.4.99", the server is 6.0.5'],
    ['one field of a requirement is not', [{ minServerVersion: '4.4', topology: ['sharded'] }], 'topology ["sharded"]'],
    ['nobody knows the requirement', [{ weather: 'fair' }], 'needs weather "fair"'],
    ['there is no such server here', [{ serverless: 'require' }], 'needs serverless "require"'],
    ['fields are to be encrypted', [{ csfle: { minLibmongocryptVersion: '1.8.0' } }], 'needs csfle'],
    ['authentication is to be asked for', [{ auth: true }], 'needs auth true'],
    ['a mechanism is not known', [{ authMechanism: 'GSSAPI' }], 'needs authMechanism "GSSAPI"'],
    ['a parameter has another value', [{ serverParameters: { requireApiVersion: true } }], 'needs serverParameters'],
    ['there is no such parameter', [{ serverParameters: { other: 1 } }], 'needs serverParameters'],
    ['the list is empty', [], 'no server'],
  ])('is unmet if %s, and says so', (_, requirements, reason) => {
    expect(unmet(requirements, server)).toContain(reason);
  });
});

describe('the requirements of a file and of its test', () => {
  const set = { ...server, topology: 'replicaset' };
  const servers = [server, set];

  it('are met by a server that meets both', () => {
    expect(unmetByAll([[{ topologies: ['replicaset', 'single'] }], [{ topologies: ['replicaset'] }], undefined], servers)).toBeUndefined();
    expect(unmetByAll([[{ topologies: ['single'] }], [{ topologies: ['replicaset'] }]], servers)).toContain('at once');
  });

  it('say what is missing where most of them holds, once', () => {
    const newer = { topologies: ['replicaset'], minServerVersion: '8.0' };
    expect(unmetByAll([[newer, { ...newer, topologies: ['single'] }]], servers)).toBe('needs minServerVersion "8.0", the server is 6.0.5');
    expect(unmetByAll([[newer, { topologies: ['sharded'] }]], [server])).toBe(
      'needs topologies ["replicaset"], the server is single; or needs topologies ["sharded"], the server is single',
    );
  });

  it('take a sharded cluster for one of replica sets', () => {
    expect(unmetByAll([[{ topologies: ['sharded-replicaset'] }]], [{ ...server, topology: 'sharded' }])).toBeUndefined();
  });
});
