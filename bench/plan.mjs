// What is measured. A group is what contenders' processes are started for; a cell is one workload at one concurrency.

const contenders = ['ferropool', 'mongodb', 'minimal-js', 'core'];

const commands = [
  { workload: 'ping', concurrency: 1 },
  { workload: 'ping', concurrency: 8 },
  { workload: 'ping', concurrency: 64 },
  { workload: 'find-one', concurrency: 1 },
  { workload: 'find-one', concurrency: 8 },
  { workload: 'find-one', concurrency: 64 },
  { workload: 'find-one', concurrency: 512 },
  { workload: 'find-100', concurrency: 1 },
  { workload: 'find-100', concurrency: 8 },
  { workload: 'find-100', concurrency: 64 },
];

/** A check-out and a check-in, with a connection available. */
const checkOuts = [
  { workload: 'try-check-out', concurrency: 1 },
  { workload: 'check-out', concurrency: 1 },
];

const largePool = [{ workload: 'find-one', concurrency: 64 }];

/**
 * Connections with TLS and SCRAM-SHA-256, opened on an event loop that is busy 80 % of the time: by check-outs that keep them, and by
 * the population of `minPoolSize`.
 */
const opening = {
  opening: true,
  server: 'mongod',
  tls: true,
  auth: true,
  maxPoolSize: 200,
  contenders: ['ferropool', 'mongodb'],
  cells: [
    { workload: 'open-200-busy', concurrency: 200, by: 'check-outs' },
    { workload: 'open-200-busy-populate', concurrency: 200, by: 'minPoolSize' },
  ],
};

const groups = [
  { server: 'stub', maxPoolSize: 10, contenders, cells: [...commands, ...checkOuts] },
  { server: 'stub', maxPoolSize: 100, contenders, cells: largePool },
  { server: 'mongod', maxPoolSize: 10, contenders, cells: commands },
  { server: 'mongod', maxPoolSize: 100, contenders, cells: largePool },
  { server: 'mongod', tls: true, maxPoolSize: 10, contenders, cells: [{ workload: 'find-one', concurrency: 64 }] },
  opening,
];

/** A minute or two. The official driver's population would take longer by itself, so it is not waited for to the end. */
export const quick = {
  groups,
  sets: 1,
  rounds: 3,
  milliseconds: 180,
  warmUpMS: 4000,
  openingLimitMS: { 'check-outs': 20_000, minPoolSize: 2_000 },
};

/** For figures that are quoted: several sets of processes, since the same code is not always compiled in the same way. */
export const full = {
  groups,
  sets: 3,
  rounds: 5,
  milliseconds: 800,
  warmUpMS: 8000,
  openingLimitMS: { 'check-outs': 60_000, minPoolSize: 120_000 },
};
