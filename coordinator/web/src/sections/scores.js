import {axis, chart, tooltip} from '../charts.js';
import {lessIsBetter, paretoFront} from '../data.js';
import {choice, el, section} from '../dom.js';
import {number} from '../format.js';
import {colours, palette} from '../theme.js';

const titles = {elapsed_ms: 'time per evaluation (ms)'};

export function scores(data) {
  const names = Object.keys(data.measures).filter((name) => data.measures[name].some((value) => value !== null));
  if (names.length < 2) return null;
  const title = (name) => titles[name] ?? name;
  let x = names.includes('cer') ? 'confidence' : 'confidence';
  let y = names.includes('cer') ? 'cer' : names.includes('text_yield') ? 'text_yield' : names[0];
  const one = chart('scores', 'score against score', () => {
    const c = colours();
    const xs = data.measures[x];
    const ys = data.measures[y];
    const rows = [...Array(data.rows).keys()].filter((row) => xs[row] !== null && ys[row] !== null);
    const front = paretoFront(rows, xs, ys, lessIsBetter(x), lessIsBetter(y));
    const dot = (row) => [xs[row], ys[row], row];
    const arrow = (name) => `${title(name)} (${lessIsBetter(name) ? 'less' : 'more'} is better)`;
    return {
      grid: {left: 70, right: 24, top: 40, bottom: 50},
      legend: {top: 4, textStyle: {color: c.soft}},
      tooltip: tooltip((item) => {
        const row = item.value[2];
        return `${data.pointName(row)}\n${title(x)} ${number(xs[row])}\n${title(y)} ${number(ys[row])}\nrank ${data.points.rank[row] ?? '–'}`;
      }),
      dataZoom: [{type: 'inside', xAxisIndex: 0}, {type: 'inside', yAxisIndex: 0}],
      xAxis: axis(arrow(x), {type: 'value'}),
      yAxis: axis(arrow(y), {type: 'value', nameGap: 50}),
      series: [
        {name: 'settings', type: 'scatter', symbolSize: 5, itemStyle: {opacity: .45}, large: rows.length > 4000, data: rows.filter((row) => row > 0).map(dot)},
        {name: 'Pareto front', type: 'line', step: false, symbolSize: 8, lineStyle: {width: 1.5, type: 'dashed'}, itemStyle: {color: palette()[1]}, data: front.map(dot)},
        {name: 'untouched', type: 'scatter', symbol: 'diamond', symbolSize: 15, itemStyle: {color: palette()[4]}, data: rows.includes(0) ? [dot(0)] : []},
      ],
    };
  });
  const options = names.map((name) => [name, title(name)]);
  return section('scores', 'Score against score',
    'Page means of each setting. The dashed line joins the settings that no other beats on both (Pareto front). Wheel or pinch zooms.',
    el('div', {class: 'controls'},
      choice('Across', options, x, (value) => { x = value; one.update(); }),
      choice('Up', options, y, (value) => { y = value; one.update(); })),
    one.box);
}
