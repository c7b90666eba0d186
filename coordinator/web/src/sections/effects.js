import {axis, chart, tooltip} from '../charts.js';
import {choice, el, section} from '../dom.js';
import {number, tick} from '../format.js';
import {colours} from '../theme.js';

const estimate = (mean) => `${number(mean[0])} (${number(mean[1])} to ${number(mean[2])})`;

/** Range of the objective that all small charts share, so that they can be compared. */
function limits(factors) {
  let low = Infinity;
  let high = -Infinity;
  for (const factor of factors) {
    for (const {mean} of [...factor.curve, ...factor.groups]) {
      low = Math.min(low, mean[1]);
      high = Math.max(high, mean[2]);
    }
  }
  const room = (high - low) * .05 || .01;
  return [low - room, high + room];
}

function curveOption(factor, range, c) {
  const pieces = factor.curve;
  const line = (index) => pieces.map((piece) => [piece.middle, piece.mean[index]]);
  return {
    grid: {left: 54, right: 16, top: 14, bottom: 42},
    tooltip: tooltip((items) => {
      const piece = pieces[(Array.isArray(items) ? items[0] : items).dataIndex];
      return `${factor.name} ${number(piece.low)} to ${number(piece.high)}\nobjective ${estimate(piece.mean)}\n${piece.points} settings`;
    }, {trigger: 'axis'}),
    xAxis: axis(`${factor.name}${factor.unit ? ` (${factor.unit})` : ''}`, {type: factor.kind === 'log' ? 'log' : 'value', ...(factor.kind === 'log' ? {logBase: 2} : {})}),
    yAxis: axis('', {type: 'value', min: range[0], max: range[1], axisLabel: {color: c.soft, formatter: tick}}),
    series: [
      {type: 'line', data: line(1), lineStyle: {opacity: 0}, symbol: 'none', stack: 'interval', stackStrategy: 'all', silent: true},
      {type: 'line', data: pieces.map((piece) => [piece.middle, piece.mean[2] - piece.mean[1]]), lineStyle: {opacity: 0}, symbol: 'none', stack: 'interval', stackStrategy: 'all', areaStyle: {color: c.accent, opacity: .2}, silent: true},
      {type: 'line', data: line(0), symbolSize: 5, itemStyle: {color: c.accent}, lineStyle: {color: c.accent, width: 2}},
    ],
  };
}

function groupOption(factor, range, c) {
  const {groups} = factor;
  return {
    grid: {left: 54, right: 16, top: 14, bottom: 42},
    tooltip: tooltip((items) => {
      const group = groups[(Array.isArray(items) ? items[0] : items).dataIndex];
      return `${factor.name}: ${group.option}\nobjective ${estimate(group.mean)}\n${group.points} settings`;
    }, {trigger: 'axis'}),
    xAxis: axis(factor.name, {type: 'category', data: groups.map((group) => group.option)}),
    yAxis: axis('', {type: 'value', min: range[0], max: range[1], axisLabel: {color: c.soft, formatter: tick}}),
    series: [
      {type: 'custom', silent: true, data: groups.map((group, i) => [i, group.mean[1], group.mean[2]]), renderItem: (params, api) => {
        const [x, low] = api.coord([api.value(0), api.value(1)]);
        const high = api.coord([api.value(0), api.value(2)])[1];
        const style = {stroke: c.accent, lineWidth: 2};
        return {type: 'group', children: [[x, low, x, high], [x - 6, low, x + 6, low], [x - 6, high, x + 6, high]]
          .map(([x1, y1, x2, y2]) => ({type: 'line', shape: {x1, y1, x2, y2}, style}))};
      }, encode: {x: 0, y: [1, 2]}},
      {type: 'scatter', symbolSize: 10, itemStyle: {color: c.accent}, data: groups.map((group, i) => [i, group.mean[0]])},
    ],
  };
}

export function effects(data) {
  const factors = data.analysis?.factors.filter((factor) => factor.shown && (factor.curve.length > 1 || factor.groups.length > 1));
  if (!factors?.length) return null;
  const range = limits(factors);
  const hidden = data.analysis.factors.filter((factor) => !factor.shown);
  const strength = (factor) => factor.indices.first_order?.[0] ?? factor.indices.pawn?.[0] ?? 0;
  const cards = factors.map((factor) => {
    const one = chart(`effect-${factor.name}`, `objective by ${factor.name}`, () => (factor.groups.length ? groupOption : curveOption)(factor, range, colours()), 'small');
    return {factor, box: el('div', {}, el('h3', {}, factor.name, factor.conditional ? el('span', {class: 'soft'}, ` where it counts, ${factor.active} settings`) : null), one.box)};
  });
  const grid = el('div', {class: 'grid'});
  const arrange = (order) => {
    const sorted = [...cards];
    if (order === 'strength') sorted.sort((a, b) => strength(b.factor) - strength(a.factor));
    grid.replaceChildren(...sorted.map((card) => card.box));
  };
  arrange('strength');
  const box = section('effects', 'Main effects',
    `Mean objective (${data.objective}) over the settings that share a value of a factor, everything else varying; bands and whiskers are 95 % intervals, all charts have one scale.` +
    (hidden.length ? ` Too few settings for: ${hidden.map((factor) => `${factor.name} (${factor.active})`).join(', ')}.` : ''),
    el('div', {class: 'controls'}, choice('Order', [['strength', 'strongest first'], ['pipeline', 'as in the pipeline']], 'strength', arrange)), grid);
  box.classList.add('long');
  return box;
}
