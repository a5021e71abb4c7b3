// A lane without `ts/`: the core's native functions, called as `ts/lane.ts` calls them, with nothing around them.

import { createRequire } from 'node:module';

import { serialize } from 'bson';

export const { native } = createRequire(import.meta.url)('../../dist/native.js');

const RECORD = 7;
const NO_SESSION = -1;
const PRIMARY = 0;

/** Opens one, with a client of one server whose pool is full. */
export async function openRawLane(eventLoop, uri, options) {
  let onTurn;
  const lent = {
    slabs: [Buffer.allocUnsafeSlow(512 << 10), Buffer.allocUnsafeSlow(512 << 10)],
    records: [new Int32Array(1024 * RECORD), new Int32Array(1024 * RECORD)],
    send: Buffer.allocUnsafeSlow(64 << 10),
    events: new Float64Array(512 * 9 + 1),
    taken: new Int32Array(4),
    documents: Buffer.allocUnsafeSlow(64 << 10),
  };
  const lane = native.openLane(eventLoop, lent, (count) => onTurn(count));
  const client = native.open(lane, true, uri, JSON.stringify(Object.entries(options)), 'bench');
  const database = native.internDatabase(lane, 'bench');
  const ping = serialize({ ping: 1 });
  lent.send.set(ping);
  const raw = {
    /** Whoever is told of the next turns. */
    set onTurn(listener) {
      onTurn = listener;
    },
    lookUp: () => native.inFlight(lane),
    pair: () => {
      native.tryCheckOut(lane, client, PRIMARY);
      native.checkIn(lane, client, lent.taken[0] >>> 0, lent.taken[1] >>> 0);
    },
    /** Takes every connection; gives the function that returns them. */
    holdAll: () => {
      const tokens = [];
      while (native.tryCheckOut(lane, client, PRIMARY) === 1) tokens.push([lent.taken[0] >>> 0, lent.taken[1] >>> 0]);
      return () => tokens.forEach(([low, high]) => native.checkIn(lane, client, low, high));
    },
    ping: (slot) => native.command(lane, client, database, slot, ping.length, PRIMARY, NO_SESSION, Infinity),
    /** Completes in a later turn, without a server. */
    connect: (slot) => native.connect(lane, client, slot, Infinity),
    completed: (begin, wanted = 1) =>
      new Promise((resolve) => {
        let left = wanted;
        onTurn = (count) => {
          left -= count;
          if (left === 0) resolve();
        };
        begin();
      }),
    close: () => raw.completed(() => native.close(lane, client, 0, 0)),
  };
  await raw.completed(() => raw.connect(0));
  await raw.completed(() => native.warm(lane, client, 0, options.maxPoolSize));
  return raw;
}
