import { MongoInvalidArgumentError } from 'ferropool';
import { describe, expect, it } from 'vitest';

import { onBothLanes, openClient, openPool } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();
const milliseconds = 'must be an integer from 0 to 2147483647, received';
const preferences = '"primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"';

onBothLanes((lane) => {
  const refuses = async (call: Promise<unknown>, message: string): Promise<void> => {
    await expect(call).rejects.toThrow(new MongoInvalidArgumentError(message));
    await expect(call).rejects.toBeInstanceOf(MongoInvalidArgumentError);
  };

  describe('options of a check-out and of a command', () => {
    it.each([
      ['timeoutMS', -1, `"timeoutMS" ${milliseconds} -1`],
      ['timeoutMS', Number.NaN, `"timeoutMS" ${milliseconds} NaN`],
      ['timeoutMS', Infinity, `"timeoutMS" ${milliseconds} Infinity`],
      ['timeoutMS', 1.5, `"timeoutMS" ${milliseconds} 1.5`],
      ['timeoutMS', 2 ** 31, `"timeoutMS" ${milliseconds} 2147483648`],
      ['timeoutMS', '5', `"timeoutMS" ${milliseconds} 5`],
      ['timeoutMS', null, `"timeoutMS" ${milliseconds} null`],
      ['signal', 5, '"signal" must be an AbortSignal, received 5'],
      ['signal', {}, '"signal" must be an AbortSignal, received [object Object]'],
      ['signal', null, '"signal" must be an AbortSignal, received null'],
      ['readPreference', 'fastest', `"readPreference" must be one of ${preferences}, received fastest`],
      ['readPreference', 5, `"readPreference" must be one of ${preferences}, received 5`],
    ])('%s: %s', async (name, value, message) => {
      const pool = openPool(stub.current.address, { lane });
      pool.ready();
      const connection = await pool.checkOut();
      const options = { [name]: value } as never;
      await refuses(pool.checkOut(options), message);
      await refuses(connection.command('admin', { ping: 1 }, options), message);
      // Nothing was started that would have to end.
      expect(pool.stats()).toMatchObject({ checkOutsStarted: 1, waitQueueSize: 0 });
      connection.checkIn();
    });

    it.each([null, 5, 'timeoutMS'])('%j, which is no object', async (options) => {
      const pool = openPool(stub.current.address, { lane });
      await refuses(pool.checkOut(options as never), `The options of checkOut must be an object, received ${options}`);
      expect(pool.stats().checkOutsStarted).toBe(0);
    });

    it('unknown names', async () => {
      const client = openClient(stub.current.uri, { lane });
      await refuses(
        client.checkOut({ timeout: 5 } as never),
        'Unknown option "timeout" of checkOut; allowed are signal, timeoutMS, readPreference',
      );
      await refuses(
        client.db('test').command({ ping: 1 }, { maxTimeMS: 5 } as never),
        'Unknown option "maxTimeMS" of command; allowed are signal, timeoutMS, readPreference, session, checkKeys, serializeFunctions, ignoreUndefined, promoteLongs, promoteBuffers, promoteValues, useBigInt64, bsonRegExp, fieldsAsRaw, raw, enableUtf8Validation',
      );
      await refuses(client.warm({ size: 1 } as never), 'Unknown option "size" of warm; allowed are min, signal');
    });
  });

  it.each([
    [-1, `"min" ${milliseconds} -1`],
    [1.5, `"min" ${milliseconds} 1.5`],
    [Number.NaN, `"min" ${milliseconds} NaN`],
    [8, '"min" must not exceed "maxPoolSize": 8 > 7'],
  ])('warm to %s connections', async (min, message) => {
    const client = openClient(stub.current.uri, { lane, maxPoolSize: 7 });
    await refuses(client.warm({ min }), message);
    expect(client.pools()[0]?.connectionsCreated).toBe(0);
  });

  it.each([
    [{ interruptInUseConnections: 'yes' }, '"interruptInUseConnections" must be true or false, received yes'],
    [{ serviceId: 5 }, '"serviceId" must be an ObjectId, received 5'],
    [{ serviceId: '00112233445566778899aabb' }, '"serviceId" must be an ObjectId, received 00112233445566778899aabb'],
    [{ service: 1 }, 'Unknown option "service" of clear; allowed are interruptInUseConnections, serviceId'],
    [null, 'The options of clear must be an object, received null'],
  ])('clear(%j) clears nothing', (options, message) => {
    const pool = openPool(stub.current.address, { lane });
    pool.ready();
    expect(() => pool.clear(options as never)).toThrow(new MongoInvalidArgumentError(message));
    expect(pool.stats()).toMatchObject({ state: 'ready', generation: 0 });
  });

  it.each(['', 'a.b', 'a b', 'a\0b', 'a"b', '$a', 'a/b', 'a\\b', 5, null])('a database named %j', async (name) => {
    const shown = typeof name === 'string' ? JSON.stringify(name) : String(name);
    const message = `A database's name must not be empty or contain any of \\0 . " $ / \\ or a space, received ${shown}`;
    const client = openClient(stub.current.uri, { lane });
    expect(() => client.db(name as string)).toThrow(new MongoInvalidArgumentError(message));
    const connection = await client.checkOut();
    await refuses(connection.command(name as string, { ping: 1 }), message);
    await expect(connection.command('a-b_c', { ping: 1 })).resolves.toMatchObject({ ok: 1 });
    connection.checkIn();
  });
});
