import {lessIsBetter} from '../data.js';
import {el, section, table} from '../dom.js';
import {count, number, shortened, signed} from '../format.js';

const page = 25;

/** A setting in words: what is on, with its values. */
export function settingText(data, row) {
  if (row === 0) return 'the untouched page';
  const parts = [];
  data.factors.forEach((factor, at) => {
    const value = data.value(row, at);
    if (value === null || value === 'off' || factor.kind === 'fixed') return;
    parts.push(`${factor.name} ${typeof value === 'number' ? number(value, 3) : value}`);
  });
  return parts.join(', ') || 'every stage off';
}

export function ranking(data) {
  const shownScores = ['cer', 'word_recall', 'confidence', 'text_yield', 'characters'].filter((name) => name in data.points.means);
  let by = 'rank';
  let upwards = true;
  let shown = page;
  let wanted = '';
  const holder = el('div');
  const measure = (name) => (name === 'rank' ? data.points.rank : name === 'gain' ? data.points.gain : data.measures[name]);

  function rows() {
    const column = measure(by);
    const found = data.ranked.filter((row) => {
      if (!wanted) return true;
      return `${row - 1} ${settingText(data, row)}`.toLowerCase().includes(wanted);
    });
    return found.sort((a, b) => (upwards ? 1 : -1) * ((column[a] ?? Infinity) - (column[b] ?? Infinity)) || a - b);
  }

  function head(name, text) {
    return el('button', {type: 'button', 'aria-label': `sort by ${text}`, data: {sort: name}, on: {click: () => {
      upwards = by === name ? !upwards : name === 'rank' || lessIsBetter(name);
      by = name;
      draw();
    }}}, text + (by === name ? (upwards ? ' ▴' : ' ▾') : ''));
  }

  function draw() {
    const found = rows();
    const score = (name) => ({title: name, head: head(name, name), number: true, cell: (row) => number(data.measures[name][row])});
    const list = table([
      {title: 'rank', head: head('rank', 'rank'), number: true, cell: (row) => data.points.rank[row]},
      {title: 'setting', cell: (row) => data.pointName(row)},
      {title: 'objective', head: head('objective', 'objective'), number: true, cell: (row) => number(data.points.objective[row])},
      {title: 'gain', head: head('gain', 'gain'), number: true, cell: (row) => signed(data.points.gain[row]),
        style: (row) => (data.points.gain[row] > 0 ? 'good' : data.points.gain[row] < 0 ? 'bad' : '')},
      ...shownScores.map(score),
      {title: 'what it does', wide: true, cell: (row) => el('span', {title: settingText(data, row)}, shortened(settingText(data, row), 160))},
    ], found.slice(0, shown), (row) => (row === 0 ? {class: 'baseline'} : {}));
    const more = el('div', {class: 'controls'},
      el('span', {class: 'soft'}, `${count(Math.min(shown, found.length))} of ${count(found.length)}`),
      shown < found.length ? el('button', {type: 'button', data: {more: 'ranking'}, on: {click: () => { shown += 100; draw(); }}}, 'show more') : null);
    holder.replaceChildren(list, more);
  }

  const search = el('input', {type: 'search', placeholder: 'point or factor value', 'aria-label': 'find a setting',
    on: {input: () => { wanted = search.value.trim().toLowerCase(); shown = page; draw(); }}});
  draw();
  const box = section('ranking', 'Ranking',
    `Settings with a result on every page, by ${data.objective}. Gains are over the untouched pages, page by page. All of it is in points.csv.`,
    el('div', {class: 'controls'}, el('label', {}, 'Find', search)), holder);
  box.classList.add('long');
  return box;
}
