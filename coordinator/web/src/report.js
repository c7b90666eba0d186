// report.html: reads the data in the page and lays out the sections.
import {drawCharts} from './charts.js';
import {load} from './data.js';
import {choice, el} from './dom.js';
import {setTheme, startTheme} from './theme.js';
import {moment} from './format.js';
import {about} from './sections/about.js';
import {advice} from './sections/advice.js';
import {agreement} from './sections/agreement.js';
import {coverage} from './sections/coverage.js';
import {effects} from './sections/effects.js';
import {heatmap} from './sections/heatmap.js';
import {interactions} from './sections/interactions.js';
import {pages} from './sections/pages.js';
import {parallel} from './sections/parallel.js';
import {portfolio} from './sections/portfolio.js';
import {ranking} from './sections/ranking.js';
import {scores} from './sections/scores.js';
import {sensitivity} from './sections/sensitivity.js';
import {timeline} from './sections/timeline.js';
import {verdict} from './sections/verdict.js';

function build() {
  const data = load(JSON.parse(document.getElementById('data').textContent));
  document.title = `${data.title || 'Screening'} – ocrscreen report`;
  startTheme();
  const sections = [verdict, advice, coverage, pages, portfolio, ranking, parallel, effects, sensitivity, interactions,
    heatmap, scores, agreement, timeline, about]
    .map((make) => make(data)).filter(Boolean);
  const links = sections.map((one) => el('a', {href: `#${one.id}`}, one.dataset.link ?? one.querySelector('h2').textContent));
  document.getElementById('page').append(
    el('header', {},
      el('h1', {}, data.title || 'Screening'),
      el('p', {class: 'soft'}, `ocrscreen report · begun ${moment(data.created_ms)} · run ${data.run_id.slice(0, 12)}`)),
    el('nav', {'aria-label': 'Sections'}, el('div', {class: 'links'}, ...links),
      choice('Colours', [['auto', 'as the system'], ['light', 'light'], ['dark', 'dark']], 'auto', setTheme)),
    ...sections);
  drawCharts();
  document.documentElement.dataset.ready = '1';
}

build();
