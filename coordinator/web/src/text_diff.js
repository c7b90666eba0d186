// What a reading has wrong against the ground truth: words by Myers' greedy algorithm, bounded; then the letters of
// words that were misread one for one.

function tokens(text) { return text.match(/\S+/gu) ?? []; }

/** Runs of {kind: 'same' | 'less' | 'more', items}; less = only in a, more = only in b. null when too different. */
export function myers(a, b, limit = 3000) {
  const n = a.length;
  const m = b.length;
  const most = Math.min(n + m, limit);
  const size = 2 * most + 3;
  let v = new Int32Array(size);
  const trace = [];
  const middle = most + 1;
  for (let d = 0; d <= most; ++d) {
    trace.push(v.slice(middle - d - 1, middle + d + 2));
    for (let k = -d; k <= d; k += 2) {
      let x = k === -d || (k !== d && v[middle + k - 1] < v[middle + k + 1]) ? v[middle + k + 1] : v[middle + k - 1] + 1;
      let y = x - k;
      while (x < n && y < m && a[x] === b[y]) { ++x; ++y; }
      v[middle + k] = x;
      if (x >= n && y >= m) return walkBack(a, b, trace, d);
    }
  }
  return null;
}

function walkBack(a, b, trace, last) {
  const steps = [];
  let x = a.length;
  let y = b.length;
  for (let d = last; d > 0; --d) {
    const v = trace[d];  // index d + 1 is diagonal 0
    const at = (k) => v[k + d + 1];
    const k = x - y;
    const before = k === -d || (k !== d && at(k - 1) < at(k + 1)) ? k + 1 : k - 1;
    const px = at(before);
    const py = px - before;
    while (x > px && y > py) steps.push(['same', a[--x], --y]);
    if (x === px) steps.push(['more', b[--y]]);
    else steps.push(['less', a[--x]]);
  }
  while (x > 0 && y > 0) steps.push(['same', a[--x], --y]);
  const runs = [];
  for (const [kind, item] of steps.reverse()) {
    if (runs.length === 0 || runs[runs.length - 1].kind !== kind) runs.push({kind, items: []});
    runs[runs.length - 1].items.push(item);
  }
  return runs;
}

/** Pieces {kind, text} of the reading as it stands beside the truth; null when they have too little in common. */
export function differences(truth, reading) {
  const runs = myers(tokens(truth), tokens(reading));
  if (!runs) return null;
  const pieces = [];
  for (let i = 0; i < runs.length; ++i) {
    const run = runs[i];
    const next = runs[i + 1];
    const pair = next && run.kind !== 'same' && next.kind !== 'same' && run.items.length === next.items.length;
    if (pair) {
      const [less, more] = run.kind === 'less' ? [run, next] : [next, run];
      less.items.forEach((word, at) => pieces.push(...letters(word, more.items[at]), {kind: 'same', text: ' '}));
      ++i;
    } else {
      pieces.push({kind: run.kind, text: run.items.join(' ')}, {kind: 'same', text: ' '});
    }
  }
  return pieces;
}

function letters(word, read) {
  const runs = myers([...word], [...read], 60);
  if (!runs || !runs.some((run) => run.kind === 'same')) return [{kind: 'less', text: word}, {kind: 'more', text: read}];
  return runs.map((run) => ({kind: run.kind, text: run.items.join('')}));
}
