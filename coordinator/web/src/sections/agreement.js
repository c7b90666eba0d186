import {section, table} from '../dom.js';
import {number} from '../format.js';

export function agreement(data) {
  const rows = data.analysis?.agreement;
  if (!rows?.length) return null;
  return section('agreement', 'Which score can be believed',
    'How well each score orders the settings as the judging score does (Kendall’s τ, 1 = the same order, 0 = no relation), and what one would get by choosing with it.',
    table([
      {title: 'score', cell: (row) => row.score}, {title: 'judged by', cell: (row) => row.by},
      {title: 'τ within a page', number: true, cell: (row) => number(row.within_page, 2)},
      {title: 'τ over the set', number: true, cell: (row) => number(row.over_set, 2)},
      {title: 'one setting chosen by it', number: true, cell: (row) => number(row.chosen)},
      {title: 'best possible', number: true, cell: (row) => number(row.best)},
      {title: 'chosen per page', number: true, cell: (row) => number(row.chosen_per_page)},
      {title: 'best per page', number: true, cell: (row) => number(row.best_per_page)},
    ], rows));
}
