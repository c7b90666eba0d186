// The live page: asks the coordinator every two seconds how far it is, and now and then what came out so far.
import {axis, chart, drawCharts, tooltip} from './charts.js';
import {choice, el, section, table, tile} from './dom.js';
import {count, duration, number, percent, signed, tick} from './format.js';
import {colours, setTheme, startTheme} from './theme.js';

const state = {status: null, workers: [], results: null};
const box = (name) => el('div', {data: {live: name}});
const parts = {head: box('head'), tiles: box('tiles'), workers: box('workers'), leaders: box('leaders'), failures: box('failures'), factors: el('div', {class: 'grid', data: {live: 'factors'}})};
const factorCharts = new Map();

const finished = (one) => one.done + one.failed + one.missing + one.dropped + one.cancelled;

const progress = chart('progress', 'finished evaluations over time', () => {
  const c = colours();
  const {history = [], evaluations = {total: 1}} = state.status ?? {};
  return {
    grid: {left: 64, right: 20, top: 14, bottom: 44},
    tooltip: tooltip((items) => `${new Date(items[0].value[0]).toLocaleTimeString()}\n${count(items[0].value[1])} finished`, {trigger: 'axis'}),
    xAxis: axis('time', {type: 'time', scale: true}),
    yAxis: axis('evaluations finished', {type: 'value', scale: false, max: evaluations.total, nameGap: 48}),
    series: [{type: 'line', showSymbol: history.length < 3, areaStyle: {opacity: .15}, itemStyle: {color: c.accent}, data: history}],
  };
}, 'small');

function drawStatus() {
  const {status} = state;
  const all = status.evaluations;
  document.title = `${percent(finished(all) / all.total, 0)} – ${status.title || 'ocrscreen'}`;
  parts.head.replaceChildren(
    el('h1', {}, status.title || 'Screening'),
    el('p', {class: 'soft'}, `${status.state} · ${count(status.points)} settings on ${count(status.pages)} pages · run ${status.run_id.slice(0, 12)}`));
  parts.tiles.replaceChildren(
    tile(percent(finished(all) / all.total), `${count(finished(all))} of ${count(all.total)} evaluations`),
    tile(status.remaining_s === null ? '–' : duration(1000 * status.remaining_s), 'left, the slow end included'),
    tile(status.per_second ? number(60 * status.per_second, 1) : '–', 'evaluations per minute'),
    tile(`${count(status.workers)} / ${count(status.lanes)}`, 'workers / slots'),
    tile(count(all.failed), 'failed'), tile(count(all.missing), 'missing'));
  progress.update();
}

function drawWorkers() {
  const rows = [...state.workers].sort((a, b) => b.per_second - a.per_second || a.worker.localeCompare(b.worker));
  parts.workers.replaceChildren(rows.length === 0 ? el('p', {class: 'notice'}, 'No worker has joined yet.') : table([
    {title: 'worker', cell: (row) => row.worker}, {title: 'state', cell: (row) => row.state + (row.aside ? `: ${row.aside}` : '')},
    {title: 'slots busy', number: true, cell: (row) => (row.lanes ? `${row.busy} / ${row.lanes}` : '–')},
    {title: 'per minute', number: true, cell: (row) => (row.per_second ? number(60 * row.per_second, 1) : '–')},
    {title: 'done', number: true, cell: (row) => count(row.done)}, {title: 'failed', number: true, cell: (row) => count(row.failed)},
    {title: 'deaths', number: true, cell: (row) => count(row.deaths)}, {title: 'load', number: true, cell: (row) => number(row.load, 1)},
    {title: 'heard', number: true, cell: (row) => `${number(row.heard_s_ago, 0)} s ago`},
    {title: 'numbers', cell: (row) => (row.other_numbers ? 'of their own class' : 'equal')},
  ], rows));
}

