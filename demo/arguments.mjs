// What `npm start` may be asked for. Imports nothing but Node's own modules: it is read before anything is built.

import { parseArgs } from 'node:util';

const counts = {
  seconds: { fallback: 10, most: 3600 },
  concurrency: { fallback: 64, most: 10_000 },
  pool: { fallback: 10, most: 1000 },
};

const help = `Usage: npm start -- [options]

Runs a workload through a MongoClient and shows what its connection pool does.

  --seconds N       how long, 1 to ${counts.seconds.most} (default ${counts.seconds.fallback})
  --concurrency N   callers at a time, 1 to ${counts.concurrency.most} (default ${counts.concurrency.fallback})
  --pool N          maxPoolSize, 1 to ${counts.pool.most} (default ${counts.pool.fallback})
  --lane NAME       which lane carries the connections: auto, event-loop or tokio (default auto)
  --plain           a line each second instead of the live view; so it is where the output is no terminal
  --help            print this

Environment:

  MONGODB_URI       a deployment to use instead of the embedded server. It is only read from, and nothing is made to fail
  NO_COLOR          no colours

Ctrl-C ends the workload early. The exit code is 0 if every command succeeded, 1 if not, 2 for wrong options.`;

/** Options that are not what they may be; the text names them. */
class UsageError extends Error {}

/** @returns {{ seconds: number, concurrency: number, pool: number, lane: string, plain: boolean }} */
export function parse(args) {
  const { help: _help, lane, plain, ...numbers } = split(args);
  if (!['auto', 'event-loop', 'tokio'].includes(lane)) {
    throw new UsageError(`--lane must be auto, event-loop or tokio, not '${lane}'`);
  }
  return { ...mapValues(numbers, count), lane, plain };
}

/**
 * What there is to say instead of running: help, or what is wrong.
 *
 * @returns {{ text: string, code: number } | undefined}
 */
export function answer(args) {
  try {
    if (split(args).help) return { text: help, code: 0 };
    parse(args);
    return undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { text: `${error.message}\nnpm start -- --help lists the options`, code: 2 };
  }
}

function split(args) {
  const number = ([name, { fallback }]) => [name, { type: 'string', default: String(fallback) }];
  const options = {
    ...Object.fromEntries(Object.entries(counts).map(number)),
    lane: { type: 'string', default: 'auto' },
    plain: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  };
  try {
    return { ...parseArgs({ args, options }).values };
  } catch (error) {
    // Its first sentence names the argument; what follows is about arguments that begin with a dash.
    throw new UsageError(error.message.split('. ')[0], { cause: error });
  }
}

function count(name, text) {
  const { most } = counts[name];
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= most)) {
    throw new UsageError(`--${name} must be a whole number from 1 to ${most}, not '${text}'`);
  }
  return value;
}

function mapValues(object, map) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(name, value)]));
}
