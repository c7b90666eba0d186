// ECharts with only what the pages use. Tooltips are drawn in the canvas: no text of the data ever becomes markup.
import * as echarts from 'echarts/core';
import {BarChart, CustomChart, HeatmapChart, LineChart, ParallelChart, ScatterChart} from 'echarts/charts';
import {
  AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, ParallelComponent,
  TooltipComponent, VisualMapComponent,
} from 'echarts/components';
import {CanvasRenderer} from 'echarts/renderers';
import {el} from './dom.js';
import {colours, onPrint, onTheme, palette} from './theme.js';

echarts.use([BarChart, CustomChart, HeatmapChart, LineChart, ParallelChart, ScatterChart, AriaComponent,
  DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, ParallelComponent, TooltipComponent,
  VisualMapComponent, CanvasRenderer]);

const all = [];
const paperWidth = 680;  // CSS pixels: A4 within the margins of style.css

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
    one.height = box.clientHeight;
    new ResizeObserver(() => {
      if (box.clientHeight === 0) return;  // on paper the box is as high as its print
      one.height = box.clientHeight;
      one.instance.resize();
      if (wide === (wide = box.clientWidth >= 600)) return;
      one.update();  // another layout on a phone
    }).observe(box);
  };
  // A browser prints in the same turn, before ECharts would draw again: the print is a canvas painted at once.
  one.print = () => {
    if (!one.instance) one.draw();
    one.instance.resize({width: paperWidth, height: one.height, silent: true});
    one.update();
    const canvas = one.instance.renderToCanvas({pixelRatio: 2, backgroundColor: '#fff'});
    canvas.className = 'printed';
    canvas.removeAttribute('style');  // it came placed over the chart's other layers
    box.append(canvas);
  };
  one.unprint = () => {
    box.querySelectorAll('canvas.printed').forEach((canvas) => canvas.remove());
    one.instance?.resize({width: 'auto', height: 'auto'});
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
onPrint((begins) => all.forEach((one) => (begins ? one.print() : one.unprint())));
