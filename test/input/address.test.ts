import { ConnectionPool, MongoClient, MongoInvalidArgumentError, MongoParseError } from 'ferropool';
import { describe, expect, it } from 'vitest';

const port = 'must have an integer from 1 to 65535 as its port';
const noHost = 'must not be empty';
const literal = 'must have the form [address] or [address]:port, as it is an IPv6 literal';

function refused(open: () => ConnectionPool | MongoClient): unknown {
  try {
    void open().close();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** What is wrong with each, of an address and of a host in a connection string: that may be a user name and a password. */
const addresses: [address: string, message: string, rule: string][] = [
  ...['0', '65536', '-1', '1.5', '99999999999999999999', '', 'port'].map((text): [string, string, string] => [
    `localhost:${text}`,
    `The port in address "localhost:${text}" must be an integer from 1 to 65535, received "${text}"`,
    port,
  ]),
  ['', 'The host in address "" must not be empty', noHost],
  [':27017', 'The host in address ":27017" must not be empty', noHost],
  ...['::1', '[::1'].map((address): [string, string, string] => [
    address,
    `The IPv6 literal in address "${address}" must have the form [address] or [address]:port`,
    literal,
  ]),
];

const scheme = 'Invalid scheme, expected connection string to start with "mongodb://" or "mongodb+srv://"';
const encoding = 'The user name and password in the connection string must be percent-encoded: : / ? # [ ] @ % are not allowed in them';

describe('an address that cannot be one is refused when it is given', () => {
  it.each(addresses)('%j', (address, message, rule) => {
    const refusals = [
      [refused(() => new ConnectionPool(address)), message],
      [refused(() => new MongoClient(`mongodb://${address}/?appName=a`)), `Host 1 in the connection string ${rule}`],
      [refused(() => new MongoClient(`mongodb://a,${address},b`)), `Host 2 in the connection string ${rule}`],
    ] as const;
    for (const [error, message] of refusals) {
      expect(error).toBeInstanceOf(MongoParseError);
      expect(error).toMatchObject({ code: 'FERROPOOL_CONNECTION_STRING', message });
    }
  });

  it.each(['mongodb://user:hunter2@localhost', 'user:hunter2@localhost:27017'])('%j, without repeating it', (address) => {
    expect(refused(() => new ConnectionPool(address))).toMatchObject({
      name: 'MongoParseError',
      message: 'An address must be host:port, or the path of a Unix domain socket; received what looks like a connection string',
    });
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
    ['mongodb://', 'Host 1 in the connection string must not be empty'],
    ['mongodb:///database', 'Host 1 in the connection string must not be empty'],
    ['mongodb://%2Ftmp%2Fsocket', 'Host 1 in the connection string must end in .sock, as it is the path of a Unix domain socket'],
    ['mongodb://a,%zz', 'Host 2 in the connection string is not valid percent-encoding'],
    ['mongodb+srv://a.b.c:1', 'A connection string with "mongodb+srv://" must not have a port'],
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
