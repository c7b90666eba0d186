import {choice, el, section} from '../dom.js';
import {number, shortened, signed} from '../format.js';
import {differences} from '../text_diff.js';
import {settingText} from './ranking.js';

function scoreLine(side) {
  const scores = Object.entries(side.scores).map(([name, value]) => `${name} ${number(value)}`);
  return scores.join(' · ') || 'no scores';
}

function picture(side, name) {
  if (side.image?.startsWith('data:image/webp;base64,')) return el('img', {src: side.image, alt: name});
  return el('div', {class: 'none'}, side.no_image ?? 'no picture: the report shows those of the pages that change most');
}

function reading(side, truth, marked) {
  if (side.text === undefined) return el('p', {class: 'notice'}, `No reading: ${side.why}`);
  if (side.text.trim() === '') return el('p', {class: 'notice'}, 'Nothing was read.');
  const pieces = marked && truth !== undefined ? differences(truth, side.text) : null;
  if (!pieces) {
    const why = marked && truth !== undefined ? el('p', {class: 'hint'}, 'Too little of this is right for single differences to be marked.') : null;
    return el('div', {}, why, el('pre', {}, side.text));
  }
  const nodes = pieces.map(({kind, text}) => (kind === 'same' ? text : el(kind === 'less' ? 'del' : 'ins', {title: kind === 'less' ? 'missing here' : 'not in the ground truth'}, text)));
  return el('pre', {}, ...nodes);
}

export function pages(data) {
  const {best} = data;
  if (!best || best.pages.length === 0) return null;
  let at = 0;
  let marked = true;
  const holder = el('div');
  const name = (entry) => data.pages[entry.page].name;
  const gain = (entry) => (entry.before.objective === null || entry.after.objective === null ? null : entry.after.objective - entry.before.objective);

  function draw() {
    const entry = best.pages[at];
    const change = gain(entry);
    const side = (title, one) => el('div', {}, el('h3', {}, title), picture(one, `${name(entry)}, ${title}`),
      el('p', {class: 'hint'}, scoreLine(one)), reading(one, entry.truth, marked));
    holder.replaceChildren(
      el('p', {}, `${shortened(name(entry), 120)}: ${data.objective} as objective ${number(entry.before.objective)} → ${number(entry.after.objective)} (`,
        el('span', {class: change > 0 ? 'good' : change < 0 ? 'bad' : ''}, signed(change)), ').'),
      el('div', {class: 'sides', data: {page: String(entry.page)}}, side('Untouched', entry.before), side(`Point ${best.point}`, entry.after)),
      entry.truth !== undefined ? el('details', {}, el('summary', {}, 'Ground truth'), el('pre', {}, entry.truth)) : '');
  }
  const options = best.pages.map((entry, i) => [i, `${shortened(name(entry), 60)} (${signed(gain(entry))})`]);
  const picker = choice('Page', options, 0, (value) => { at = Number(value); draw(); });
  const step = (by) => () => {
    at = (at + by + best.pages.length) % best.pages.length;
    picker.querySelector('select').value = String(at);
    draw();
  };
  const anyTruth = best.pages.some((entry) => entry.truth !== undefined);
  draw();
  const box = section('pages', 'Before and after',
    `The pages untouched and through the best setting of the design, point ${best.point}: ${settingText(data, data.rowOf(best.point))}. Pages that change most come first.` +
    (anyTruth ? ' Marked: what a reading lacks (underlined) and what it has that is not in the ground truth.' : ''),
    el('div', {class: 'controls'}, el('button', {type: 'button', 'aria-label': 'page before', on: {click: step(-1)}}, '‹'), picker,
      el('button', {type: 'button', 'aria-label': 'next page', on: {click: step(1)}}, '›'),
      anyTruth ? choice('Differences', [['1', 'marked'], ['', 'not marked']], '1', (value) => { marked = value === '1'; draw(); }) : null),
    holder);
  box.classList.add('long');
  return box;
}
