import {axis, chart, tooltip} from '../charts.js';
import {choice, el, section} from '../dom.js';
import {count, shortened} from '../format.js';
import {colours} from '../theme.js';

export function timeline(data) {
  const {workers, begin_ms: begin, piece_ms: piece, end_ms: end} = data.timeline;
  if (workers.length === 0) return null;
  let kind = 'rate';
  const pieces = Math.min(workers[0].done.length, Math.floor((end - begin) / piece) + 1);
  const minutes = piece / 60000;
  const clock = (ms) => new Date(ms).toISOString().slice(11, 19);
  const one = chart('timeline', 'evaluations per minute of each worker over time', () => {
    const c = colours();
    const common = {
      grid: {left: 64, right: 20, top: kind === 'rate' ? 64 : 30, bottom: 48},
      xAxis: axis('time (UTC)', {type: 'time', scale: true, min: begin, max: begin + pieces * piece}),
      legend: kind === 'rate' ? {type: 'scroll', top: 4, textStyle: {color: c.soft}, pageTextStyle: {color: c.soft}} : undefined,
      dataZoom: [{type: 'inside', xAxisIndex: 0}],
    };
    if (kind === 'total') {
      let sum = 0;
      const line = [[begin, 0]];
      for (let i = 0; i < pieces; ++i) {
        for (const worker of workers) sum += worker.done[i];
        line.push([begin + (i + 1) * piece, sum]);
      }
      return {...common, tooltip: tooltip((items) => `${clock(items[0].value[0])}\n${count(items[0].value[1])} finished`, {trigger: 'axis'}),
        yAxis: axis('evaluations finished', {type: 'value', scale: false, nameGap: 48}),
        series: [{name: 'finished', type: 'line', showSymbol: false, areaStyle: {opacity: .15}, data: line}]};
    }
    return {...common,
      tooltip: tooltip((item) => `${item.seriesName}\n${clock(item.value[0])}\n${item.value[1].toFixed(1)} per minute`),
      yAxis: axis('evaluations per minute', {type: 'value', scale: false, nameGap: 44}),
      series: workers.map((worker) => ({name: shortened(worker.name, 40), type: 'bar', stack: 'all', barWidth: `${Math.max(60 / pieces, .35)}%`, large: true,
        data: worker.done.slice(0, pieces).map((done, i) => [begin + (i + .5) * piece, done / minutes])}))};
  });
  return section('workers', 'Workers over time',
    `Finished evaluations, by the moment they reached the journal. ${workers.map((worker) => `${shortened(worker.name, 40)}: ${count(worker.total)}`).slice(0, 12).join(', ')}${workers.length > 12 ? ', …' : ''}.`,
    el('div', {class: 'controls'},
      choice('Show', [['rate', 'rate of each worker'], ['total', 'finished in all']], kind, (value) => { kind = value; one.update(); })),
    one.box);
}
