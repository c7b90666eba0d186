// What a reader of report.html would notice: every chart has a picture, every control changes something, nothing jerks.
import {join} from 'node:path';

/** Distinct colours in a chart's canvas: a chart that drew nothing has one or two. */
const coloursIn = (page, chart) => page.evaluate((name) => {
  const node = document.querySelector(`[data-chart="${name}"]`);
  const canvas = node.tagName === 'CANVAS' ? node : node.querySelector('canvas');
  if (!canvas?.width || !canvas.height) return 0;
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Set();
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 0) colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return colours.size;
}, chart);

const allDrawn = (page) => page.waitForFunction(
  () => [...document.querySelectorAll('[data-chart]')].every((one) => one.dataset.drawn === '1'), null, {timeout: 30000});

/** The page's pictures and texts as one number: a control that does nothing leaves it as it is. */
const fingerprint = (page, id) => page.evaluate((name) => {
  const box = document.getElementById(name);
  let text = box.innerText;
  for (const canvas of box.querySelectorAll('canvas')) text += canvas.width && canvas.height ? canvas.toDataURL() : '';
  let hash = 0;
  for (let i = 0; i < text.length; ++i) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}, id);

/** Elements that reach beyond the window, boxes that scroll by themselves left aside. */
const tooWide = (page) => page.evaluate(() => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  return [...document.querySelectorAll('body *')]
    .filter((node) => node.getBoundingClientRect().right > innerWidth + 1 && !node.closest('.scroll, .links'))
    .map((node) => `${node.closest('section')?.id} ${node.tagName}.${node.className}`).slice(0, 8);
});

/** What paper gets of each chart, from a dark screen: distinct colours, share of white, width; and what stays afterwards. */
async function onPaper(page, shots) {
  await page.selectOption('nav select', 'dark');
  await allDrawn(page);
  await page.emulateMedia({media: 'print'});
  const print = await page.evaluate(() => {
    dispatchEvent(new Event('beforeprint'));
    return [...document.querySelectorAll('.chart[data-chart]')].map((box) => {
      const canvas = box.querySelector('canvas.printed');
      if (!canvas) return {name: box.dataset.chart, colours: 0};
      const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const colours = new Set();
      let white = 0;
      for (let i = 0; i < data.length; i += 4) {
        colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
        white += data[i] + data[i + 1] + data[i + 2] > 740;
      }
      const shown = [...box.children].filter((node) => getComputedStyle(node).display !== 'none').length;
      const inside = canvas.getBoundingClientRect().top >= box.getBoundingClientRect().top - 1 &&
        canvas.getBoundingClientRect().bottom <= box.getBoundingClientRect().bottom + 1;
      return {name: box.dataset.chart, inside, colours: colours.size, white: white / (data.length / 4), width: canvas.width, shown};
    });
  });
  if (shots) await page.screenshot({path: join(shots, 'print.png'), fullPage: true});
  const left = await page.evaluate(() => {
    dispatchEvent(new Event('afterprint'));
    return document.querySelectorAll('canvas.printed').length;
  });
  await page.emulateMedia({media: 'screen'});
  if (shots) await page.pdf({path: join(shots, 'report.pdf'), format: 'A4', preferCSSPageSize: true});
  await page.selectOption('nav select', 'auto');
  return {print, left};
}

async function tryControls(page) {
  const tried = [];
  const idle = [];
  for (const id of await page.$$eval('section[id]', (nodes) => nodes.map((node) => node.id))) {
    const selects = await page.$$(`#${id} .controls select`);
    for (const select of selects) {
      const label = await select.getAttribute('aria-label');
      const values = await select.evaluate((node) => [...node.options].map((one) => one.value));
      const old = await select.evaluate((node) => node.value);
      if (values.length < 2) continue;
      const before = await fingerprint(page, id);
      let changed = false;  // one other value may show the same
      for (const value of values.filter((one) => one !== old)) {
        await select.selectOption(value);
        await allDrawn(page);
        changed = changed || await fingerprint(page, id) !== before;
        if (changed) break;
      }
      if (!changed) idle.push(`${id}: ${label}`);
      await select.selectOption(old);
      await allDrawn(page);
      tried.push(`${id}: ${label}`);
    }
    // A click may replace its neighbours: each is looked for again.
    const buttons = `#${id} .controls button, #${id} th button`;
    for (let at = 0; at < (await page.$$(buttons)).length; ++at) {
      const button = (await page.$$(buttons))[at];
      const name = (await button.getAttribute('aria-label')) ?? (await button.textContent());
      const before = await fingerprint(page, id);
      await button.click();
      if (await fingerprint(page, id) === before) idle.push(`${id}: button ${name}`);
      tried.push(`${id}: button ${name}`);
    }
  }
  return {tried, idle};
}

export async function run(page, {shots, began, controls}) {
  await page.waitForFunction(() => document.documentElement.dataset.ready === '1', null, {timeout: 60000});
  await allDrawn(page);
  const result = {ready_ms: Date.now() - began, charts: {}};
  const shoot = async (name) => {
    for (const section of shots ? await page.$$('section[id]') : []) {
      await section.screenshot({path: join(shots, `${name}-${await section.getAttribute('id')}.png`)});
    }
  };
  for (const name of await page.$$eval('[data-chart]', (nodes) => nodes.map((node) => node.dataset.chart))) {
    result.charts[name] = await coloursIn(page, name);
  }
  result.sections = await page.$$eval('section[id]', (nodes) => nodes.map((node) => node.id));
  result.pictures = await page.$$eval('main img', (nodes) => nodes.filter((node) => node.complete && node.naturalWidth > 100).length);
  result.text = await page.evaluate(() => document.body.innerText);
  // Elements that only the data could have brought in.
  result.foreign = await page.$$eval('main img:not([src^="data:image/webp"]), main svg, main b[onclick], main script, main i', (nodes) => nodes.length);
  result.too_wide = await tooWide(page);
  await shoot('light');
  if (controls) Object.assign(result, await tryControls(page));

  await page.hover('.heatmap', {position: {x: 40, y: 30}});
  result.readout = await page.textContent('#heatmap .readout');
  await page.selectOption('nav select', 'dark');
  await allDrawn(page);
  result.dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await shoot('dark');
  await page.selectOption('nav select', 'auto');
  await page.setViewportSize({width: 390, height: 844});
  await page.waitForTimeout(300);
  await allDrawn(page);
  result.too_wide.push(...await tooWide(page));
  await shoot('phone');
  await page.setViewportSize({width: 1280, height: 900});
  result.paper = await onPaper(page, shots);
  // How long the page keeps its reader waiting while it is scrolled from top to bottom.
  result.longest_frame_ms = await page.evaluate(() => new Promise((done) => {
    let last = performance.now();
    let longest = 0;
    const step = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      scrollBy(0, 120);
      if (scrollY + innerHeight >= document.documentElement.scrollHeight - 2) done(longest);
      else requestAnimationFrame(step);
    };
    scrollTo(0, 0);
    requestAnimationFrame(step);
  }));
  return result;
}
