import { ConnectionPool, MongoClient, MongoInvalidArgumentError, MongoParseError } from 'ferropool';
import { describe, expect, it } from 'vitest';

const port = (address: string, received: string): string =>
  `The port in address "${address}" must be an integer from 1 to 65535, received "${received}"`;
const noHost = (address: string): string => `The host in address "${address}" must not be empty`;
const literal = (address: string): string =>
  `The IPv6 literal in address "${address}" must have the form [address] or [address]:port`;

function refused(open: () => ConnectionPool | MongoClient): unknown {
  try {
    void open().close();
  } catch (error) {
    return error;
  }
  return undefined;
}

const addresses: [address: string, message: string][] = [
  ['localhost:0', port('localhost:0', '0')],
  ['localhost:65536', port('localhost:65536', '65536')],
  ['localhost:-1', port('localhost:-1', '-1')],
  ['localhost:1.5', port('localhost:1.5', '1.5')],
  ['localhost:99999999999999999999', port('localhost:99999999999999999999', '99999999999999999999')],
  ['localhost:', port('localhost:', '')],
  ['localhost:port', port('localhost:port', 'port')],
  ['', noHost('')],
  [':27017', noHost(':27017')],
  ['::1', literal('::1')],
  ['[::1', literal('[::1')],
];

const scheme = 'Invalid scheme, expected connection string to start with "mongodb://" or "mongodb+srv://"';
const encoding = 'The user name and password in the connection string must be percent-encoded: : / ? # [ ] @ % are not allowed in them';

describe('an address that cannot be one is refused when it is given', () => {
  it.each(addresses)('%j', (address, message) => {
    for (const open of [() => new ConnectionPool(address), () => new MongoClient(`mongodb://${address}/?appName=a`)]) {
      const error = refused(open);
      expect(error).toBeInstanceOf(MongoParseError);
      expect(error).toMatchObject({ code: 'FERROPOOL_CONNECTION_STRING', message });
    }
  });

  it.each([undefined, null, 27017, {}, ['localhost']])('%j, which is no string', (address) => {
    const received = typeof address === 'object' && address !== null ? 'an object' : String(address);
    expect(refused(() => new ConnectionPool(address as never))).toMatchObject({
      name: 'MongoInvalidArgumentError',
      message: `The address must be a string, received ${received}`,
    });
    expect(refused(() => new MongoClient(address as never))).toMatchObject({
      name: 'MongoInvalidArgumentError',
      message: `The connection string must be a string, received ${received}`,
    });
    expect(refused(() => new MongoClient(address as never))).toBeInstanceOf(MongoInvalidArgumentError);
  });

  it.each(['localhost:1', 'localhost:65535', '[::1]:27017', '[::1]', 'db.example.com'])('%j is fine', async (address) => {
    await new ConnectionPool(address).close();
    await new MongoClient(`mongodb://${address}`).close();
  });
});

describe('a connection string that cannot be one is refused', () => {
  it.each([
    ['http://localhost', scheme],
    ['localhost:27017', scheme],
    ['', scheme],
    ['mongodb://', 'The host in address "" must not be empty'],
    ['mongodb:///database', 'The host in address "" must not be empty'],
    ['mongodb://%2Ftmp%2Fsocket', 'The path of a Unix domain socket must end in .sock, received "/tmp/socket"'],
    ['mongodb+srv://a.b.c:1', 'A connection string with "mongodb+srv://" must not have a port, received "a.b.c:1"'],
    ['mongodb+srv://a.b.c,d.e.f', 'A connection string with "mongodb+srv://" must have one host, received 2'],
    ['mongodb://a/d$b', 'The database in the connection string must not contain any of / \\ " $ or a space'],
  ])('%j', (uri, message) => {
    const error = refused(() => new MongoClient(uri));
    expect(error).toBeInstanceOf(MongoParseError);
    expect(error).toMatchObject({ code: 'FERROPOOL_CONNECTION_STRING', message });
  });

  it.each([
    'mongodb://user:hunter2:x@localhost',
    'mongodb://user:hunter2/x@localhost',
    'mongodb://user:hunter2?x@localhost',
    'mongodb://user:hunter2%@localhost',
    'mongodb://user:x@hunter2:y@localhost',
  ])('without repeating a secret: %j', (uri) => {
    const error = refused(() => new MongoClient(uri)) as Error;
    expect(error.message).toBe(encoding);
    expect(error.stack).not.toContain('hunter2');
  });
});
