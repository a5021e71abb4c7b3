// A proxy that closes what has been idle for so long, as load balancers and firewalls do. Only connections that have carried an
// operation count: a client's monitors keep theirs from growing idle by themselves, or not, and are not what this is about.

import { once } from 'node:events';
import net from 'node:net';

/** Starts it in front of a server at `port`. `opened` has the times at which connections for operations came. */
export async function startIdleCloser({ port, idleMS }) {
  const sockets = new Set();
  const opened = [];
  const closed = [];
  const server = net.createServer({ noDelay: true }, (client) => {
    const begin = performance.now();
    const upstream = net.connect({ host: '127.0.0.1', port, noDelay: true });
    const end = () => {
      for (const socket of [client, upstream]) {
        sockets.delete(socket);
        socket.destroy();
      }
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    let isOperations = false;
    client.on('data', (bytes) => {
      if (isOperations || !bytes.includes('ping\0')) return;
      isOperations = true;
      opened.push(begin);
      client.setTimeout(idleMS, () => {
        closed.push(performance.now());
        end();
      });
    });
    client.pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    opened,
    closed,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
