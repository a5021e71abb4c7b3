// What a run must show, as ratios within it. Another bar is another entry: a title, a limit, and `of(rows, results)`, which finds its
// ratio, or `undefined` where the run lacks what it compares. Those that were met with ease have been raised. One that is known not to be met says in README.md why: `isKnown`.

const stub = { workload: 'find-one', server: 'stub', concurrency: 64, maxPoolSize: 10 };
const mongod = { ...stub, server: 'mongod' };
const hundred = { ...mongod, workload: 'find-100', concurrency: 8 };
const thousand = { workload: 'open-1000', concurrency: 1000, maxPoolSize: 1000 };
const pairs = { workload: 'check-out', server: 'stub', concurrency: 1, maxPoolSize: 10 };

const rate = (row) => row.opsPerSecond.median;
const cpu = (row) => row.cpuMicrosPerOperation;
const p50 = (row) => row.p50MS;
const p99 = (row) => row.p99MS;
/** By their rates, so that one that was given up before its end counts for what it reached. */
const time = (row) => 1 / row.opsPerSecond.median;
const perConnection = (row) => row.bytesPerConnection;
const connections = (row) => row.connections;

/** `figure` of one cell, by that of another; this package's against the official driver's if nothing else is said. */
function ratio(figure, cell, other = { contender: 'mongodb' }) {
  return (rows) => divide(figure, find(rows, { contender: 'ferropool', ...cell }), find(rows, { ...cell, ...other }));
}

/** The same against whoever is best of those that have a row. */
function againstTheBest(figure, cell, best) {
  return (rows) => {
    const ratios = ['mongodb', 'minimal-js'].map((contender) => ratio(figure, cell, { contender })(rows));
    const known = ratios.filter((ratio) => ratio !== undefined);
    return known.length === 0 ? undefined : best(...known);
  };
}

export const bars = [
  { title: 'find one, 64 concurrent, stub: ops/s against mongodb', atLeast: 12, of: ratio(rate, stub) },
  { title: 'find one, 64 concurrent, stub: CPU for each against mongodb', atMost: 1 / 13, of: ratio(cpu, stub) },
  { title: 'find one, 64 concurrent, stub: ops/s against minimal-js', atLeast: 1.5, of: ratio(rate, stub, { contender: 'minimal-js' }) },
  { title: 'find one, 64 concurrent, stub: ops/s against core', atLeast: 0.72, isKnown: true, of: ratio(rate, stub, { contender: 'core' }) },
  { title: 'find one, 64 concurrent, mongod: ops/s against mongodb', atLeast: 2.5, isKnown: true, of: ratio(rate, mongod) },
  { title: 'find one, 64 concurrent, mongod: ops/s against core', atLeast: 0.9, isKnown: true, of: ratio(rate, mongod, { contender: 'core' }) },
  { title: 'find one, 1 concurrent, mongod: p50 against mongodb', atMost: 0.6, of: ratio(p50, { ...mongod, concurrency: 1 }) },
  { title: 'find 100, 8 concurrent, mongod: ops/s against mongodb', atLeast: 10, of: ratio(rate, hundred) },
  { title: 'find 100, 8 concurrent, mongod: CPU for each against mongodb', atMost: 1 / 15, of: ratio(cpu, hundred) },
  {
    title: 'find 100 mixed documents, 8 concurrent, mongod: ops/s against mongodb',
    atLeast: 7,
    of: ratio(rate, { ...hundred, workload: 'find-100-mixed' }),
  },
  { title: 'find 100 mixed documents, 8 concurrent, mongod: CPU for each against mongodb', atMost: 1 / 8, of: ratio(cpu, { ...hundred, workload: 'find-100-mixed' }) },
  ...[stub, mongod].flatMap((cell) =>
    [64, 512].map((concurrency) => ({
      title: `pool of 100 against pool of 10, ${concurrency} concurrent, ${cell.server}: ops/s`,
      atLeast: 0.95,
      of: ratio(rate, { ...cell, concurrency, maxPoolSize: 100 }, { contender: 'ferropool', maxPoolSize: 10 }),
    })),
  ),
  {
    title: "tryCheckOut and check-in: time of a pair against the official pool's internals",
    atMost: 1 / 12,
    of: ratio(time, { ...pairs, workload: 'try-check-out' }, { ...pairs, contender: 'mongodb' }),
  },
  { title: "await checkOut() and check-in: time of a pair against the official pool's internals", atMost: 1 / 5, of: ratio(time, pairs) },
  ...[stub, mongod].map((cell) => ({
    title: `all events listened to against none, ${cell.server}: ops/s`,
    atLeast: 0.85,
    isKnown: true,
    of: ratio(rate, { ...cell, workload: 'find-one-events' }, { contender: 'ferropool', workload: 'find-one' }),
  })),
  ...[stub, mongod].flatMap(({ server, maxPoolSize }) => [
    {
      title: `insertMany of 100, ${server}: ops/s against the best but core`,
      above: 1,
      of: againstTheBest(rate, { workload: 'insert-many', server, concurrency: 8, maxPoolSize }, Math.min),
    },
    {
      title: `mixed 80/20, ${server}: ops/s against the best but core`,
      above: 1,
      isKnown: server === 'mongod',
      of: againstTheBest(rate, { workload: 'mixed', server, concurrency: 64, maxPoolSize }, Math.min),
    },
    {
      title: `open loop at 8,000/s, ${server}: p99 against the best but core`,
      below: 1,
      isKnown: server === 'mongod',
      of: againstTheBest(p99, { workload: 'find-one-at-8000', server, concurrency: null, maxPoolSize }, Math.max),
    },
  ]),
  ...['stub', 'mongod'].flatMap((server) => [
    { title: `1,000 connections, ${server}: time to open against mongodb`, atMost: server === 'stub' ? 0.3 : 0.35, isKnown: server === 'mongod', of: ratio(time, { ...thousand, server }) },
    { title: `1,000 connections, ${server}: memory for each against mongodb`, atMost: 0.08, of: ratio(perConnection, { ...thousand, server }) },
  ]),
  {
    title: 'minPoolSize 100 ready, maxConnecting 10: time against mongodb',
    atMost: 1 / 500,
    of: ratio(time, { workload: 'warm-100', server: 'stub', concurrency: 100, maxPoolSize: 100 }),
  },
  ...[
    { title: 'burst of 50 on a cold pool: connections opened against mongodb', below: 1, figure: connections },
    { title: 'burst of 50 on a cold pool: time until all are served against mongodb', atMost: 0.7, figure: time },
  ].map(({ figure, ...bar }) => ({ ...bar, of: ratio(figure, { workload: 'burst-50', server: 'stub', concurrency: 50, maxPoolSize: 100 }) })),
  { title: 'guard, find one, 64 concurrent, stub: minimal-js against mongodb', atLeast: 6, of: ratio(rate, { ...stub, contender: 'minimal-js' }) },
  { title: 'guard, find one, 64 concurrent, stub: core against mongodb', atLeast: 13, of: ratio(rate, { ...stub, contender: 'core' }) },
  ...Object.entries({ SingleBench: 2.5, MultiBench: 3 }).map(([composite, atLeast]) => ({
    title: `DriverBench, ${composite}: MB/s against mongodb`,
    atLeast,
    isKnown: true,
    of: (_rows, { driverBench }) => driverBench?.[composite],
  })),
  { title: 'the addon, stripped, for one platform', atMost: 4, unit: 'MB', isKnown: true, of: (_rows, { addonBytes }) => addonBytes && addonBytes / 1e6 },
];

