// Numbers, times and texts for people.
const plain = new Intl.NumberFormat('en', {maximumFractionDigits: 0});

export function count(value) { return plain.format(value ?? 0); }

export function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 10 ** -digits / 2)) return value.toPrecision(3);
  if (Math.abs(value) >= 1000) return plain.format(value);
  return String(Number(value.toFixed(Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : digits)));
}

export function signed(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  return (value > 0 ? '+' : value < 0 ? '−' : '') + number(Math.abs(value), digits);
}

export const percent = (part, digits = 1) =>
  part === null || part === undefined || !Number.isFinite(part) ? '–' : `${(100 * part).toFixed(digits)} %`;

export function duration(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 1) return `${Math.round(ms)} ms`;
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
  return `${(seconds / 86400).toFixed(1)} days`;
}

export const moment = (ms) => (ms ? new Date(ms).toISOString().slice(0, 16).replace('T', ' ') + ' UTC' : '–');

export function shortened(text, length) { return text.length > length ? text.slice(0, length - 1) + '…' : text; }

/** Marks on an axis: three digits that count, whatever the size. */
export const tick = (value) => String(Number(value.toPrecision(3)));
