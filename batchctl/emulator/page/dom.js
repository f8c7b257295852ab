/* Whatever others wrote becomes the text of a node, and never markup, an address or a style. */
function make(tag, about = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(about))
    if (value !== undefined) name in made ? made[name] = value : made.setAttribute(name, value);
  made.append(...children.filter(child => child !== undefined && child !== null && child !== ''));
  return made;
}
/* What no reader should be led by: colours of terminals go, other control characters and changes of direction are shown as what they are. */
const plain = text => String(text).replace(/\x1b\[[\d;]*m/g, '').replace(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, sign => String.fromCharCode(0x2400 + sign.charCodeAt()))
  .replace(/[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
const name = text => make('bdi', {}, plain(text));
const code = text => make('code', {}, plain(text));
/* Our own words, with commands between backquotes. */
const words = text => text.split('`').map((part, n) => n % 2 ? make('code', {}, part) : part);
const place = (...parts) => '#' + parts.map(encodeURIComponent).join('/');
const plural = (count, word) => `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
function put(node, text) { if (node.textContent !== plain(text)) node.textContent = plain(text); }

function moment(text) {
  if (!text) return '';
  return text.slice(0, 10) === document.body.dataset.today ? text.slice(11, 19) : text.slice(0, 10) + ' ' + text.slice(11, 19);
}
function span(from, to) {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  if (!(seconds >= 0)) return '';
  if (seconds < 10) return seconds.toFixed(1) + ' s';
  const whole = Math.round(seconds), [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
function size(bytes) {
  for (const [unit, of] of [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 1024]])
    if (bytes >= of) return (bytes / of).toFixed(1) + ' ' + unit;
  return bytes + ' B';
}

/* Rows by key, in order: what stays is the same node, so that focus, selection and scrolling stay too. */
function keyed(parent, items, key, create, update) {
  const old = parent.rows_ ?? new Map(), now = new Map();
  let at = parent.firstElementChild;
  for (const item of items) {
    const id = key(item), node = old.get(id) ?? create(item);
    old.delete(id); now.set(id, node);
    if (node === at) at = at.nextElementSibling; else parent.insertBefore(node, at);
    update?.(node, item);
  }
  for (const node of old.values()) node.remove();
  parent.rows_ = now;
}

function table(caption, heads) {
  const body = make('tbody');
  const head = make('thead', {}, make('tr', {}, ...heads.map(([text, kind]) => make('th', {scope: 'col', className: kind ?? ''}, text))));
  return [make('div', {className: 'rows', tabIndex: 0, role: 'region', 'aria-label': caption}, make('table', {}, head, body)), body];
}
function cells(row, values) {
  values.forEach(([content, kind], n) => {
    const cell = row.cells[n] ?? row.appendChild(make('td'));
    cell.className = kind ?? 'tight';
    const text = typeof content === 'object' ? content?.textContent ?? '' : content ?? '';
    if (cell.dataset.was === text && cell.firstChild) return;
    cell.dataset.was = text;
    cell.replaceChildren(...(content || content === 0 ? [content] : []));
  });
}
function facts(list, told) {
  keyed(list, told.filter(([, value]) => value || value === 0).flatMap(([label, value]) => [[label, 'dt', label], [label, 'dd', value]]),
    ([label, tag]) => tag + label, ([, tag]) => make(tag), (node, [, , value]) => {
      const text = typeof value === 'object' ? value.textContent : plain(value);
      if (node.textContent !== text || !node.firstChild) node.replaceChildren(typeof value === 'object' ? value : name(text));
    });
}
const short = node => node.replace(/^(tvm\w*?_[0-9a-f]{8})[0-9a-f]+/, '$1…');
const link = (text, ...parts) => make('a', {href: place(...parts)}, name(text));
