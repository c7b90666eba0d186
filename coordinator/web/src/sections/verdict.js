import {el, tile} from '../dom.js';
import {count, duration, signed} from '../format.js';

export function verdict(data) {
  const {account, timeline} = data;
  const gain = data.bestSetting === null ? null : data.points.gain[data.bestSetting];
  const style = data.verdict.sure ? ' sure' : ' flat';
  const box = el('section', {id: 'verdict', class: `verdict${style}`, data: {link: 'Verdict'}},
    el('h2', {}, 'Verdict'),
    ...data.verdict.sentences.map((sentence) => el('p', {}, sentence)),
    data.complete ? null : el('p', {class: 'notice'},
      `The screening is not complete: ${count(account.pending)} evaluations have not been run. All this may change.`));
  box.append(el('div', {class: 'tiles'},
    tile(signed(gain), `gain of the best setting (${data.objective})`),
    tile(count(data.rows - 1), 'settings tried'),
    tile(count(data.pages.length), data.pages.length === 1 ? 'page' : 'pages'),
    tile(count(account.done + account.failed), `of ${count(account.total)} evaluations finished`),
    tile(timeline.workers.length ? duration(timeline.end_ms - timeline.begin_ms) : '–',
      `from the first result to the last, ${count(timeline.workers.length)} worker${timeline.workers.length === 1 ? '' : 's'}`)));
  return box;
}
