// The view where the output is no terminal: a line each second, and one for each scene and each change of the pool.

import { clock, integer, milliseconds } from './format.mjs';

/** @typedef {{ start: () => void, scene: (scene: object) => void, stop: () => void }} View */

/** @returns {View} */
export function lines({ measure, title, out, started }) {
  let timer;
  const print = (text, time = Date.now()) => out.write(`${clock(time, started).padStart(8)}  ${text}\n`);
  const printChange = (event) => {
    if (event.name.startsWith('connectionPool')) print(event.name, event.time);
  };

  const look = () => {
    const { pool, checkOuts, commands, events } = measure.look();
    print(
      [
        `${pool.state}  in use ${pool.inUseConnectionCount}`,
        `available ${pool.availableConnectionCount}`,
        `pending ${pool.pendingConnectionCount}`,
        `waiting ${pool.waitQueueSize}`,
        `check-outs ${integer(checkOuts.rate)}/s p50 ${milliseconds(checkOuts.p50)} p99 ${milliseconds(checkOuts.p99)}`,
        `commands p50 ${milliseconds(commands.p50)} p99 ${milliseconds(commands.p99)}`,
        `events ${integer(events.rate)}/s`,
      ].join('  '),
    );
  };

  return {
    start() {
      print(title);
      measure.latest.forEach(printChange);
      measure.onNotable = printChange;
      timer = setInterval(look, 1000);
    },
    scene: (scene) => print(`-- ${scene.title}`),
    stop() {
      clearInterval(timer);
      look();
    },
  };
}
