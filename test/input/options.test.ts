import { ConnectionPool, MongoClient, MongoInvalidArgumentError, MongoParseError, type ConnectionPoolOptions } from 'ferropool';
import { describe, expect, it } from 'vitest';

const count = 'an integer from 0 to 2147483647';
const positive = 'an integer from 1 to 2147483647';
const flag = 'true or false';
const lane = 'one of "auto", "event-loop", "tokio"';
const name = 'a string of at most 128 bytes';
const allowed =
  'appName, backgroundThreadIntervalMS, connectTimeoutMS, directConnection, heartbeatFrequencyMS, lane, maxConnecting, ' +
  'maxIdleTimeMS, maxPoolSize, minHeartbeatFrequencyMS, minPoolSize, monitorCommands, serverSelectionTimeoutMS, timeoutMS, ' +
  'waitQueueTimeoutMS';

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

  it.each(['maxPoolSise', 'maxpoolsize', 'loadBalanced', '__proto', ''])('an unknown name: %j', (unknown) => {
    const error = refusal({ [unknown]: 1 });
    expect(error).toBeInstanceOf(MongoInvalidArgumentError);
    expect(error.message).toBe(`Unknown option "${unknown}"; allowed are ${allowed}`);
  });

  it('an option that is undefined is one that was not given', async () => {
    await new ConnectionPool('localhost:27017', { maxPoolSize: undefined } as unknown as ConnectionPoolOptions).close();
  });

  it.each([null, 5, 'maxPoolSize=5', true])('options that are no object: %j', (options) => {
    expect(refusal(options)).toMatchObject({
      name: 'MongoInvalidArgumentError',
      message: `Options must be an object, received ${String(options)}`,
    });
  });
});

describe('options of the connection string are refused in the same words', () => {
  it.each([
    ['maxPoolSize=-1', `Option "maxPoolSize" must be ${count}, received -1`],
    ['maxPoolSize=1.5', `Option "maxPoolSize" must be ${count}, received 1.5`],
    ['maxPoolSize=many', `Option "maxPoolSize" must be ${count}, received "many"`],
    ['maxPoolSize=0x10', `Option "maxPoolSize" must be ${count}, received "0x10"`],
    ['maxPoolSize=NaN', `Option "maxPoolSize" must be ${count}, received NaN`],
    ['MAXCONNECTING=0', `Option "maxConnecting" must be ${positive}, received 0`],
    ['directConnection=yes', `Option "directConnection" must be ${flag}, received "yes"`],
    ['maxPoolSise=5', `Unknown option "maxPoolSise"; allowed are ${allowed}`],
    ['maxPoolSize', 'Option "maxPoolSize" in the connection string must have the form name=value'],
    ['maxPoolSize=', 'Option "maxPoolSize=" in the connection string must have the form name=value'],
    // Decided before a connection string is read, they would have no effect there.
    ['lane=tokio', 'Option "lane" belongs into the options object, not into the connection string'],
    ['monitorCommands=false', 'Option "monitorCommands" belongs into the options object, not into the connection string'],
    ['appName=%zz', '"%zz" in the connection string is not valid percent-encoding'],
  ])('%s', (query, message) => {
    const error = thrown(() => new MongoClient(`mongodb://localhost/?${query}`));
    expect(error).toBeInstanceOf(MongoParseError);
    expect(error).toMatchObject({ code: 'FERROPOOL_CONNECTION_STRING', message });
  });

  it('the object wins, so that its minimum is compared with the maximum of the connection string', () => {
    const error = thrown(() => new MongoClient('mongodb://localhost/?maxPoolSize=3', { minPoolSize: 4 }));
    expect(error.message).toBe('Option "minPoolSize" must not exceed "maxPoolSize": 4 > 3');
  });
});
