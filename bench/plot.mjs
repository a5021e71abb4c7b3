// Horizontal bars as SVG: a line for each contender, its name, its bar and its figure.

const width = 340;
const lineHeight = 20;
const labels = 78;
const figures = 62;
const widest = width - labels - figures;

/** `bars` have a `label`, a `value`, perhaps the `range` it is the median of, and are the page's `own` or others'. */
export function plot({ title, bars }) {
  const most = Math.max(...bars.map(({ value, range }) => Math.max(value, range?.max ?? 0)));
  const height = lineHeight * (bars.length + 1);
  const summary = bars.map(({ label, value }) => `${label} ${short(value)}`).join(', ');
  const lines = bars.map((bar, index) => line(bar, lineHeight * (index + 1), most));
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}: ${summary}"><text class="title" x="0" y="14">${title}</text>${lines.join('')}</svg>`;
}

function line({ label, value, range, own }, top, most) {
  const at = (value) => (labels + (most > 0 ? (value / most) * widest : 0)).toFixed(1);
  const middle = top + lineHeight / 2;
  const length = Math.max(0.5, at(value) - labels).toFixed(1);
  return [
    `<text x="0" y="${middle + 4}">${label}</text>`,
    `<rect class="bar${own ? ' own' : ''}" x="${labels}" y="${top + 3}" width="${length}" height="${lineHeight - 6}" rx="2"/>`,
    range ? `<line class="range" x1="${at(range.min)}" x2="${at(range.max)}" y1="${middle}" y2="${middle}"/>` : '',
    `<text x="${width}" y="${middle + 4}" text-anchor="end">${short(value)}</text>`,
  ].join('');
}

/** Three digits, with thousands as `k`. */
export function short(value) {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toPrecision(3))} M`;
  if (value >= 1_000) return `${Number((value / 1_000).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}
