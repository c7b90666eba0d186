// Elements from plain data. Text only ever becomes text nodes: nothing here parses markup.
export function el(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (key === 'on') for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (key === 'class') node.className = value;
    else if (key === 'data') Object.assign(node.dataset, value);
    else if (value === true) node.setAttribute(key, '');
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function section(id, title, hint, ...children) {
  return el('section', {id}, el('h2', {}, title), hint ? el('p', {class: 'hint'}, hint) : null, ...children);
}

/** A labelled select; `options` are [value, text] pairs; onchange gets the value. */
export function choice(label, options, value, onchange) {
  const select = el('select', {'aria-label': label, on: {change: () => onchange(select.value)}},
    ...options.map(([key, text]) => el('option', {value: key, selected: String(key) === String(value)}, text)));
  return el('label', {}, label, select);
}

/** Columns: {title, number, cell(row) → text or node}. */
export function table(columns, rows, rowOptions = () => ({})) {
  const line = (row) => el('tr', rowOptions(row), ...columns.map((column) => {
    const cell = column.cell(row);
    const style = [column.number ? 'number' : '', column.wide ? 'wide' : '', column.style?.(row) ?? ''].join(' ').trim();
    return el('td', style ? {class: style} : {}, cell ?? '');
  }));
  const head = columns.map((column) => el('th', {scope: 'col', ...(column.number ? {class: 'number'} : {})}, column.head ?? column.title));
  return el('div', {class: 'scroll'}, el('table', {}, el('thead', {}, el('tr', {}, ...head)), el('tbody', {}, ...rows.map(line))));
}

export const tile = (value, what) => el('div', {class: 'tile'}, el('b', {}, value), el('span', {}, what));
