// Light, dark or as the system says; charts are told when it changes.
const listeners = [], printListeners = [];
const dark = matchMedia('(prefers-color-scheme: dark)');
let wanted = 'auto';
let printing = false;

function apply() {
  const theme = printing ? 'light' : wanted === 'auto' ? (dark.matches ? 'dark' : 'light') : wanted;
  document.documentElement.dataset.theme = theme;
  for (const listener of listeners) listener();
}

function turnForPrint(begins) {
  printing = begins;
  apply();
  for (const listener of printListeners) listener(begins);
}

export function startTheme() {
  dark.addEventListener('change', apply);
  addEventListener('beforeprint', () => turnForPrint(true));
  addEventListener('afterprint', () => turnForPrint(false));
  apply();
}

export function setTheme(theme) { wanted = theme; apply(); }
export function onTheme(listener) { listeners.push(listener); }
/** Called with true before printing, in the light theme, and with false after it. */
export function onPrint(listener) { printListeners.push(listener); }

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const get = (name) => style.getPropertyValue(name).trim();
  return {
    ink: get('--ink'), soft: get('--soft'), line: get('--line'), panel: get('--panel'), accent: get('--accent'),
    good: get('--good'), bad: get('--bad'), shade: get('--shade'), dark: document.documentElement.dataset.theme === 'dark',
  };
}

/** Distinguishable for most colour-blind readers (after Okabe and Ito). */
export const palette = () => (colours().dark
  ? ['#6cb2eb', '#f2b34a', '#4fc9a4', '#e58ac0', '#f0857a', '#b9a6f2', '#d9d36a', '#9aa4ad']
  : ['#1f5fa8', '#d07a00', '#00876c', '#b4478f', '#b3372b', '#6b56b5', '#8a7f00', '#5c656e']);

const viridis = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const diverging = [[165, 42, 34], [232, 144, 120], [240, 240, 236], [126, 178, 216], [24, 88, 160]];
/** share 0–1 → [r, g, b] */
export function ramp(share, scale = 'viridis') {
  const stops = scale === 'diverging' ? diverging : viridis;
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  return stops[i].map((from, c) => Math.round(from + (stops[i + 1][c] - from) * (at - i)));
}
export const rampColours = (scale) => (scale === 'diverging' ? diverging : viridis).map((c) => `rgb(${c.join(',')})`);
