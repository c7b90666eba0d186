import {axis, chart, tooltip} from '../charts.js';
import {choice, el, section, table} from '../dom.js';
import {number, percent, shortened, signed} from '../format.js';
import {settingText} from './ranking.js';
import {colours, palette} from '../theme.js';

export function portfolio(data) {
  const found = data.analysis?.portfolio;
  if (!found?.steps.length) return null;
  let kind = 'objective';
  const withCer = found.untouched_cer !== null && found.steps.every((step) => step.left_out_cer !== null);
  const one = chart('portfolio', 'value of a portfolio by its size', () => {
    const c = colours();
    const cer = kind === 'cer';
    const line = (name, values, style = {}) => ({name, type: 'line', data: values, symbolSize: 7, ...style});
    const start = cer ? found.untouched_cer : found.untouched;
    const limit = cer ? found.optimum_cer : found.optimum;
    const flat = (name, value, colour) => line(name, [[0, value], [found.steps.length, value]], {symbol: 'none', lineStyle: {type: 'dashed', width: 1.5, color: colour}, itemStyle: {color: colour}});
    return {
      grid: {left: 66, right: 24, top: 56, bottom: 46},
      legend: {top: 0, textStyle: {color: c.soft}},
      tooltip: tooltip((item) => `${item.seriesName}\n${item.value[0]} setting${item.value[0] === 1 ? '' : 's'}: ${number(item.value[1])}`),
      xAxis: axis('settings tried on each page', {type: 'value', min: 0, max: found.steps.length, interval: 1, scale: false}),
      yAxis: axis(cer ? 'CER (less is better)' : `objective (${data.objective})`, {type: 'value', nameGap: 48}),
      series: [
        line('judged on pages left out', [[0, start], ...found.steps.map((step, i) => [i + 1, cer ? step.left_out_cer : step.left_out])], {lineStyle: {width: 2.5}}),
        line('on the pages it was chosen from', [[0, start], ...found.steps.map((step, i) => [i + 1, cer ? step.cer : step.value])], {lineStyle: {type: 'dotted'}}),
        flat('untouched', start, palette()[4]), flat('best setting for each page', limit, palette()[2]),
      ],
    };
  });
  const list = table([
    {title: 'size', number: true, cell: (row) => row.size},
    {title: 'setting added', cell: (row) => (row.added === -1 ? 'untouched' : `point ${row.added}`)},
    {title: 'left out', number: true, cell: (row) => number(row.left_out)},
    {title: 'gain (95 %)', number: true, cell: (row) => `${signed(row.left_out - found.untouched)} (${signed(row.gain_interval[0])} … ${signed(row.gain_interval[1])})`},
    {title: 'of what is possible', number: true, cell: (row) => percent(row.closed, 0)},
    {title: 'pages read by each', cell: (row) => row.pages_read.join(' / ')},
    {title: 'what it does', wide: true, cell: (row) => shortened(settingText(data, row.added + 1), 160)},
  ], found.steps.map((step, i) => ({...step, size: i + 1})), (row) => (row.size === found.recommended ? {class: 'baseline'} : {}));
  return section('portfolio', 'Portfolio',
    'A few settings tried on every page, the reading of highest text yield kept. ' +
    (found.method === 'greedy' ? 'Each is the one that adds most to those before. ' : 'They are the highest ranked that read differently: on pages left out these did better than settings chosen to complete one another. ') +
    (found.recommended > 0 ? `Best judged on pages left out: ${found.recommended} setting${found.recommended === 1 ? '' : 's'} (shaded).` : 'None does better than the untouched pages when judged on pages left out.'),
    withCer ? el('div', {class: 'controls'}, choice('Show', [['objective', 'objective'], ['cer', 'character error rate']], kind, (value) => { kind = value; one.update(); })) : null,
    one.box, list);
}
