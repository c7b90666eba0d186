import {axis, chart, tooltip} from '../charts.js';
import {choice, el, section} from '../dom.js';
import {number, percent} from '../format.js';
import {colours, rampColours} from '../theme.js';

export function interactions(data) {
  const found = data.analysis?.interactions;
  if (!found) return null;
  const quality = found.q2 === null ? '' : ` It predicts settings it has not seen with Q² = ${number(found.q2, 2)}.`;
  const hint = `A random forest stands in for the screening and is asked for settings that were not tried.${quality}`;
  if (found.pairs.length === 0) return section('interactions', 'Interactions', hint, el('p', {class: 'notice'}, found.why_empty || 'No two factors work together.'));
  const name = (at) => data.analysis.factors[at].name;
  let at = 0;
  const one = chart('interactions', 'objective by two factors', () => {
    const c = colours();
    const pair = found.pairs[at];
    const cells = pair.grid.flatMap((row, i) => row.map((value, j) => [i, j, value]));
    const values = cells.map((cell) => cell[2]);
    const phone = one.box.clientWidth < 600;
    return {
      grid: {left: phone ? 70 : 90, right: 20, top: 10, bottom: 100},
      tooltip: tooltip((item) => `${name(pair.a)} ${pair.a_labels[item.value[0]]}\n${name(pair.b)} ${pair.b_labels[item.value[1]]}\nobjective ${number(item.value[2])}`),
      xAxis: axis(name(pair.a), {type: 'category', data: pair.a_labels, splitLine: {show: false}}),
      yAxis: axis(name(pair.b), {type: 'category', data: pair.b_labels, splitLine: {show: false}, nameGap: phone ? 52 : 70}),
      visualMap: {min: Math.min(...values), max: Math.max(...values), calculable: true, orient: 'horizontal', left: 'center', bottom: 6, precision: 4,
        inRange: {color: rampColours('viridis')}, textStyle: {color: c.soft}},
      series: [{type: 'heatmap', data: cells}],
    };
  });
  return section('interactions', 'Interactions', `${hint} Shown is its objective for two factors at once, the others averaged.`,
    el('div', {class: 'controls'}, choice('Pair', found.pairs.map((pair, i) => [i, `${name(pair.a)} × ${name(pair.b)} (${percent(pair.strength)})`]), 0,
      (value) => { at = Number(value); one.update(); })), one.box);
}
