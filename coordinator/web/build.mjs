// Bundles src/ into single pages and writes them as a C++ source: node build.mjs MODULES_DIR OUT.cpp
// A page is src/NAME.html with the marks below; the script's and the style's hashes go into its Content-Security-Policy.
import {createHash} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

const [modules, out] = process.argv.slice(2).map((argument) => resolve(argument));
const source = join(dirname(fileURLToPath(import.meta.url)), 'src');
const {buildSync} = createRequire(join(modules, 'package.json'))('esbuild');

const bundled = (entry, minify = true) =>
  buildSync({
    entryPoints: [join(source, entry)],
    bundle: true,
    minify,
    write: false,
    format: 'iife',
    target: ['es2020'],
    charset: 'utf8',
    legalComments: 'none',
    nodePaths: [join(modules, 'node_modules')],
    define: {'process.env.NODE_ENV': '"production"'},
    logLevel: 'warning',
  }).outputFiles[0].text;

const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The two halves of a page around the mark of its data. */
function page(name) {
  const style = readFileSync(join(source, 'style.css'), 'utf8');
  const script = bundled(`${name}.js`);
  const parts = {'%STYLE_HASH%': hash(style), '%SCRIPT_HASH%': hash(script), '%STYLE%': style, '%SCRIPT%': script};
  const html = readFileSync(join(source, `${name}.html`), 'utf8')
    .replace(/%(STYLE|SCRIPT)(_HASH)?%/g, (mark) => parts[mark]);
  const [before, after] = html.split('%DATA%');
  if (/<\/script/i.test(script)) throw new Error(`${name}: the script would end its own element`);
  return {before, after: after ?? ''};
}

/** A C++ string literal in pieces that every compiler takes. */
function literal(text) {
  const bytes = Buffer.from(text, 'utf8');
  const lines = [];
  for (let at = 0; at < bytes.length; at += 4096) {
    let line = '';
    for (const byte of bytes.subarray(at, at + 4096)) {
      const plain = byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 && byte !== 63;
      line += plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
    }
    lines.push(`"${line}"`);
  }
  return {text: lines.length ? lines.join('\n') : '""', size: bytes.length};
}

let cpp = '// Made by coordinator/web/build.mjs.\n#include "coordinator/io/web_pages.hpp"\n\nnamespace ocrs {\n';
for (const name of ['report', 'live']) {
  const halves = page(name);
  for (const half of ['before', 'after']) {
    const {text, size} = literal(halves[half]);
    cpp += `static const char ${name}_${half}[] =\n${text};\n`;
    halves[half] = `{${name}_${half}, ${size}}`;
  }
  cpp += `const WebPage ${name}_page{${halves.before}, ${halves.after}};\n`;
}
cpp += '}  // namespace ocrs\n';
writeFileSync(out, cpp);
