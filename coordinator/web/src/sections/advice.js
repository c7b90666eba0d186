import {el, section} from '../dom.js';

const kinds = {
  setting: 'Setting', portfolio: 'Portfolio', matters: 'What matters', fix: 'Can be fixed', move_range: 'Move a range',
  interaction: 'Together', more_points: 'More points', more_pages: 'More pages',
};

export function advice(data) {
  if (!data.analysis?.advice.length) return null;
  return section('advice', 'What to do next', 'Each with its number; nothing is said where an interval covers zero.',
    el('ul', {class: 'advice'}, ...data.analysis.advice.map((one) => el('li', {}, el('b', {}, `${kinds[one.kind] ?? one.kind}: `), one.text))));
}
