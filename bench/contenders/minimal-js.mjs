// What a pool costs in JavaScript at the least: sockets, a stack of available ones, a queue of waiters, js-bson. No error
// is handled, nothing is bounded, nobody is told of anything. Reads go to one shared buffer (`onread`), which is the
// cheapest way that `net` has.

import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

import { deserialize, ObjectId, serialize } from 'bson';

const PREFIX = 21;
const options = { index: PREFIX, allowObjectSmallerThanBufferSize: true };
const shared = Buffer.allocUnsafeSlow(512 << 10);

export async function minimalJs(uri, size) {
  const dial = dialler(new URL(uri));
  const available = [];
  const waiters = [];
  let head = 0;
  let requestId = 0;

  const send = (connection, operation) => {
    const body = serialize(operation.command);
    const message = Buffer.allocUnsafe(PREFIX + body.length);
    message.writeInt32LE(message.length, 0);
    message.writeInt32LE((requestId = (requestId + 1) & 0x7fffffff), 4);
    message.writeInt32LE(0, 8);
    message.writeInt32LE(2013, 12);
    message.writeInt32LE(0, 16);
    message[20] = 0;
    message.set(body, PREFIX);
    connection.operation = operation;
    connection.socket.write(message);
  };

  const reply = (connection, message) => {
    const { operation } = connection;
    if (head < waiters.length) {
      send(connection, waiters[head]);
      head += 1;
      if (head === 1024) {
        waiters.splice(0, head);
        head = 0;
      }
    } else {
      available.push(connection);
    }
    try {
      operation.resolve(deserialize(message, options));
    } catch (error) {
      operation.reject(error);
    }
  };

  const command = (command) =>
    new Promise((resolve, reject) => {
      const connection = available.pop();
      const operation = { command, resolve, reject };
      if (connection) send(connection, operation);
      else waiters.push(operation);
    });

  const find100 = async (collection) => {
    const found = await command({ find: collection, filter: {}, limit: 100, $db: 'bench' });
    return found.cursor.firstBatch;
  };
  const insert = (collection, documents) => {
    for (const document of documents) document._id = new ObjectId();
    return command({ insert: collection, documents, $db: 'bench' });
  };

  const sockets = await Promise.all(Array.from({ length: size }, () => connect(dial, send, reply)));
  const checkOuts = (count) => {
    for (let left = count; left > 0; left -= 1) available.push(available.pop());
  };
  return {
    operations: {
      ping: () => command({ ping: 1, $db: 'bench' }),
      findOne: async (id) => {
        const found = await command({ find: 'one', filter: { _id: id }, limit: 1, singleBatch: true, $db: 'bench' });
        return found.cursor.firstBatch[0];
      },
      find100: () => find100('many'),
      find100Mixed: () => find100('mixed'),
      insertOne: async (document) => (await insert('inserted', [document])).n === 1,
      insertMany: async (documents) => (await insert('inserted-many', documents)).n,
      updateOne: async (id, score) => {
        const updates = [{ q: { _id: id }, u: { $set: { score } } }];
        return (await command({ update: 'one', updates, $db: 'bench' })).n;
      },
    },
    batches: { 'try-check-out': checkOuts },
    close: () => sockets.forEach((socket) => socket.destroy()),
  };
}

/** Opens sockets as the connection string has it. */
function dialler({ hostname: host, port, searchParams }) {
  const options = { host, port: Number(port), noDelay: true };
  if (searchParams.get('tls') !== 'true') return (onread) => net.connect({ ...options, onread });
  const secureContext = tls.createSecureContext({ ca: readFileSync(searchParams.get('tlsCAFile')) });
  return (onread) => tls.connect({ ...options, secureContext, onread });
}

/** A connection after its hello. */
function connect(dial, send, reply) {
  return new Promise((resolve, reject) => {
    const connection = { socket: undefined, operation: undefined, partial: undefined, filled: 0 };
    const received = (length, bytes) => {
      if (!connection.partial) {
        const whole = bytes.readInt32LE(0);
        if (whole === length) {
          reply(connection, bytes);
          return true;
        }
        connection.partial = Buffer.allocUnsafe(whole);
        connection.filled = 0;
      }
      const { partial } = connection;
      bytes.copy(partial, connection.filled, 0, length);
      connection.filled += length;
      if (connection.filled === partial.length) {
        connection.partial = undefined;
        reply(connection, partial);
      }
      return true;
    };
    const socket = dial({ buffer: () => shared, callback: received });
    connection.socket = socket;
    socket.once('error', reject);
    socket.once('connect', () =>
      send(connection, { command: { hello: 1, $db: 'admin' }, resolve: () => resolve(socket), reject }),
    );
  });
}
