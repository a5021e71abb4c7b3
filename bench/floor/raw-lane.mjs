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
    documents: Buffer.allocUnsafeSlow(16 << 10),
  };
  const lane = native.openLane(eventLoop, lent, (count) => onTurn(count));
  const client = native.open(lane, true, uri, JSON.stringify(Object.entries(options)), 'bench');
  const database = native.internDatabase(lane, 'bench');
  const ping = serialize({ ping: 1 });
  lent.send.set(ping);
  const { registers, tryCheckOut, checkIn } = native.shareRegisters(new Int32Array(5));
  const take = () => {
    registers[0] = client;
    registers[1] = PRIMARY;
    registers[4] = lane;
    tryCheckOut();
    return registers[4] === 1;
  };
  const giveBack = (low, high) => {
    registers[0] = client;
    registers[1] = low;
    registers[2] = high;
    registers[4] = lane;
    checkIn();
  };
  const raw = {
    /** Whoever is told of the next turns. */
    set onTurn(listener) {
      onTurn = listener;
    },
    lookUp: () => native.inFlight(lane),
    pair: () => {
      take();
      giveBack(registers[0], registers[1]);
    },
    /** Takes every connection; gives the function that returns them. */
    holdAll: () => {
      const tokens = [];
      while (take()) tokens.push([registers[0], registers[1]]);
      return () => tokens.forEach(([low, high]) => giveBack(low, high));
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
