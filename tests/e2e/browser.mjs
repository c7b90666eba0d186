// Opens a page in a real Chromium and says as JSON what it saw: node browser.mjs MODULES URL --checks FILE [--controls] [--shots DIR]
// Nothing is left to luck: console messages, failed requests and any request that leaves the file are collected.
import {mkdtempSync, rmSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';

const [modules, url, ...rest] = process.argv.slice(2);
const option = (name) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : undefined);
const {chromium} = createRequire(join(resolve(modules), 'package.json'))('playwright-core');

const profile = mkdtempSync(join(tmpdir(), 'ocrscreen-browser-'));
const seen = {console: [], errors: [], requests: [], dialogs: []};
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.OCRS_CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  viewport: {width: 1280, height: 900},
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
let code = 0;
try {
  const page = await context.newPage();
  page.on('console', (message) => seen.console.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('dialog', (dialog) => { seen.dialogs.push(dialog.message()); dialog.dismiss(); });
  page.on('request', (request) => { if (!request.url().startsWith('data:')) seen.requests.push(request.url()); });
  const began = Date.now();
  await page.goto(url, {waitUntil: 'load'});
  const checks = await import(pathToFileURL(resolve(option('--checks'))).href);
  seen.checks = await checks.run(page, {shots: option('--shots'), controls: rest.includes('--controls'), began});
} catch (error) {
  seen.errors.push(`the check itself: ${error.stack ?? error}`);
  code = 1;
} finally {
  await context.close();
  rmSync(profile, {recursive: true, force: true});
}
console.log(JSON.stringify(seen));
process.exit(code);
