// ECharts with only what the pages use. Tooltips are drawn in the canvas: no text of the data ever becomes markup.
import * as echarts from 'echarts/core';
import {BarChart, CustomChart, HeatmapChart, LineChart, ParallelChart, ScatterChart} from 'echarts/charts';
import {
  AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, ParallelComponent,
  TooltipComponent, VisualMapComponent,
} from 'echarts/components';
import {CanvasRenderer} from 'echarts/renderers';
import {el} from './dom.js';
import {colours, onTheme, palette} from './theme.js';

echarts.use([BarChart, CustomChart, HeatmapChart, LineChart, ParallelChart, ScatterChart, AriaComponent,
  DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, ParallelComponent, TooltipComponent,
  VisualMapComponent, CanvasRenderer]);

const all = [];

/** An axis in the page's colours. */
export function axis(name, options = {}) {
  const c = colours();
  return {
    name, nameLocation: 'middle', nameGap: 28, nameTextStyle: {color: c.soft}, axisLine: {lineStyle: {color: c.line}},
    axisTick: {lineStyle: {color: c.line}}, axisLabel: {color: c.soft, hideOverlap: true}, splitLine: {lineStyle: {color: c.line, opacity: .6}},
    scale: true, ...options,
  };
}

export function tooltip(formatter, options = {}) {
  const c = colours();
  return {renderMode: 'richText', confine: true, backgroundColor: c.panel, borderColor: c.line, textStyle: {color: c.ink, fontSize: 12}, formatter, ...options};
}

/** A chart in a box. `describe` gives the whole option, again whenever theme or controls change (update). */
export function chart(id, label, describe, size = '') {
  const box = el('div', {class: `chart ${size}`.trim(), role: 'img', 'aria-label': label, data: {chart: id}});
  const one = {box, instance: null, update() {
    if (!one.instance) return;
    delete box.dataset.drawn;
    one.instance.setOption({animation: false, color: palette(), textStyle: {fontFamily: 'inherit'}, ...describe()}, {notMerge: true});
  }};
  one.draw = () => {
    one.instance = echarts.init(box, null, {renderer: 'canvas'});
    one.instance.on('finished', () => { box.dataset.drawn = '1'; });
    one.update();
    let wide = box.clientWidth >= 600;
    new ResizeObserver(() => {
      one.instance.resize();
      if (wide === (wide = box.clientWidth >= 600)) return;
      one.update();  // another layout on a phone
    }).observe(box);
  };
  all.push(one);
  return one;
}

/** Draws every chart that is in the page, one per frame so that the page answers meanwhile. */
export function drawCharts() {
  const waiting = all.filter((one) => !one.instance);
  const next = () => {
    const one = waiting.shift();
    if (!one) return;
    one.draw();
    setTimeout(next, 0);
  };
  next();
}

onTheme(() => all.forEach((one) => one.update()));
addEventListener('beforeprint', () => all.forEach((one) => one.instance?.resize()));
