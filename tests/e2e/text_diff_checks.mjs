// The differences marked in the report, against a table of edit distances: both texts can be put together again from the
// pieces, and no shorter list of differences exists.
import assert from 'node:assert';
import {differences, myers} from '../../coordinator/web/src/text_diff.js';

function distance(a, b) {  // insertions and deletions only
  let row = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; ++i) {
    const next = [i];
    for (let j = 1; j <= b.length; ++j) next.push(a[i - 1] === b[j - 1] ? row[j - 1] : 1 + Math.min(row[j], next[j - 1]));
    row = next;
  }
  return row[b.length];
}

let seed = 12345;
const random = (below) => { seed = (Math.imul(seed, 1103515245) + 12345) >>> 0; return (seed >>> 8) % below; };
for (let round = 0; round < 3000; ++round) {
  const a = Array.from({length: random(12)}, () => 'abc'[random(3)]);
  const b = Array.from({length: random(12)}, () => 'abc'[random(3)]);
  const runs = myers(a, b);
  const of = (...kinds) => runs.filter((run) => kinds.includes(run.kind)).flatMap((run) => run.items);
  assert.deepEqual(of('same', 'less'), a);
  assert.deepEqual(of('same', 'more'), b);
  assert.equal(of('less', 'more').length, distance(a, b), `${a.join('')} ${b.join('')}`);
}
const pieces = differences('the cat sat', 'the cot sat down');
const text = (...kinds) => pieces.filter((piece) => kinds.includes(piece.kind)).map((piece) => piece.text).join('').trim();
assert.equal(text('same', 'less'), 'the cat sat');
assert.equal(text('same', 'more'), 'the cot sat down');
assert.deepEqual(pieces.filter((piece) => piece.kind === 'less'), [{kind: 'less', text: 'a'}]);
assert.equal(myers(Array.from({length: 5000}, (_, i) => i), Array.from({length: 5000}, (_, i) => -1 - i)), null, 'unbounded work');
console.log('ok');
