import {el, section} from '../dom.js';
import {moment, number} from '../format.js';

export function about(data) {
  const facts = [
    ['Run', data.run_id], ['Begun', moment(data.created_ms)], ['Program', `ocrscreen ${data.program}`],
    ['Engine', `tesseract ${data.engine.tesseract || '?'}, leptonica ${data.engine.leptonica || '?'}, opencv ${data.engine.opencv || '?'}`],
    ['Pipeline', data.pipeline], ['Objective', data.objective],
    ['Factors', data.factors.map((factor) => factor.options ? `${factor.name}: ${factor.options.join(', ')}`
      : factor.kind === 'fixed' ? `${factor.name}: fixed` : `${factor.name}: ${number(factor.low)} to ${number(factor.high)}${factor.unit ? ` ${factor.unit}` : ''}`).join('; ')],
    ['Pages', data.pages.map((page) => [page.name, ...(page.also ?? [])].join(' = ')).join(', ')],
  ];
  return section('about', 'About this screening', '',
    el('dl', {}, ...facts.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)])));
}
