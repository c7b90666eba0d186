// What a reader of the live page would notice: numbers, workers, leaders and a plot per factor, all drawn.
import {join} from 'node:path';

export async function run(page, {shots}) {
  await page.waitForFunction(() => document.documentElement.dataset.ready === '1', null, {timeout: 60000});
  await page.waitForFunction(() => document.querySelectorAll('[data-chart]').length > 1 &&
    [...document.querySelectorAll('[data-chart]')].every((one) => one.dataset.drawn === '1'), null, {timeout: 30000});
  const result = {text: await page.evaluate(() => document.body.innerText)};
  result.charts = await page.$$eval('[data-chart]', (nodes) => nodes.map((node) => node.dataset.chart));
  result.trouble = await page.evaluate(() => !document.getElementById('trouble').hidden);
  if (shots) await page.screenshot({path: join(shots, 'live.png'), fullPage: true});
  await page.setViewportSize({width: 390, height: 844});
  await page.waitForTimeout(300);
  result.too_wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (shots) await page.screenshot({path: join(shots, 'live-phone.png'), fullPage: true});
  return result;
}
