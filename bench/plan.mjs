// What is measured. A group is what contenders' processes are started for; a cell is one workload at one concurrency.

const contenders = ['ferropool', 'mongodb', 'minimal-js', 'core'];
const clients = ['ferropool', 'mongodb'];

/** What `--quick` leaves out. */
const fullOnly = { fullOnly: true };

const commands = [
  { workload: 'ping', concurrency: 1, ...fullOnly },
  { workload: 'ping', concurrency: 8, ...fullOnly },
  { workload: 'ping', concurrency: 64, ...fullOnly },
  { workload: 'find-one', concurrency: 1 },
  { workload: 'find-one', concurrency: 8, ...fullOnly },
  { workload: 'find-one', concurrency: 64 },
  { workload: 'find-one', concurrency: 512 },
  { workload: 'find-one', concurrency: 64, events: true },
  { workload: 'find-one', concurrency: null, rate: 2_000, ...fullOnly },
  { workload: 'find-one', concurrency: null, rate: 8_000 },
  { workload: 'find-100', concurrency: 1, ...fullOnly },
  { workload: 'find-100', concurrency: 8 },
  { workload: 'find-100', concurrency: 64, ...fullOnly },
  { workload: 'find-100-mixed', concurrency: 8, ...fullOnly },
  { workload: 'insert-one', concurrency: 64, ...fullOnly },
  { workload: 'insert-many', concurrency: 8, ...fullOnly },
  { workload: 'mixed', concurrency: 64 },
];

/** A check-out and a check-in: with a connection available, and with fifty times as many who want one as there are. */
const checkOuts = [
  { workload: 'try-check-out', concurrency: 1 },
  { workload: 'check-out', concurrency: 1 },
  { workload: 'check-out-wait', concurrency: 512 },
];

const largePool = [
  { workload: 'find-one', concurrency: 64, ...fullOnly },
  { workload: 'find-one', concurrency: 512, ...fullOnly },
];

/**
 * Connections that are opened: by check-outs that keep them, by the population of `minPoolSize`, or as many as it takes for a burst of
 * requests. `busy`: on an event loop that is busy 80 % of the time. `memory`: what each connection takes is measured as well.
 */
const openings = [
  { server: 'stub', maxPoolSize: 100, cells: [{ workload: 'open-100', by: 'check-outs', memory: true, ...fullOnly }] },
  { server: 'stub', maxPoolSize: 100, cells: [{ workload: 'warm-100', by: 'minPoolSize' }] },
  { server: 'stub', maxPoolSize: 1000, cells: [{ workload: 'open-1000', by: 'check-outs', memory: true }] },
  { server: 'mongod', maxPoolSize: 1000, cells: [{ workload: 'open-1000', by: 'check-outs', memory: true }] },
  { server: 'mongod', tls: true, maxPoolSize: 1000, cells: [{ workload: 'open-1000-tls', by: 'check-outs', memory: true, ...fullOnly }] },
  { server: 'mongod', maxPoolSize: 100, cells: [{ workload: 'warm-100', by: 'minPoolSize', ...fullOnly }] },
  { server: 'stub', delayed: true, maxPoolSize: 100, cells: [{ workload: 'burst-50', by: 'burst', requests: 50 }] },
  {
    server: 'mongod',
    tls: true,
    auth: true,
    maxPoolSize: 200,
    cells: [
      { workload: 'open-200-busy', by: 'check-outs', busy: true, ...fullOnly },
      { workload: 'open-200-busy-populate', by: 'minPoolSize', busy: true, ...fullOnly },
    ],
  },
].map(({ cells, ...group }) => ({
  ...group,
  opening: true,
  contenders: clients,
  cells: cells.map((cell) => ({ ...cell, concurrency: cell.requests ?? group.maxPoolSize })),
}));

const groups = [
  { server: 'stub', maxPoolSize: 10, contenders, cells: [...commands, ...checkOuts] },
  { server: 'stub', maxPoolSize: 100, contenders, cells: largePool },
  { server: 'mongod', maxPoolSize: 10, contenders, cells: commands },
  { server: 'mongod', maxPoolSize: 100, contenders, cells: largePool },
  { server: 'mongod', tls: true, maxPoolSize: 10, contenders, cells: [{ workload: 'find-one', concurrency: 64, ...fullOnly }] },
  ...openings,
];

/** A minute: what a change is likely to show in. The official driver's population would take longer by itself, so it is not waited for to the end. */
export const quick = {
  groups: groups.map((group) => ({ ...group, cells: group.cells.filter((cell) => !cell.fullOnly) })),
  sets: 1,
  rounds: 2,
  openingRounds: 1,
  milliseconds: 100,
  openLoopMS: 200,
  settleMS: 30,
  warmUp: { stepMS: 100, limitMS: 3_000, operations: 3_000 },
  openingLimitMS: { 'check-outs': 20_000, minPoolSize: 2_000, burst: 20_000 },
};

/** A quarter of an hour, for figures that are quoted: several sets of processes, since the same code is not always compiled in the same way. */
export const full = {
  groups,
  sets: 2,
  rounds: 3,
  openingRounds: 3,
  milliseconds: 300,
  // Of 300 the 99th percentile is whether one stall falls into them.
  openLoopMS: 1_000,
  settleMS: 60,
  warmUp: { stepMS: 150, limitMS: 8_000, operations: 5_000 },
  openingLimitMS: { 'check-outs': 60_000, minPoolSize: 15_000, burst: 20_000 },
};
