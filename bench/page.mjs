// Results as a page of its own: nothing is loaded from anywhere, plots are inline SVG.

import { describe } from './bars.mjs';
import { plot } from './plot.mjs';

const style = `
  :root { color-scheme: light dark; --ground: #fbfbfa; --card: #fff; --ink: #1d2226; --soft: #59636b; --line: #dfe3e6; --own: #c2410c; --other: #8b98a3; --good: #15803d; --bad: #b91c1c; }
  @media (prefers-color-scheme: dark) {
    :root { --ground: #14171a; --card: #1c2125; --ink: #e6eaed; --soft: #9aa5ad; --line: #333b41; --own: #f97316; --other: #66737d; --good: #4ade80; --bad: #f87171; }
  }
  * { box-sizing: border-box; }
  body { margin: 0 auto; max-width: 76rem; padding: 1rem; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
  h1 { margin: 0.5rem 0; font-size: 1.6rem; }
  h2 { margin: 2.5rem 0 0.75rem; font-size: 1.2rem; }
  p, dl, figcaption small { color: var(--soft); }
  dl { display: grid; grid-template-columns: auto 1fr; gap: 0.15rem 1rem; font-size: 0.9rem; }
  dd { margin: 0; color: var(--ink); }
  table { width: 100%; border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
  th, td { padding: 0.3rem 0.5rem 0.3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
  td + td { white-space: nowrap; }
  .met { color: var(--good); }
  .unmet { color: var(--bad); font-weight: 600; }
  @media (max-width: 40rem) {
    #bars thead { display: none; }
    #bars tr { display: grid; grid-template-columns: 5rem 1fr auto; border-bottom: 1px solid var(--line); padding: 0.4rem 0; }
    #bars td { border: 0; padding: 0; }
    #bars td:first-child { grid-column: 1 / -1; }
  }
  .plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 1rem; }
  figure { margin: 0; padding: 0.9rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; }
  figcaption { font-weight: 600; line-height: 1.3; }
  figcaption small { display: block; font-weight: 400; }
  svg { display: block; width: 100%; height: auto; margin-top: 0.5rem; font: 12px system-ui, sans-serif; }
  svg text { fill: var(--ink); }
  svg .title { fill: var(--soft); }
  svg .bar { fill: var(--other); }
  svg .bar.own { fill: var(--own); }
  svg .range { stroke: var(--ink); stroke-width: 1; }
  .rows { overflow-x: auto; }
  .rows td { white-space: nowrap; }
`;

/** What a plot shows of each row; `spread` of those that have one. Whatever no row has is left out. */
const measures = [
  { title: 'operations a second', of: ({ opsPerSecond, connections }) => (connections === undefined ? opsPerSecond.median : undefined), spread: (row) => row.opsPerSecond },
  { title: 'ready after, ms', of: (row) => row.readyMS?.median, spread: (row) => row.readyMS },
  { title: 'connections a second', of: ({ opsPerSecond, connections, readyMS }) => (connections !== undefined && !readyMS ? opsPerSecond.median : undefined) },
  { title: 'connections', of: ({ connections }) => connections },
  { title: 'memory for each, KB', of: ({ bytesPerConnection }) => bytesPerConnection && bytesPerConnection / 1024 },
  { title: 'CPU for each, µs', of: (row) => row.cpuMicrosPerOperation ?? undefined },
  { title: 'p50, ms', of: ({ p50MS, connections }) => (connections === undefined ? p50MS : undefined) },
  { title: 'p99, ms', of: ({ p99MS, connections }) => (connections === undefined ? p99MS : undefined) },
];

/** The page of a run, from what `latest.json` has. */
export function page(results) {
  const { rows, bars = [] } = results;
  const servers = [...new Set(rows.map(({ server }) => server))];
  const title = 'ferropool: bench';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<h1>${title}</h1>
<p>Each figure is the median of a run's rounds; thin lines go from the least to the most. Contenders took turns in processes of their own, in random order.</p>
${facts(results)}
${bars.length > 0 ? verdicts(bars) : ''}
${servers.map((server) => plots(server, rows.filter((row) => row.server === server))).join('\n')}
${everything(rows)}
</body>
</html>
`;
}

function facts({ date, plan, machine, versions }) {
  const { ferropool, commit, node, ...others } = versions;
  const about = {
    run: `${plan}, ${date.replace('T', ' ').slice(0, 16)} UTC`,
    machine: `${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GB, ${machine.platform}`,
    'load before': machine.loadAverage,
    versions: Object.entries({ ferropool: commit ? `${ferropool} (${commit})` : ferropool, 'Node.js': node.slice(1), ...others })
      .map((pair) => pair.join(' '))
      .join(', '),
  };
  return `<dl>${Object.entries(about).map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>`;
}

function verdicts(bars) {
  const line = (bar) => {
    const { title, ratio, limit, verdict } = describe(bar);
    const kind = { true: 'met', false: 'unmet', null: 'open' }[String(bar.met)];
    return `<tr><td>${escaped(title)}</td><td>${escaped(ratio)}</td><td>${escaped(limit)}</td><td class="${kind}">${escaped(verdict)}</td></tr>`;
  };
  const measured = bars.filter(({ met }) => met !== null);
  const met = measured.filter(({ met }) => met);
  return `<section id="bars"><h2>What it must show</h2><p>${met.length} of ${measured.length} that were measured are met.</p>
<table><thead><tr><th>ratio</th><th>is</th><th>wanted</th><th></th></tr></thead><tbody>${bars.map(line).join('\n')}</tbody></table></section>`;
}

function plots(server, rows) {
  const cells = new Map();
  for (const row of rows) cells.set(cellOf(row), [...(cells.get(cellOf(row)) ?? []), row]);
  return `<section><h2>On ${escaped(server)}</h2><div class="plots">${[...cells.values()].map(figure).join('\n')}</div></section>`;
}

function figure(rows) {
  const [{ workload, concurrency, maxPoolSize }] = rows;
  const load = concurrency === null ? 'open loop' : `${concurrency} concurrent`;
  const shown = measures
    .map(({ title, of, spread }) => ({
      title,
      bars: rows
        .map((row) => ({ label: row.contender, value: of(row), range: spread?.(row), own: row.contender === 'ferropool' }))
        .filter(({ value }) => typeof value === 'number'),
    }))
    .filter(({ bars }) => bars.length > 0);
  return `<figure><figcaption>${escaped(workload)}<small>${load}, pool of ${maxPoolSize}</small></figcaption>${shown.map(plot).join('')}</figure>`;
}

function everything(rows) {
  const columns = ['workload', 'server', 'concurrency', 'maxPoolSize', 'contender', 'opsPerSecond', 'p50MS', 'p99MS', 'cpuMicrosPerOperation', 'serverCpuPercent'];
  const cell = (value) => escaped(value?.median ?? value ?? '-');
  const line = (row) => `<tr>${columns.map((column) => `<td>${cell(row[column])}</td>`).join('')}</tr>`;
  const head = columns.map((column) => `<th>${column}</th>`).join('');
  return `<details><summary>All rows</summary><div class="rows"><table><thead><tr>${head}</tr></thead><tbody>${rows.map(line).join('\n')}</tbody></table></div></details>`;
}

function cellOf({ workload, concurrency, maxPoolSize }) {
  return [workload, concurrency, maxPoolSize].join();
}

function escaped(value) {
  return String(value).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
