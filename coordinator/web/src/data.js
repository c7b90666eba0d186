// The report's JSON (coordinator/io/report*.cpp) with what every section asks of it.
export function load(json) {
  const data = {...json};
  const rows = data.points.rank.length;
  data.rows = rows;
  data.pointOf = (row) => row - 1;
  data.rowOf = (point) => point + 1;
  data.pointName = (row) => (row === 0 ? 'untouched' : `point ${row - 1}`);

  const bytes = Uint8Array.from(atob(data.matrix.cells), (c) => c.charCodeAt(0));
  const steps = new Uint16Array(bytes.length / 2);
  for (let i = 0; i < steps.length; ++i) steps[i] = bytes[2 * i] | (bytes[2 * i + 1] << 8);
  const {low, high} = data.matrix;
  /** The objective of a page at a row of the ranking, or null. */
  data.cell = (page, row) => {
    const step = steps[page * rows + row];
    return step === 65535 ? null : low + ((high - low) * step) / 65534;
  };

  /** Rows with a rank, best first; equal ranks by point. */
  data.ranked = [...Array(rows).keys()].filter((row) => data.points.rank[row] !== null)
    .sort((a, b) => data.points.rank[a] - data.points.rank[b] || a - b);
  data.bestSetting = data.ranked.find((row) => row > 0) ?? null;

  data.value = (row, factor) => (row === 0 ? null : data.points.values[factor][row]);
  data.scoreNames = Object.keys(data.points.means);
  data.measures = {objective: data.points.objective, ...data.points.means, elapsed_ms: data.points.elapsed_ms};
  return data;
}

const less = new Set(['cer', 'wer', 'elapsed_ms']);
/** Whether a smaller number is the better one. */
export const lessIsBetter = (measure) => less.has(measure);

/** Rows that no other row beats on both measures, in the order of the first. */
export function paretoFront(rows, x, y, xLess, yLess) {
  const sx = xLess ? 1 : -1;
  const sy = yLess ? 1 : -1;
  const sorted = [...rows].sort((a, b) => sx * (x[a] - x[b]) || sy * (y[a] - y[b]));
  const front = [];
  let best = Infinity;
  for (const row of sorted) {
    if (sy * y[row] < best) {
      best = sy * y[row];
      front.push(row);
    }
  }
  return front;
}
