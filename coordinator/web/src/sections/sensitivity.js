import {axis, chart, tooltip} from '../charts.js';
import {choice, el, section, table} from '../dom.js';
import {number} from '../format.js';
import {colours, palette} from '../theme.js';

const names = {first_order: 'first-order index', pawn: 'PAWN index', rank_correlation: 'partial rank correlation'};

export function sensitivity(data) {
  const {analysis} = data;
  if (!analysis?.factors.length) return null;
  const shown = analysis.factors.filter((factor) => factor.shown);
  if (shown.length === 0) return null;
  let index = shown.some((factor) => factor.indices.first_order) ? 'first_order' : 'pawn';
  const value = (factor) => factor.indices[index]?.[0] ?? null;
  const sorted = () => shown.filter((factor) => factor.indices[index]).sort((a, b) => Math.abs(value(a)) - Math.abs(value(b)));

  const bars = chart('sensitivity', 'sensitivity of the objective to each factor', () => {
    const c = colours();
    const rows = sorted();
    return {
      grid: {left: 128, right: 30, top: 10, bottom: 44},
      tooltip: tooltip((items) => {
        const factor = rows[items[0].dataIndex];
        const [mean, low, high] = factor.indices[index];
        return `${factor.name}\n${names[index]} ${number(mean)} (${number(low)} to ${number(high)})\nby chance alone up to ${number(factor.noise[index])}\n${factor.active} settings`;
      }, {trigger: 'axis'}),
      xAxis: axis(names[index], {type: 'value', scale: false, ...(index === 'rank_correlation' ? {min: -1, max: 1} : {min: 0})}),
      yAxis: axis('', {type: 'category', data: rows.map((factor) => factor.name), splitLine: {show: false}}),
      series: [
        {type: 'bar', barMaxWidth: 16, data: rows.map((factor) => ({value: value(factor), itemStyle: {color: factor.matters ? c.accent : c.soft, opacity: factor.matters ? .9 : .4}}))},
        {type: 'custom', silent: true, z: 5, encode: {x: [0, 1], y: 2}, data: rows.map((factor, i) => [factor.indices[index][1], factor.indices[index][2], i, factor.noise[index]]),
          renderItem: (params, api) => {
            const [x1, y] = api.coord([api.value(0), api.value(2)]);
            const [x2] = api.coord([api.value(1), api.value(2)]);
            const [noise] = api.coord([api.value(3), api.value(2)]);
            return {type: 'group', children: [
              {type: 'line', shape: {x1, y1: y, x2, y2: y}, style: {stroke: c.ink, lineWidth: 1.5}},
              {type: 'line', shape: {x1, y1: y - 4, x2: x1, y2: y + 4}, style: {stroke: c.ink, lineWidth: 1.5}},
              {type: 'line', shape: {x1: x2, y1: y - 4, x2, y2: y + 4}, style: {stroke: c.ink, lineWidth: 1.5}},
              {type: 'line', shape: {x1: noise, y1: y - 8, x2: noise, y2: y + 8}, style: {stroke: palette()[4], lineWidth: 1.5, lineDash: [3, 2]}},
            ]};
          }},
      ],
    };
  }, 'tall');

  const converging = chart('convergence', 'indices by number of points', () => {
    const c = colours();
    const rows = sorted().reverse().slice(0, 8).filter((factor) => factor.convergence.length > 1);
    return {
      grid: {left: 60, right: 20, top: 54, bottom: 44},
      legend: {top: 0, type: 'scroll', textStyle: {color: c.soft}, pageTextStyle: {color: c.soft}},
      tooltip: tooltip((item) => `${item.seriesName}\nfirst ${item.value[0]} points: ${number(item.value[1])}`),
      xAxis: axis('points of the design', {type: 'log', logBase: 2}),
      yAxis: axis(names[index], {type: 'value', nameGap: 42}),
      series: rows.map((factor) => ({name: factor.name, type: 'line', symbolSize: 6,
        data: factor.convergence.filter((step) => step.indices[index]).map((step) => [step.points, step.indices[index][0]])})),
    };
  });

  const interval = (estimate) => (estimate ? `${number(estimate[0], 3)} (${number(estimate[1], 3)} … ${number(estimate[2], 3)})` : '–');
  const list = table([
    {title: 'factor', cell: (row) => row.name}, {title: 'stage', cell: (row) => row.stage},
    {title: 'settings', number: true, cell: (row) => row.active},
    ...Object.entries(names).map(([key, title]) => ({title, number: true, cell: (row) => (row.shown ? interval(row.indices[key]) : '–')})),
    {title: 'verdict', cell: (row) => (!row.shown ? 'too few settings to say' : row.matters ? 'matters' : 'within noise'), style: (row) => (row.matters ? 'good' : '')},
  ], [...analysis.factors].sort((a, b) => (b.shown - a.shown) || ((b.indices.first_order?.[0] ?? 0) - (a.indices.first_order?.[0] ?? 0))));
  const dummy = analysis.dummy;
  const trend = shown.some((factor) => factor.convergence.length > 1);
  return section('sensitivity', 'Sensitivity',
    'First-order index: the share of the objective’s variance a factor explains alone. PAWN: how far the distribution moves with it. Whiskers are 95 % intervals, the dashed mark is what chance alone gives. ' +
    `A factor that does nothing gets ${interval(dummy.first_order)} and ${interval(dummy.pawn)} here.`,
    el('div', {class: 'controls'}, choice('Index', Object.entries(names), index, (key) => { index = key; bars.update(); if (trend) converging.update(); })),
    bars.box, list, ...(trend ? [el('h3', {}, 'With the number of points'), converging.box] : []));
}
