// The results as text: a line for each cell and contender, ratios against the official driver.

const rates = [
  ['contender', 12, -1],
  ['ops/s', 10],
  ['min', 10],
  ['max', 10],
  ['p50 ms', 9],
  ['p99 ms', 9],
  ['CPU µs/op', 10],
  ['server %', 9],
  ['p99/p50', 8],
  ['ops ×', 8],
  ['CPU 1/×', 8],
];

/** Of connections that are opened: how many in how long, how late the event loop was, what each cost and takes. */
const openings = [
  ['contender', 12, -1],
  ['opened', 7],
  ['ready ms', 9],
  ['min', 7],
  ['max', 7],
  ['delay ms', 9],
  ['min', 7],
  ['max', 7],
  ['JS µs/op', 9],
  ['CPU µs/op', 10],
  ['server %', 9],
  ['KB each', 8],
  ['ops ×', 8],
  ['delay 1/×', 10],
  ['JS 1/×', 8],
  ['CPU 1/×', 8],
  ['KB 1/×', 8],
];

/** The printed form of the rows of one run. */
export function table(rows) {
  const lines = [];
  for (const cell of cells(rows)) {
    const [{ workload, server, concurrency, maxPoolSize }] = cell;
    const official = cell.find(({ contender }) => contender === 'mongodb') ?? officialCheckOut(rows, cell[0]);
    const load = concurrency === null ? '' : `, ${concurrency} concurrent`;
    lines.push('', `${workload} on ${server}${load}, pool of ${maxPoolSize}`);
    const [columns, describe] = cell[0].connections !== undefined ? [openings, describeOpening] : [rates, describeRate];
    for (const values of [columns.map(([title]) => title), ...cell.map((row) => describe(row, official))]) {
      lines.push(line(values, columns));
    }
  }
  return lines.join('\n');
}

/** The official driver has no check-out that does not wait; what it has instead is what one is held against. */
function officialCheckOut(rows, { workload, server, maxPoolSize }) {
  if (workload !== 'try-check-out') return undefined;
  return rows.find(
    (row) =>
      row.workload === 'check-out' && row.contender === 'mongodb' && row.server === server && row.maxPoolSize === maxPoolSize,
  );
}

function cells(rows) {
  const cells = new Map();
  for (const row of rows) {
    const key = [row.workload, row.server, row.concurrency, row.maxPoolSize].join();
    cells.set(key, [...(cells.get(key) ?? []), row]);
  }
  return cells.values();
}

function describeRate(row, official) {
  const { median, min, max } = row.opsPerSecond;
  return [
    row.contender,
    whole(median),
    whole(min),
    whole(max),
    row.p50MS.toPrecision(3),
    row.p99MS.toPrecision(3),
    row.cpuMicrosPerOperation?.toFixed(2) ?? '-',
    row.serverCpuPercent?.toFixed(0) ?? '-',
    ratio(row.p99MS, row.p50MS),
    ratio(median, official?.opsPerSecond.median),
    ratio(official?.cpuMicrosPerOperation, row.cpuMicrosPerOperation),
  ];
}

function describeOpening(row, official) {
  const { opsPerSecond, readyMS, longestDelayMS: delay, threadCpuMicrosPerOperation, cpuMicrosPerOperation } = row;
  return [
    row.contender,
    whole(row.connections),
    // One that was given up is as fast as its rate says.
    ...['median', 'min', 'max'].map((which) => (readyMS ? whole(readyMS[which]) : '-')),
    ...['median', 'min', 'max'].map((which) => delay?.[which].toFixed(1) ?? '-'),
    threadCpuMicrosPerOperation === null ? '-' : whole(threadCpuMicrosPerOperation),
    whole(cpuMicrosPerOperation),
    row.serverCpuPercent?.toFixed(0) ?? '-',
    row.bytesPerConnection === undefined ? '-' : (row.bytesPerConnection / 1024).toFixed(1),
    ratio(opsPerSecond.median, official?.opsPerSecond.median),
    ratio(official?.longestDelayMS?.median, delay?.median),
    ratio(official?.threadCpuMicrosPerOperation, threadCpuMicrosPerOperation),
    ratio(official?.cpuMicrosPerOperation, cpuMicrosPerOperation),
    ratio(official?.bytesPerConnection, row.bytesPerConnection),
  ];
}

/** A dash where one of them is not known. */
function ratio(one, other) {
  return one && other ? (one / other).toFixed(2) : '-';
}

function whole(number) {
  return Math.round(number).toLocaleString('en-US');
}

function line(values, columns) {
  const cell = (value, [, width, align]) => (align === -1 ? value.padEnd(width) : value.padStart(width));
  return `  ${values.map((value, index) => cell(value, columns[index])).join(' ')}`;
}
