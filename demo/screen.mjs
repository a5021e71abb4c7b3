// The view in a terminal: the whole screen, drawn ten times a second.

import { clock, counted, describe, integer, milliseconds } from './format.mjs';

const EACH_MS = 100;
const EVENTS_SHOWN = 8;
const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';

/** @returns {import('./lines.mjs').View} */
export function screen({ measure, title, out, started, seconds, concurrency, pool: size }) {
  const paint = palette(process.env.NO_COLOR === undefined || process.env.NO_COLOR === '');
  const history = [];
  const shown = [];
  let current = '';
  let timer;

  const draw = () => {
    const { pool, checkOuts, commands, events } = measure.look();
    history.push(checkOuts.rate);
    shown.push(...measure.latest.splice(0));
    shown.splice(0, shown.length - EVENTS_SHOWN);
    const width = Math.min(out.columns ?? 80, 100);
    const wide = width - 17;
    history.splice(0, history.length - wide);
    const [used, available, pending] = [pool.inUseConnectionCount, pool.availableConnectionCount, pool.pendingConnectionCount];
    const state = { ready: paint.green, paused: paint.red, closed: paint.dim }[pool.state];
    const row = (name, text) => ` ${paint.dim(name.padEnd(14))} ${text}`;
    const numbers = (name, { rate, p50, p99 }) =>
      row(name, `${integer(rate).padStart(9)} /s   p50 ${milliseconds(p50).padStart(10)}   p99 ${milliseconds(p99).padStart(10)}`);

    const frame = [
      ` ${paint.bold('ferropool')}  ${title}`,
      ` ${paint.dim(progress(Date.now() - started, seconds, width - 22))} ${clock(Date.now(), started)} of ${seconds} s`,
      '',
      row('now', paint.bold(current)),
      row('pool', `${state(pool.state)}  generation ${pool.generation}, cleared ${times(pool.cleared)}`),
      '',
      row('connections', bar([[used, paint.green], [available, paint.blue], [pending, paint.yellow]], size, wide)),
      row('', `${paint.green('■')} in use ${used}   ${paint.blue('■')} available ${available}   ${paint.yellow('■')} pending ${pending}   of ${size}`),
      row('wait queue', bar([[pool.waitQueueSize, paint.magenta]], concurrency, wide)),
      row('', `${paint.magenta('■')} waiting ${pool.waitQueueSize}   of ${counted(concurrency, 'caller')}`),
      '',
      numbers('check-outs', checkOuts),
      numbers('commands', commands),
      row('events', `${integer(events.rate).padStart(9)} /s`),
      row('', paint.cyan(spark(history))),
      '',
      ` ${paint.dim('latest events, without those of every command')}`,
      ...shown.map((event) => {
        const [name, text] = describe(event);
        return row(clock(event.time, started).padStart(9), `${name.padEnd(26)} ${text}`);
      }),
    ];
    // Below the last line, and to the right of each, an older frame is erased. The last row stays free: a line break
    // there would scroll.
    const rows = frame.slice(0, Math.max((out.rows ?? 24) - 1, 1)).map((line) => `${clip(line, width)}\x1b[K`);
    out.write(`\x1b[H${rows.join('\r\n')}\x1b[J`);
  };

  const restore = () => out.write(leave);
  return {
    start() {
      out.write(enter);
      // However the program ends, the terminal is given back as it was.
      process.once('exit', restore);
      timer = setInterval(draw, EACH_MS);
    },
    scene: (scene) => (current = scene.title),
    stop() {
      clearInterval(timer);
      process.off('exit', restore);
      restore();
    },
  };
}

/** One segment for each count, out of `most`, `width` columns wide. What exists is seen, however little it is. */
function bar(segments, most, width) {
  let left = width;
  const drawn = segments.map(([count, color]) => {
    const columns = Math.min(left, count === 0 ? 0 : Math.max(1, Math.round((count / most) * width)));
    left -= columns;
    return color('■'.repeat(columns));
  });
  return drawn.join('') + '·'.repeat(left);
}

function progress(elapsed, seconds, width) {
  const done = Math.max(0, Math.min(width, Math.round((elapsed / 1000 / seconds) * width)));
  return '━'.repeat(done) + '─'.repeat(width - done);
}

function spark(values) {
  const levels = '▁▂▃▄▅▆▇█';
  const most = Math.max(...values, 1);
  return values.map((value) => levels[Math.round((value / most) * (levels.length - 1))]).join('');
}

function times(count) {
  return count === 1 ? 'once' : `${count} times`;
}

/** At most `width` columns of a text, whose colours take none. */
function clip(text, width) {
  let columns = 0;
  let clipped = '';
  // oxlint-disable-next-line no-control-regex
  for (const [piece] of text.matchAll(/\x1b\[\d+m|./gsu)) {
    if (piece.length > 1 && piece.startsWith('\x1b')) clipped += piece;
    else if (columns < width) {
      clipped += piece;
      columns += 1;
    }
  }
  return clipped;
}

function palette(hasColors) {
  const color = (on, off) => (text) => (hasColors ? `\x1b[${on}m${text}\x1b[${off}m` : text);
  return {
    bold: color(1, 22),
    dim: color(2, 22),
    red: color(31, 39),
    green: color(32, 39),
    yellow: color(33, 39),
    blue: color(34, 39),
    magenta: color(35, 39),
    cyan: color(36, 39),
  };
}
