import {chart, tooltip} from '../charts.js';
import {choice, el, section} from '../dom.js';
import {number, tick} from '../format.js';
import {colours, rampColours} from '../theme.js';

/** Where lines pass a numeric axis that counts for nothing at their setting: below its range. */
const idle = (factor) => factor.low - .14 * (factor.high - factor.low || 1);

/** Positions of a factor's values on its axis: choices and levels by place, numbers as they are. */
const narrow = (box) => box.clientWidth < 600;

function axisOf(factor, name, dim, label) {
  const c = colours();
  const common = {dim, name, ...label(c.soft), axisLine: {lineStyle: {color: c.soft}}, axisLabel: {color: c.soft, fontSize: 10, hideOverlap: true}};
  if (factor.options) return {...common, type: 'category', data: ['–', ...factor.options].map((text) => text.slice(0, 12))};
  return {...common, type: 'value', min: idle(factor), max: factor.high,
    axisLabel: {...common.axisLabel, formatter: (value) => (value === idle(factor) ? '–' : value < factor.low ? '' : number(value, 2))}};
}

export function parallel(data) {
  const settings = data.ranked.filter((row) => row > 0);
  const factors = data.factors.map((factor, at) => ({...factor, at})).filter((factor) => factor.kind !== 'fixed');
  if (settings.length < 2 || factors.length === 0) return null;
  let share = 0.05;
  let choicesOnly = false;
  const picked = () => settings.slice(0, Math.max(10, Math.ceil(settings.length * share)));

  const one = chart('parallel', 'parallel coordinates of the best settings', () => {
    const c = colours();
    const rows = picked();
    const shown = factors.filter((factor) => !choicesOnly || factor.kind === 'choice');
    const phone = narrow(one.box);
    // Slanted above upright axes, level beside lying ones.
    const label = (colour) => (phone ? {nameTextStyle: {color: colour, fontSize: 10}, nameLocation: 'start', nameGap: 8}
      : {nameTextStyle: {color: colour, fontSize: 11, align: 'left'}, nameRotate: 38, nameGap: 10});
    const objective = data.points.objective;
    const lines = rows.map((row) => [...shown.map((factor) => {
      const value = data.value(row, factor.at);
      if (factor.options) return value === null ? '–' : String(value).slice(0, 12);
      return value === null ? idle(factor) : value;
    }), objective[row]]);
    const low = objective[rows[rows.length - 1]];
    const high = objective[rows[0]];
    const gap = {layout: phone ? 'vertical' : 'horizontal'};
    return {
      tooltip: tooltip((item) => `point ${rows[item.dataIndex] - 1}\nobjective ${number(objective[rows[item.dataIndex]])}`),
      parallel: phone ? {...gap, left: 104, right: 20, top: 24, bottom: 28} : {left: 30, right: 76, top: 92, bottom: 24},
      parallelAxis: [...shown.map((factor, dim) => axisOf(factor, factor.name, dim, label)),
        {dim: shown.length, name: 'objective', type: 'value', scale: true, min: low, max: high, ...label(c.ink),
          axisLine: {lineStyle: {color: c.ink}}, axisLabel: {color: c.soft, fontSize: 10, formatter: tick}}],
      visualMap: {show: false, dimension: shown.length, min: low, max: high > low ? high : low + 1, inRange: {color: c.dark ? rampColours('viridis').slice(1) : rampColours('viridis').slice(0, 4).reverse()}},
      series: [{type: 'parallel', lineStyle: {width: 1.4, opacity: rows.length > 120 ? .35 : .65}, emphasis: {lineStyle: {width: 3, opacity: 1}}, data: lines, progressive: 500}],
    };
  }, 'tall');
  return section('parallel', 'The best settings side by side',
    'One line per setting among the best; it crosses each factor’s axis at its value, strong colour = better. Where a factor counts for nothing the line passes at –. Drag along an axis to pick lines.',
    el('div', {class: 'controls'},
      choice('Best', [[0.01, '1 %'], [0.05, '5 %'], [0.2, '20 %'], [1, 'all']], share, (value) => { share = Number(value); one.update(); }),
      choice('Axes', [['all', 'every factor'], ['choices', 'choices only']], 'all', (value) => { choicesOnly = value === 'choices'; one.update(); })),
    one.box);
}
