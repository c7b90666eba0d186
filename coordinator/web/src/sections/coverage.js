import {el, section, table} from '../dom.js';
import {count, duration, percent} from '../format.js';

export function coverage(data) {
  const {account} = data;
  const share = (part) => (account.total ? percent(part / account.total) : '–');
  const rows = [
    ['done', account.done, 'read and scored'],
    ['of these merged', account.merged, 'the same image as another setting gave: its reading was shared'],
    ['failed', account.failed, 'the setting makes the page unreadable; counts as an empty reading'],
    ['missing', account.missing, 'could not be run; their points have no rank'],
    ['dropped', account.dropped, 'given up on purpose'],
    ['not run yet', account.pending, 'the screening was stopped before'],
  ].filter(([, number], at) => at < 2 || number > 0);
  const box = section('coverage', 'Coverage and failures', data.analysis?.coverage.note,
    table([
      {title: 'evaluations', cell: (row) => row[0]}, {title: 'number', number: true, cell: (row) => count(row[1])},
      {title: 'share', number: true, cell: (row) => share(row[1])}, {title: 'meaning', wide: true, cell: (row) => row[2]},
    ], rows));
  if (data.failures.length > 0) {
    box.append(el('h3', {}, 'Why'), table([
      {title: 'reason', wide: true, cell: (row) => row.reason},
      {title: 'counts as', cell: (row) => (row.failed ? 'empty reading' : 'missing')},
      {title: 'evaluations', number: true, cell: (row) => count(row.count)},
      {title: 'for example', wide: true, cell: (row) => `${data.pointName(row.point + 1)} on ${data.pages[row.page].name}`},
    ], data.failures));
  } else {
    box.append(el('p', {class: 'hint'}, 'Nothing failed.'));
  }
  const work = account.stages.map((stage) => ({what: stage.name, runs: stage.runs, ms: stage.ms}));
  work.push({what: 'recognition', runs: account.recognitions, ms: account.recognise_ms});
  const all = work.reduce((sum, row) => sum + row.ms, 0);
  box.append(el('h3', {}, 'Where the workers’ time went'), table([
    {title: 'step', cell: (row) => row.what}, {title: 'times run', number: true, cell: (row) => count(row.runs)},
    {title: 'time', number: true, cell: (row) => duration(row.ms)},
    {title: 'share', number: true, cell: (row) => (all ? percent(row.ms / all) : '–')},
  ], work));
  return box;
}
