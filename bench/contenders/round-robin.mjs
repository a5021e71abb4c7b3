// A pool of so many places that are used in turn, whether they are needed or not, each with a connection of its own that is dialled again
// where the peer has closed it. It pings; that is all it is for.

import { once } from 'node:events';
import net from 'node:net';

import { serialize } from 'bson';

const ping = message({ ping: 1, $db: 'bench' });

export function openRoundRobin(uri, { maxPoolSize }) {
  const { hostname: host, port } = new URL(uri);
  const places = Array.from({ length: maxPoolSize }, () => undefined);
  let next = 0;
  const dial = async (place) => {
    const socket = net.connect({ host, port: Number(port), noDelay: true });
    // A burst has many replies awaited on one.
    socket.setMaxListeners(0);
    places[place] = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => (places[place] = undefined));
    await once(socket, 'connect');
    return socket;
  };
  return {
    connect: async () => {},
    ping: async () => {
      const place = next;
      next = (next + 1) % places.length;
      const socket = places[place] ?? (await dial(place));
      socket.write(ping);
      await once(socket, 'data');
    },
    close: () => places.forEach((socket) => socket?.destroy()),
  };
}

function message(command) {
  const body = serialize(command);
  const bytes = Buffer.alloc(21 + body.length);
  bytes.writeInt32LE(bytes.length, 0);
  bytes.writeInt32LE(2013, 12);
  bytes.set(body, 21);
  return bytes;
}
