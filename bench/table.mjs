// The results as text: a line for each cell and contender, ratios against the official driver.

const columns = [
  ['contender', 12, -1],
  ['ops/s', 10],
  ['min', 10],
  ['max', 10],
  ['p50 ms', 9],
  ['p99 ms', 9],
  ['CPU µs/op', 10],
  ['server %', 9],
  ['ops ×', 8],
  ['CPU 1/×', 8],
];

/** The printed form of the rows of one run. */
export function table(rows) {
  const lines = [];
  for (const cell of cells(rows)) {
    const [{ workload, server, concurrency, maxPoolSize }] = cell;
    const official = cell.find(({ contender }) => contender === 'mongodb') ?? officialCheckOut(rows, cell[0]);
    lines.push('', `${workload} on ${server}, ${concurrency} concurrent, pool of ${maxPoolSize}`);
    lines.push(line(columns.map(([title]) => title)));
    for (const row of cell) lines.push(line(describe(row, official)));
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

function describe(row, official) {
  const { median, min, max } = row.opsPerSecond;
  return [
    row.contender,
    whole(median),
    whole(min),
    whole(max),
    row.p50MS.toPrecision(3),
    row.p99MS.toPrecision(3),
    row.cpuMicrosPerOperation.toFixed(2),
    row.serverCpuPercent === null ? '-' : row.serverCpuPercent.toFixed(0),
    official ? (median / official.opsPerSecond.median).toFixed(2) : '-',
    official ? (official.cpuMicrosPerOperation / row.cpuMicrosPerOperation).toFixed(2) : '-',
  ];
}

function whole(number) {
  return Math.round(number).toLocaleString('en-US');
}

function line(values) {
  const cell = (value, [, width, align]) => (align === -1 ? value.padEnd(width) : value.padStart(width));
  return `  ${values.map((value, index) => cell(value, columns[index])).join(' ')}`;
}
