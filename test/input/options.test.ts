import { ConnectionPool, MongoClient, MongoInvalidArgumentError, MongoParseError, type ConnectionPoolOptions, type MongoClientOptions } from 'ferropool';
import { describe, expect, it } from 'vitest';

const count = 'an integer from 0 to 2147483647';
const positive = 'an integer from 1 to 2147483647';
const flag = 'true or false';
const lane = 'one of "auto", "event-loop", "tokio"';
const name = 'a string of at most 128 bytes';
/** Opens a pool with options that TypeScript would refuse, and gives what is thrown. */
function refusal(options: unknown): Error {
  return thrown(() => new ConnectionPool('localhost:27017', options as ConnectionPoolOptions));
}

function thrown(open: () => ConnectionPool | MongoClient): Error {
  try {
    void open().close();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('options that are not what they may be are refused by name, with what is allowed and what was received', () => {
  it.each([
    ['maxPoolSize', -1, count, '-1'],
    ['maxPoolSize', Number.NaN, count, 'NaN'],
    ['maxPoolSize', Infinity, count, 'Infinity'],
    ['maxPoolSize', -Infinity, count, '-Infinity'],
    ['maxPoolSize', 1.5, count, '1.5'],
    ['maxPoolSize', 2 ** 31, count, '2147483648'],
    ['maxPoolSize', 2 ** 64, count, '18446744073709552000'],
    ['maxPoolSize', 1e300, count, '1e+300'],
    ['maxPoolSize', '5', count, '"5"'],
    ['maxPoolSize', true, count, 'true'],
    ['maxPoolSize', null, count, 'null'],
    ['maxPoolSize', 5n, count, '5n'],
    ['maxPoolSize', {}, count, 'a value of type object'],
    ['maxPoolSize', () => 5, count, 'a value of type function'],
    ['minPoolSize', -1, count, '-1'],
    ['maxConnecting', 0, positive, '0'],
    ['maxConnecting', -2, positive, '-2'],
    ['maxIdleTimeMS', -1, count, '-1'],
    ['waitQueueTimeoutMS', 0.1, count, '0.1'],
    ['connectTimeoutMS', -1, count, '-1'],
    ['timeoutMS', -1, count, '-1'],
    ['heartbeatFrequencyMS', 0, positive, '0'],
    ['minHeartbeatFrequencyMS', 0, positive, '0'],
    ['serverSelectionTimeoutMS', 0, positive, '0'],
    ['backgroundThreadIntervalMS', 1.5, 'an integer from -2147483647 to 2147483647', '1.5'],
    ['directConnection', 'true', flag, '"true"'],
    ['monitorCommands', 1, flag, '1'],
    ['lane', 'thread', lane, '"thread"'],
    ['lane', 3, lane, '3'],
    ['appName', 5, name, '5'],
    ['appName', 'é'.repeat(65), name, `"${'é'.repeat(65)}"`],
  ])('%s: %s', (option, value, allowed, received) => {
    const error = refusal({ [option]: value });
    expect(error).toBeInstanceOf(MongoInvalidArgumentError);
    expect(error).toHaveProperty('code', 'FERROPOOL_INVALID_ARGUMENT');
    expect(error.message).toBe(`Option "${option}" must be ${allowed}, received ${received}`);
  });

  it('a minimum above the maximum', () => {
    expect(refusal({ minPoolSize: 5, maxPoolSize: 4 })).toMatchObject({
      name: 'MongoInvalidArgumentError',
      message: 'Option "minPoolSize" must not exceed "maxPoolSize": 5 > 4',
    });
    expect(refusal({ minPoolSize: 101 }).message).toBe('Option "minPoolSize" must not exceed "maxPoolSize": 101 > 100');
    // Without a maximum there is nothing to exceed.
    const unlimited = new ConnectionPool('localhost:27017', { minPoolSize: 101, maxPoolSize: 0 });
    return unlimited.close();
  });

  it.each(['maxPoolSise', 'maxpoolsize', '__proto', ''])('an unknown name: %j', (unknown) => {
    const error = refusal({ [unknown]: 1 });
    expect(error).toBeInstanceOf(MongoInvalidArgumentError);
    expect(error.message).toMatch(new RegExp(`^Unknown option "${unknown}"; allowed are appName, auth, .*, zlibCompressionLevel$`));
  });

  it.each([
    ['auth', { user: 'a' }, 'an object with username and password'],
    ['authMechanism', 'SCRAM', '"SCRAM-SHA-1", "SCRAM-SHA-256", "MONGODB-X509", "PLAIN", "GSSAPI", "MONGODB-AWS" or "MONGODB-OIDC"'],
    ['compressors', ['lz4'], '"snappy", "zlib", "zstd" or "none", an array of these, or these with commas between them'],
    ['driverInfo', { version: 1 }, 'an object with a name, a version and a platform'],
    ['serverApi', '2', '"1", or an object with version, strict and deprecationErrors'],
    ['serverApi', { version: '1', strict: 1 }, '"1", or an object with version, strict and deprecationErrors'],
    ['readPreferenceTags', [5], 'tag sets such as "dc:ny,rack:1" or { dc: "ny" }'],
    ['w', -1, 'an integer from 0 to 2147483647 or a string'],
    ['maxStalenessSeconds', 0, '-1 or an integer from 1 to 2147483647'],
  ])('%s: %j', (option, value, allowed) => {
    const error = refusal({ [option]: value });
    expect(error).toBeInstanceOf(MongoInvalidArgumentError);
    expect(error.message.slice(0, error.message.indexOf(', received'))).toBe(`Option "${option}" must be ${allowed}`);
  });

  it.each([
    ['autoEncryption', {}, 'documents would be sent unencrypted'],
    ['checkServerIdentity', () => undefined, 'use "servername" or "tlsAllowInvalidHostnames"'],
    ['pfx', Buffer.from('x'), 'use "cert" and "key"'],
  ])('an option of the official driver whose loss would be unsafe: %s', (option, value, why) => {
    expect(refusal({ [option]: value })).toMatchObject({
      name: 'MongoInvalidArgumentError',
      message: `Option "${option}" is not supported: ${why}`,
    });
  });

  it('an option that is undefined is one that was not given', async () => {
    await new ConnectionPool('localhost:27017', { maxPoolSize: undefined } as unknown as ConnectionPoolOptions).close();
  });

  it.each([null, 5, 'maxPoolSize=5', true])('options that are no object: %j', (options) => {
    expect(refusal(options)).toMatchObject({
      name: 'MongoInvalidArgumentError',
      // A string may be a connection string, with a password in it.
      message: `Options must be an object, received ${typeof options === 'string' ? 'a string' : String(options)}`,
    });
  });
});

/** What a connection string is warned of. */
async function warnings(open: () => MongoClient): Promise<object[]> {
  const seen: object[] = [];
  const listener = (warning: Error) => seen.push(warning);
  process.on('warning', listener);
  try {
    await open().close();
    await new Promise(setImmediate);
    return seen;
  } finally {
    process.off('warning', listener);
  }
}

describe('what is wrong with options of the connection string', () => {
  it.each([
    ['maxPoolSize=-1', `Option "maxPoolSize" must be ${count}, received -1; it is ignored`],
    ['maxPoolSize=1.5', `Option "maxPoolSize" must be ${count}, received "1.5"; it is ignored`],
    ['maxPoolSize=many', `Option "maxPoolSize" must be ${count}, received "many"; it is ignored`],
    ['maxPoolSize=0x10', `Option "maxPoolSize" must be ${count}, received "0x10"; it is ignored`],
    ['MAXCONNECTING=0', `Option "maxConnecting" must be ${positive}, received 0; it is ignored`],
    ['directConnection=yes', `Option "directConnection" must be ${flag}, received "yes"; it is ignored`],
    ['maxPoolSise=5', 'Unknown option "maxPoolSise" in the connection string is ignored'],
    ['maxPoolSize=', 'Option "maxPoolSize" in the connection string has no value and is ignored'],
    ['maxPoolSize=5&maxpoolsize=6', 'Option "maxPoolSize" is in the connection string more than once; the last one counts'],
    ['fsync=true', 'Option "fsync" has no effect'],
    ['wtimeout=5', 'Option "wtimeout" is deprecated; use "wtimeoutMS"'],
    // Decided before a connection string is read, they would have no effect there.
    ['lane=tokio', 'Option "lane" belongs into the options object and is ignored in the connection string'],
    ['monitorCommands=false', 'Option "monitorCommands" belongs into the options object and is ignored in the connection string'],
  ])('is a warning: %s', async (query, message) => {
    const seen = await warnings(() => new MongoClient(`mongodb://localhost/?${query}`));
    expect(seen).toMatchObject([{ name: 'MongoWarning', code: 'FERROPOOL_OPTION', message }]);
  });

  it.each([
    ['maxPoolSize', 'Options in the connection string must have the form name=value; number 1 has not'],
    ['appName=%zz', 'Option "appName" in the connection string is not valid percent-encoding'],
    // Ignoring these would be unsafe.
    ['tls=ture', 'Option "tls" must be true or false, received "ture"'],
    ['ssl=true&tls=false', 'Options "tls" and "ssl" must not contradict each other'],
    ['proxyHost=a&proxyHost=b', 'Option "proxyHost" must not be in the connection string more than once'],
    ['authSource=', 'Option "authSource" must be a string that is not empty, received ""'],
  ])('is an error: %s', (query, message) => {
    const error = thrown(() => new MongoClient(`mongodb://localhost/?${query}`));
    expect(error).toBeInstanceOf(MongoParseError);
    expect(error).toMatchObject({ code: 'FERROPOOL_CONNECTION_STRING', message });
  });

  it('the object is warned of what has no effect there', async () => {
    const options = { autoSelectFamily: true, noDelay: false, keepAlive: true } as MongoClientOptions;
    const seen = await warnings(() => new MongoClient('mongodb://localhost', options));
    expect(seen).toMatchObject([{ message: 'Option "autoSelectFamily" has no effect' }, { message: 'Option "noDelay" is always true' }]);
  });

  it('the object wins, so that its minimum is compared with the maximum of the connection string', () => {
    const error = thrown(() => new MongoClient('mongodb://localhost/?maxPoolSize=3', { minPoolSize: 4 }));
    expect(error.message).toBe('Option "minPoolSize" must not exceed "maxPoolSize": 4 > 3');
  });
});