/** Each bar with its ratio and whether it is met; both are `null` where the run lacks what it compares. */
export function heldAgainst(results, which = bars) {
  return which.map(({ title, of, unit, isKnown, ...limit }) => {
    const [[kind, value]] = Object.entries(limit);
    const ratio = of(results.rows, results);
    const met = { atLeast: ratio >= value, atMost: ratio <= value, above: ratio > value, below: ratio < value }[kind];
    return { title, [kind]: value, ...(unit && { unit }), ...(isKnown && { isKnown }), ratio: ratio ?? null, met: ratio === undefined ? null : met };
  });
}

/** Those that a run has fallen below without anybody having said why. */
export function unexpected(held) {
  return held.filter(({ met, isKnown }) => met === false && !isKnown);
}

/** The bars as text, the unmet ones last, where they are seen. */
export function barsTable(held) {
  const order = (bar) => [true, null, false].indexOf(bar.met);
  const lines = held.toSorted((one, other) => order(one) - order(other)).map(describe);
  const width = Math.max(...lines.map(({ title }) => title.length));
  return lines.map(({ title, ratio, limit, verdict }) => `${title.padEnd(width)}  ${ratio.padStart(8)}  ${limit.padEnd(16)} ${verdict}`).join('\n');
}

/** A bar in words: `1/12.3`, `at most 1/11`, `met`. */
export function describe({ title, unit = '×', ratio, met, isKnown = false, ...limit }) {
  const [[kind, value]] = Object.entries(limit);
  const words = { atLeast: 'at least', atMost: 'at most', above: 'more than', below: 'less than' };
  // Small ratios are read as fractions.
  const show = (number) => (value < 0.3 ? `1/${trimmed(1 / number)}` : `${trimmed(number)} ${unit}`);
  return {
    title,
    ratio: ratio === null ? '-' : show(ratio),
    limit: `${words[kind]} ${show(value)}`,
    verdict: met === null ? 'not measured' : met ? 'met' : isKnown ? 'not met, as is known' : 'not met',
  };
}

function trimmed(number) {
  return String(Number(number.toPrecision(3)));
}

function find(rows, cell) {
  return rows.find((row) => Object.entries(cell).every(([key, value]) => row[key] === value));
}

function divide(figure, row, other) {
  const [one, against] = [row && figure(row), other && figure(other)];
  return one > 0 && against > 0 ? one / against : undefined;
}