function plotOf(factor) {
  const plot = () => state.results.factors.find((one) => one.name === factor).plot;
  return chart(`factor-${factor}`, `mean gain by ${factor}`, () => {
    const c = colours();
    return {
      grid: {left: 58, right: 12, top: 12, bottom: 42},
      tooltip: tooltip((items) => {
        const piece = plot()[items[0].dataIndex];
        return `${factor} ${piece.value}\ngain ${signed(piece.gain)}\n${count(piece.points)} settings`;
      }, {trigger: 'axis'}),
      xAxis: axis(factor, {type: 'category', data: plot().map((piece) => piece.value)}),
      yAxis: axis('', {type: 'value', scale: false, axisLabel: {color: c.soft, formatter: tick}}),
      series: [{type: 'bar', barMaxWidth: 34, data: plot().map((piece) => ({value: piece.gain, itemStyle: {color: piece.gain >= 0 ? c.good : c.bad, opacity: .8}}))}],
    };
  }, 'small');
}

function drawResults() {
  const {results} = state;
  parts.leaders.replaceChildren(results.leaders.length === 0 ? el('p', {class: 'notice'}, 'Nothing to compare yet.') : table([
    {title: 'setting', cell: (row) => `point ${row.point}`},
    {title: 'gain so far', number: true, cell: (row) => signed(row.gain), style: (row) => (row.gain > 0 ? 'good' : row.gain < 0 ? 'bad' : '')},
    {title: 'pages', number: true, cell: (row) => count(row.pages)}, {title: 'what it does', wide: true, cell: (row) => row.setting},
  ], results.leaders));
  parts.failures.replaceChildren(results.failures.length === 0 ? el('p', {class: 'hint'}, 'Nothing has failed.') : table([
    {title: 'reason', wide: true, cell: (row) => row.reason}, {title: 'counts as', cell: (row) => (row.failed ? 'empty reading' : 'missing')},
    {title: 'evaluations', number: true, cell: (row) => count(row.count)},
  ], results.failures));
  for (const {name, plot} of results.factors) {
    if (plot.length < 2) continue;
    if (factorCharts.has(name)) {
      factorCharts.get(name).update();
      continue;
    }
    const one = plotOf(name);
    factorCharts.set(name, one);
    parts.factors.append(one.box);
  }
  drawCharts();
}

async function ask(address) {
  const answer = await fetch(address, {cache: 'no-store'});
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${(await answer.text()).slice(0, 200)}`);
  return answer.json();
}

let turn = 0;
async function refresh() {
  const trouble = document.getElementById('trouble');
  try {
    [state.status, {workers: state.workers}] = await Promise.all([ask('api/status.json'), ask('api/workers.json')]);
    drawStatus();
    drawWorkers();
    if (turn++ % 3 === 0) {
      state.results = await ask('api/results.json');
      drawResults();
    }
    trouble.hidden = true;
    document.documentElement.dataset.ready = '1';
  } catch (error) {
    trouble.hidden = false;
    trouble.textContent = `No answer from the coordinator (${error.message}). When the screening has ended, its results are in report.html.`;
  }
  setTimeout(refresh, 2000);
}

startTheme();
document.getElementById('page').append(
  el('header', {}, parts.head), el('p', {id: 'trouble', class: 'notice', hidden: true}),
  el('nav', {}, el('div', {class: 'links soft'}, 'live, read-only'), choice('Colours', [['auto', 'as the system'], ['light', 'light'], ['dark', 'dark']], 'auto', setTheme)),
  section('progress', 'Progress', '', el('div', {class: 'tiles'}), progress.box),
  section('leaders', 'Leading settings', 'Mean gain over the untouched page, on the pages both have been read on so far. No verdict: the report gives it.', parts.leaders),
  section('workers', 'Workers', '', parts.workers),
  section('factors', 'Factors so far', 'Mean gain over the untouched page of the settings with that value, as far as they were read.', parts.factors),
  section('failures', 'Failures', '', parts.failures));
document.querySelector('#progress .tiles').replaceWith(parts.tiles);
parts.tiles.className = 'tiles';
drawCharts();
refresh();
