import {choice, el, section} from '../dom.js';
import {number, shortened, signed} from '../format.js';
import {settingText} from './ranking.js';
import {onTheme, ramp} from '../theme.js';

/** One pixel per page and setting, stretched by the browser: smooth at any size. */
export function heatmap(data) {
  const pages = data.pages.length;
  let against = 'gain';
  let order = 'rank';
  const canvas = el('canvas', {class: 'heatmap', tabindex: 0, role: 'img', 'aria-label': 'objective by page and setting', data: {chart: 'heatmap'}});
  const readout = el('p', {class: 'readout', 'aria-live': 'polite'}, 'Point at a cell to read it.');
  const scale = el('canvas', {width: 200, height: 1});
  const low = el('span');
  const high = el('span');
  let rows = [];
  let pageOrder = [];

  const value = (page, row) => {
    const cell = data.cell(page, row);
    if (cell === null || against === 'objective') return cell;
    const before = data.cell(page, 0);
    return before === null ? null : cell - before;
  };

  function limits() {
    if (against === 'objective') return [data.matrix.low, data.matrix.high];
    const sizes = [];
    for (let page = 0; page < pages; ++page) {
      for (const row of rows) {
        const cell = value(page, row);
        if (cell !== null) sizes.push(Math.abs(cell));
      }
    }
    sizes.sort((a, b) => a - b);
    const most = sizes[Math.floor(sizes.length * .98)] || sizes[sizes.length - 1] || 1;
    return [-most, most];
  }

  function draw() {
    rows = [...Array(data.rows).keys()].filter((row) => row > 0);
    if (order === 'rank') rows.sort((a, b) => (data.points.rank[a] ?? Infinity) - (data.points.rank[b] ?? Infinity) || a - b);
    pageOrder = [...Array(pages).keys()];
    if (order === 'rank') pageOrder.sort((a, b) => (data.cell(b, 0) ?? -1) - (data.cell(a, 0) ?? -1) || a - b);
    const [from, to] = limits();
    const kind = against === 'gain' ? 'diverging' : 'viridis';
    canvas.width = Math.max(1, rows.length);
    canvas.height = Math.max(1, pages);
    canvas.style.height = `${Math.min(560, Math.max(120, pages * (pages > 60 ? 5 : 14)))}px`;
    const context = canvas.getContext('2d');
    const image = context.createImageData(canvas.width, canvas.height);
    for (let line = 0; line < pages; ++line) {
      for (let column = 0; column < rows.length; ++column) {
        const cell = value(pageOrder[line], rows[column]);
        const at = 4 * (line * canvas.width + column);
        if (cell === null) continue;
        const [r, g, b] = ramp(to > from ? (cell - from) / (to - from) : .5, kind);
        image.data.set([r, g, b, 255], at);
      }
    }
    context.putImageData(image, 0, 0);
    const bar = scale.getContext('2d');
    for (let i = 0; i < 200; ++i) {
      bar.fillStyle = `rgb(${ramp(i / 199, kind).join(',')})`;
      bar.fillRect(i, 0, 1, 1);
    }
    low.textContent = against === 'gain' ? `${signed(from)} or worse than untouched` : number(from);
    high.textContent = against === 'gain' ? `${signed(to)} or better` : number(to);
    canvas.dataset.drawn = '1';
  }

  function show(line, column) {
    if (line < 0 || column < 0 || line >= pages || column >= rows.length) return;
    const page = pageOrder[line];
    const row = rows[column];
    const cell = data.cell(page, row);
    const before = data.cell(page, 0);
    const gain = cell === null || before === null ? '' : ` (untouched ${number(before)}, ${signed(cell - before)})`;
    readout.textContent = `${shortened(data.pages[page].name, 80)}, ${data.pointName(row)}: ` +
      `${cell === null ? 'no result' : number(cell) + gain} · ${shortened(settingText(data, row), 200)}`;
  }
  const follow = (event) => {
    const box = canvas.getBoundingClientRect();
    show(Math.floor(((event.clientY - box.top) / box.height) * pages), Math.floor(((event.clientX - box.left) / box.width) * rows.length));
  };
  canvas.addEventListener('pointermove', follow);
  canvas.addEventListener('pointerdown', follow);
  onTheme(draw);
  draw();
  return section('heatmap', 'Pages × settings',
    'One column per setting, one row per page. Rows that stay pale are pages that no setting changes; stripes down are settings that are bad for every page.',
    el('div', {class: 'controls'},
      choice('Show', [['gain', 'gain over the untouched page'], ['objective', 'objective']], against, (key) => { against = key; draw(); }),
      choice('Order', [['rank', 'best settings first, easiest pages on top'], ['name', 'by point and page name']], order, (key) => { order = key; draw(); })),
    canvas, el('div', {class: 'legend'}, low, scale, high), readout);
}
