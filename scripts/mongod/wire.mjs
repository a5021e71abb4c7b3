// One command, one reply, on a socket of its own: enough to ask a server whether it is there and to set it up. It must
// not be the product's code, which is what the server is there to test.

import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

const opMsg = 2013;

/** The server replied, and the reply says no. */
export class CommandError extends Error {
  constructor(reply) {
    super(`${reply.codeName ?? 'error'}: ${reply.errmsg}`);
    this.name = 'CommandError';
    this.code = reply.code;
    this.reply = reply;
  }
}

/**
 * @param {{ host: string, port: number, tls?: { clientCertificateKeyFile: string } }} server
 * @param {string} database
 * @param {object} command
 * @param {number} [timeoutMS]
 * @returns {Promise<object>} the reply, if it is ok
 */
export async function command(server, database, body, timeoutMS = 10_000) {
  const socket = connect(server);
  // One rejection for the whole exchange; whoever is waiting at the time sees it.
  const failed = new Promise((_, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
    socket.setTimeout(timeoutMS, () => reject(new Error(`no answer from port ${server.port} in ${timeoutMS} ms`)));
  });
  failed.catch(() => {});
  try {
    return await Promise.race([failed, exchange(socket, server.credentials, database, body)]);
  } finally {
    socket.destroy();
  }
}

async function exchange(socket, credentials, database, body) {
  const roundTrip = await messages(socket);
  if (credentials) await authenticate(roundTrip, credentials);
  return roundTrip(database, body);
}

function connect({ host, port, tls: files }) {
  if (!files) return net.connect({ host, port });
  const pem = readFileSync(files.clientCertificateKeyFile);
  // Whether the server's certificate is right is the tests' question; this is about a process that was just started.
  return tls.connect({ host, port, rejectUnauthorized: false, cert: pem, key: pem });
}

/** Turns a socket into a function from a command to its reply. */
async function messages(socket) {
  const { serialize, deserialize } = await import('bson');
  const replies = [];
  let wake = () => {};
  let buffered = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 4 && buffered.length >= buffered.readInt32LE(0)) {
      const length = buffered.readInt32LE(0);
      // 16 bytes of header, 4 of flags, 1 of section kind; a reply has the one section.
      replies.push(deserialize(buffered.subarray(21, length)));
      buffered = buffered.subarray(length);
    }
    wake();
  });
  return async (database, body) => {
    const document = serialize({ ...body, $db: database });
    const header = Buffer.alloc(21);
    header.writeInt32LE(header.length + document.length, 0);
    header.writeInt32LE(1, 4);
    header.writeInt32LE(opMsg, 12);
    socket.write(Buffer.concat([header, document]));
    while (replies.length === 0) await new Promise((resolve) => (wake = resolve));
    const reply = replies.shift();
    if (reply.ok !== 1) throw new CommandError(reply);
    return reply;
  };
}

/** SCRAM-SHA-256 (RFC 7677), for servers started with `auth`. */
async function authenticate(roundTrip, { username, password }) {
  const { createHash, createHmac, pbkdf2Sync, randomBytes } = await import('node:crypto');
  const { Binary } = await import('bson');
  const nonce = randomBytes(24).toString('base64');
  const firstBare = `n=${username},r=${nonce}`;
  const first = await roundTrip('admin', {
    saslStart: 1,
    mechanism: 'SCRAM-SHA-256',
    payload: new Binary(Buffer.from(`n,,${firstBare}`)),
    options: { skipEmptyExchange: true },
  });
  const challenge = Buffer.from(first.payload.buffer).toString();
  const { r, s, i } = Object.fromEntries(challenge.split(',').map((part) => [part[0], part.slice(2)]));
  const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
  const salted = pbkdf2Sync(password, Buffer.from(s, 'base64'), Number(i), 32, 'sha256');
  const clientKey = hmac(salted, 'Client Key');
  const finalBare = `c=biws,r=${r}`;
  const signature = hmac(createHash('sha256').update(clientKey).digest(), `${firstBare},${challenge},${finalBare}`);
  const proof = clientKey.map((byte, index) => byte ^ signature[index]);
  await roundTrip('admin', {
    saslContinue: 1,
    conversationId: first.conversationId,
    payload: new Binary(Buffer.from(`${finalBare},p=${Buffer.from(proof).toString('base64')}`)),
  });
}
