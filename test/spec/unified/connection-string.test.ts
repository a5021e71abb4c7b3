import { describe, expect, it } from 'vitest';
import { connectionString } from './connection-string.mjs';
import { Unsupported } from './unsupported.mjs';

describe('the connection string of a client', () => {
  it.each<[string, string, object, string]>([
    ['keeps what the deployment needs', 'mongodb://u:p@a:1,b:2/?replicaSet=rs', { retryReads: false }, 'mongodb://u:p@a:1,b:2/?replicaSet=rs&retryReads=false'],
    ['prefers the options of the test, in any case of letters', 'mongodb://a:1/?appName=x', { appname: 'y z' }, 'mongodb://a:1/?appname=y+z'],
    ['gives an option of several values several times', 'mongodb://a:1/', { readPreferenceTags: ['a:b', ''] }, 'mongodb://a:1/?readPreferenceTags=a%3Ab&readPreferenceTags='],
    ['connects to one host directly', 'mongodb://a:1,b:2/?replicaSet=rs', { directConnection: true }, 'mongodb://a:1/?directConnection=true'],
  ])('%s', (_, base, options, expected) => {
    expect(connectionString(base, options as Record<string, unknown>)).toBe(expected);
  });

  it('says that placeholders are not filled in', () => {
    expect(() => connectionString('mongodb://a:1/', { authMechanismProperties: { ENVIRONMENT: { $$placeholder: 1 } } })).toThrow(Unsupported);
  });
});
