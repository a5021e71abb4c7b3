import { describe, expect, it } from 'vitest';
import { compareVersions, unmet } from './requirements.mjs';

const server = { version: '6.0.5', topology: 'single' };

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
    ['one requirement of several is met', [{ minServerVersion: '7.0' }, { topology: ['single'] }]],
  ])('is met if %s', (_, requirements) => {
    expect(unmet(requirements, server)).toBeUndefined();
  });

  it.each([
    ['the version is below', [{ minServerVersion: '10.0' }], 'needs minServerVersion "10.0", the server is 6.0.5, single'],
    ['the version is above', [{ maxServerVersion: '4.4.99' }], 'needs maxServerVersion "4.4.99", the server is 6.0.5, single'],
    ['one field of a requirement is not', [{ minServerVersion: '4.4', topology: ['sharded'] }], 'topology ["sharded"]'],
    ['nobody knows the requirement', [{ serverless: 'require' }], 'needs serverless "require"'],
    ['the list is empty', [], 'no server'],
  ])('is unmet if %s, and says so', (_, requirements, reason) => {
    expect(unmet(requirements, server)).toContain(reason);
  });
});
