'use strict';
(() => {
const OPEN_AGAIN = 'Run `batchctl local open` for a new one.';
const EVERY = 1500, PIECE = 1 << 18, FIRST = 1 << 16, MOST_TEXT = 1 << 20, MOST_REQUESTS = 300;
const LOOK_OF = {running: 'running', idle: 'idle', unusable: 'broken', starttaskfailed: 'broken', unknown: 'broken', preempted: 'broken',
  offline: 'away', deallocating: 'away', deallocated: 'away', leavingpool: 'away'};
const ORDER = ['running', 'idle', 'coming', 'broken', 'away'];
const TASKS = [['failed', 'broken', 'failed'], ['running', 'busy', 'running'], ['active', 'wait', 'waiting'], ['succeeded', 'done', 'succeeded']];
const USUAL = {seconds: 0, every: 1, skip: 0};
const main = document.getElementById('main'), said = document.getElementById('said');
let session = '', view = null, timer = 0, looking = null, requests = [];

/* Whatever others wrote becomes the text of a node, and never markup, an address or a style. */
function make(tag, about = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(about))
    if (value !== undefined) name in made ? made[name] = value : made.setAttribute(name, value);
  made.append(...children.filter(child => child !== undefined && child !== null && child !== ''));
  return made;
}
const name = text => make('bdi', {}, text);
const place = (...parts) => '#' + parts.map(encodeURIComponent).join('/');
const plural = (count, word) => `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
const say = text => { if (said.textContent !== text) said.textContent = text; };
function put(node, text) { if (node.textContent !== text) node.textContent = text; }

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

class Closed extends Error {}
async function ask(path, {method = 'GET', headers = {}, bearer = session} = {}) {
  const answer = await fetch('/_local/page/' + path,
    {method, headers: {...headers, Authorization: 'Bearer ' + bearer}, cache: 'no-store', credentials: 'omit', signal: method === 'GET' ? looking?.signal : undefined});
  if (answer.status === 401) throw new Closed();
  if (!answer.ok) {
    const told = await answer.json().catch(() => null);
    throw Object.assign(new Error(told?.message?.value?.split('\n')[0] ?? 'The service refused: ' + answer.status), {status: answer.status});
  }
  return answer;
}
const json = async (...asked) => (await ask(...asked)).json();

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
      const text = typeof value === 'object' ? value.textContent : String(value);
      if (node.textContent !== text || !node.firstChild) node.replaceChildren(typeof value === 'object' ? value : name(text));
    });
}
const short = node => node.replace(/^(tvm\w*?_[0-9a-f]{8})[0-9a-f]+/, '$1…');
const link = (text, ...parts) => make('a', {href: place(...parts)}, name(text));

/* A bar of what became of tasks, and the same in words. */
function bar(node, counts) {
  keyed(node, TASKS.filter(([look]) => counts[look]), ([look]) => look, ([, kind]) => make('span', {className: 'look ' + kind}),
    (part, [look]) => { part.style.flexGrow = counts[look]; part.style.flexBasis = 0; });
  node.setAttribute('aria-label', counted(counts));
}
const counted = counts => TASKS.filter(([look]) => counts[look]).map(([look, , word]) => `${counts[look].toLocaleString('en')} ${word}`).join(', ') || 'no tasks';

/* The map of a pool: one stop of the Tab key, arrows from node to node. */
function nodeMap(pool) {
  const map = make('ul', {className: 'map', 'aria-label': `Nodes of ${pool}`}), told = make('p', {className: 'soft told'});
  const legend = make('ul', {className: 'legend', 'aria-label': `States of the nodes of ${pool}`});
  const tell = at => { const of = at?.closest('a'); if (of) put(told, of.getAttribute('aria-label')); };
  map.addEventListener('mouseover', event => tell(event.target));
  map.addEventListener('focusin', event => {
    tell(event.target);
    map.querySelectorAll('a[tabindex="0"]').forEach(other => { other.tabIndex = -1; });
    event.target.tabIndex = 0;
  });
  map.addEventListener('keydown', event => {
    const all = [...map.querySelectorAll('a')], at = all.indexOf(event.target);
    const wide = all.findIndex(other => other.offsetTop > all[0].offsetTop), row = wide < 0 ? all.length : wide;
    const to = {ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + row, ArrowUp: at - row, Home: 0, End: all.length - 1}[event.key];
    if (at < 0 || to === undefined || !all[to]) return;
    event.preventDefault();
    all[to].focus();
  });
  let only = '';
  function show(nodes) {
    const counts = new Map();
    for (const [, state] of nodes) counts.set(state, (counts.get(state) ?? 0) + 1);
    if (!counts.has(only)) only = '';
    const rank = ([state]) => ORDER.indexOf(LOOK_OF[state] ?? 'coming');
    keyed(legend, [...counts].sort((a, b) => rank(a) - rank(b) || a[0].localeCompare(b[0])), ([state]) => state, ([state]) => make('li', {}, make('button', {type: 'button', onclick: () => {
      only = only === state ? '' : state; show(nodes);
    }}, make('span', {className: `look swatch ${LOOK_OF[state] ?? 'coming'}`}), make('span'))), (item, [state, count]) => {
      put(item.querySelector('button span:last-child'), `${state} ${count}`);
      item.firstChild.setAttribute('aria-pressed', String(only === state));
    });
    keyed(map, nodes, ([id]) => id, ([id]) => make('li', {}, make('a', {href: place('node', pool, id), tabIndex: -1})), (item, [id, state, busy]) => {
      const words = `${id}: ${state}${busy ? `, ${plural(busy, 'task')}` : ''}`, cell = item.firstChild;
      if (cell.getAttribute('aria-label') !== words) { cell.setAttribute('aria-label', words); cell.title = words; }
      cell.className = `look ${LOOK_OF[state] ?? 'coming'}${only && only !== state ? ' dim' : ''}`;
    });
    if (!map.querySelector('a[tabindex="0"]') && map.firstChild) map.firstChild.firstChild.tabIndex = 0;
    if (map.contains(document.activeElement)) tell(document.activeElement);
    put(told, told.textContent || (nodes.length ? 'Point at a node, or walk with the arrow keys; Enter opens it.' : ''));
  }
  return {parts: [legend, map, told], show};
}

class Overview {
  title = '';
  constructor() {
    const [log, rows] = table('The last requests', [['time'], ['method'], ['path'], ['status'], ['took']]);
    log.classList.add('requests');
    this.pools = make('div'); this.jobs = make('div'); this.faults = make('div'); this.rows = rows;
    const part = (id, title, ...inside) => make('section', {}, make('h2', {id: 'at-' + id, tabIndex: -1}, title), ...inside);
    this.body = [part('pools', 'Pools', this.pools), part('jobs', 'Jobs', this.jobs), part('faults', 'Faults in force', this.faults),
      part('requests', 'The last requests', log)];
  }
  async look() {
    const found = await json('account?%24skiptoken=' + (requests[0]?.number ?? 0));
    document.body.dataset.today = found.now.slice(0, 10);
    put(document.getElementById('account'), `account ${found.account}, ${location.host}, ${found.now.slice(11, 19)} UTC`);
    requests = [...found.requests.reverse(), ...requests].slice(0, MOST_REQUESTS);
    this.showPools(found.pools); this.showJobs(found.jobs); this.showFaults(found.faults); this.showRequests();
  }
  showPools(pools) {
    this.none(this.pools, pools, 'There is no pool.');
    keyed(this.pools, pools, pool => pool.id, pool => {
      const card = make('div', {className: 'pool'}), map = nodeMap(pool.id);
      card.append(make('h3', {}, name(pool.id)), make('p', {className: 'soft'}), make('p', {className: 'bad', hidden: true}), ...map.parts);
      return Object.assign(card, {map});
    }, (card, pool) => {
      const [, about, errors] = card.children, [dedicated, spot] = pool.targets;
      const wanted = pool.scales ? 'scales by a formula' : `${dedicated + spot} wanted${spot ? `, ${spot} of them spot` : ''}`;
      put(about, `${pool.state}: ${plural(pool.nodes.length, 'node')}, ${wanted}; ${pool.vmSize}`);
      put(errors, pool.errors.join('; ')); errors.hidden = !pool.errors.length;
      card.map.show(pool.nodes);
    });
  }
  showJobs(jobs) {
    this.none(this.jobs, jobs, 'There is no job.');
    keyed(this.jobs, jobs, job => job.id + job.created, job => make('div', {className: 'job'}, make('h3', {}, link(job.id, 'job', job.id)),
      make('div', {className: 'bar', role: 'img'}), make('p', {className: 'soft'})), (card, job) => {
      bar(card.children[1], job.counts);
      put(card.children[2], `${job.state}: ${counted(job.counts)}${job.pool ? `; pool ${job.pool}` : ''}${job.error ? `; ${job.error}` : ''}`);
    });
  }
  showFaults(faults) {
    this.none(this.faults, faults, 'None: the service is well behaved. `batchctl local fault` makes some.');
    keyed(this.faults, faults, fault => fault.id, fault => make('p', {className: 'fault'}, make('button', {type: 'button', 'aria-label': `Clear fault ${fault.id}`, onclick: async () => {
      try { await ask('faults/' + fault.id, {method: 'DELETE'}); } catch (error) { troubled(error); }
      document.getElementById('at-faults').focus();
      soon(0);
    }}, 'Clear'), make('bdi')), (line, fault) => {
      const asked = Object.entries(fault).filter(([key, value]) => !['id', 'kind', 'seen', 'done'].includes(key) && USUAL[key] !== value).map(([key, value]) => `${key}=${value}`);
      put(line.lastChild, `${fault.id}: ${fault.kind} ${asked.join(' ')} (met ${fault.seen}, hit ${fault.done})`);
    });
  }
  showRequests() {
    keyed(this.rows, requests, request => request.number, request => {
      const row = make('tr'), bad = request.status === null || request.status >= 400;
      const status = `${request.status ?? 'dropped'}${request.code ? ' ' + request.code : ''}`;
      cells(row, [[moment(request.time)], [request.method], [name(request.path), 'wide'], [status, bad ? 'bad' : ''], [`${(request.seconds * 1000).toFixed(1)} ms`]]);
      return row;
    });
  }
  none(box, items, text) {
    box.none_ ??= make('p', {className: 'soft'}, text);
    if (items.length) box.none_.remove(); else box.parentElement.append(box.none_);
  }
}

class JobView {
  constructor(job) {
    this.job = job; this.title = `job ${job}`; this.only = ''; this.after = 0;
    this.facts = make('dl', {className: 'facts'}); this.bar = make('div', {className: 'bar', role: 'img'});
    this.choices = make('div', {className: 'choices', role: 'group', 'aria-label': 'Which tasks'});
    const [list, rows] = table('Tasks', [['task'], ['state'], ['ended with'], ['node', 'extra'], ['started'], ['took']]);
    const step = (text, by) => make('button', {type: 'button', onclick: () => { this.after = Math.max(0, this.after + by * this.most); soon(0); }}, text);
    this.rows = rows; this.where = make('span', {className: 'soft', role: 'status'}); this.back = step('Earlier', -1); this.on = step('Later', 1);
    this.body = [make('h1', {tabIndex: -1}, 'Job ', name(job)), this.facts, this.bar, this.choices, list,
      make('div', {className: 'choices'}, this.back, this.on, this.where)];
  }
  async look() {
    const found = await json(`jobs/${encodeURIComponent(this.job)}?look=${this.only}&%24skiptoken=${this.after}`);
    this.most = found.most;
    facts(this.facts, [['state', found.state], ['why it ended', found.reason], ['what keeps it', found.error], ['pool', found.pool], ['created', moment(found.created)]]);
    bar(this.bar, found.counts);
    const total = Object.values(found.counts).reduce((sum, count) => sum + count, 0);
    keyed(this.choices, [['', '', 'all', total], ...TASKS.map(([look, kind, word]) => [look, kind, word, found.counts[look]])], ([look]) => look,
      ([look, kind]) => make('button', {type: 'button', onclick: () => { this.only = look; this.after = 0; soon(0); }},
        kind && make('span', {className: `look swatch ${kind}`}), make('span')), (button, [look, , word, count]) => {
        put(button.lastChild, `${word} ${count.toLocaleString('en')}`); button.setAttribute('aria-pressed', String(this.only === look));
      });
    showTasks(this.rows, found.tasks.map(task => ({...task, job: found.id})));
    const last = found.after + found.tasks.length;
    put(this.where, found.total ? `${(found.after + 1).toLocaleString('en')} to ${last.toLocaleString('en')} of ${found.total.toLocaleString('en')}` : 'none');
    this.back.disabled = !found.after; this.on.disabled = last >= found.total;
    if (!found.tasks.length && found.after) { this.after = 0; soon(0); }
  }
}

function showTasks(rows, tasks) {
  keyed(rows, tasks, task => task.id, () => make('tr'), (row, task) => {
    const kind = TASKS.find(([look]) => look === task.look)[1];
    const state = make('span', {}, make('span', {className: `look swatch ${kind}`}), task.look === 'active' ? 'waiting' : task.look);
    const code = task.exitCode ?? '', ended = code === '' || (task.failure && code === 0) ? task.failure : `exit code ${code}`;
    cells(row, [[link(task.id, 'task', task.job, task.id), 'wide'], [state], [ended && name(ended), task.look === 'failed' ? 'bad' : ''],
      [task.node && make('a', {href: place('node', task.pool, task.node), title: task.node}, name(short(task.node))), 'tight extra'], [moment(task.startTime)],
      [task.endTime && task.startTime ? span(task.startTime, task.endTime) : '']]);
  });
}

/* A file that grows: first its end, then whatever comes. */
class Stream {
  constructor(base, file, open) {
    this.base = base; this.path = file.path; this.begin();
    this.text = make('pre', {tabIndex: 0, role: 'region', 'aria-label': file.name, className: file.name === 'stderr.txt' ? 'stderr' : ''});
    this.note = make('span', {className: 'soft'});
    const close = open && make('button', {type: 'button', onclick: open}, 'Close');
    this.body = make('div', {}, make('h3', {}, name(file.name), ' ', this.note, ' ', close), this.text);
  }
  begin() { this.at = -1; this.kept = 0; this.cut = 0; this.reader = new TextDecoder('utf-8', {fatal: false}); this.text?.replaceChildren(); }
  async follow(length) {
    if (length < this.at) this.begin();
    if (this.at < 0) this.cut = this.at = Math.max(0, length - FIRST);
    while (this.at < length && this.body.isConnected) {
      const end = Math.min(this.at + PIECE, length) - 1;
      const answer = await ask(`${this.base}/files/${this.path}`, {headers: {'ocp-range': `bytes=${this.at}-${end}`}});
      const bytes = await answer.arrayBuffer();
      if (!bytes.byteLength) break;
      this.at += bytes.byteLength;
      this.add(this.reader.decode(bytes, {stream: true}));
    }
    put(this.note, `${size(length)}${this.cut ? `, without the first ${size(this.cut)}` : ''}`);
  }
  add(text) {
    const pre = this.text, ends = pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 8;
    pre.append(text); this.kept += text.length;
    while (this.kept > MOST_TEXT && pre.childNodes.length > 1) {
      this.kept -= pre.firstChild.length; this.cut += pre.firstChild.length; pre.firstChild.remove();
    }
    if (ends) pre.scrollTop = pre.scrollHeight;
  }
}

/* The streams of a task or a node, and any other file of its directory. */
class Files {
  constructor(base) {
    this.base = base; this.streams = new Map(); this.chosen = ''; this.run = null;
    this.shown = make('div'); this.list = make('div', {hidden: true});
    const [files, rows] = table('Files of the directory', [['file'], ['size'], ['modified', 'extra']]);
    this.rows = rows; this.list.append(make('h2', {}, 'Files'), files);
    this.none = make('p', {className: 'soft', hidden: true});
    this.body = [this.none, this.shown, this.list];
  }
  async show(files, run, none) {
    if (run !== this.run) { this.run = run; for (const stream of this.streams.values()) stream.begin(); }
    put(this.none, none); this.none.hidden = files.length > 0;
    const named = new Map(files.map(file => [file.name, file]));
    const open = files.filter(file => /^(startup\/)?std(out|err)\.txt$/.test(file.name) || file.name === this.chosen);
    keyed(this.shown, open, file => file.name, file => {
      const close = file.name === this.chosen ? () => { this.chosen = ''; soon(0); } : undefined;
      const stream = new Stream(this.base, file, close);
      this.streams.set(file.name, stream);
      return stream.body;
    });
    for (const key of this.streams.keys()) if (!named.has(key) || !open.some(file => file.name === key)) this.streams.delete(key);
    const others = files.filter(file => !/^startup\/std/.test(file.name));
    this.list.hidden = !others.length;
    keyed(this.rows, others, file => file.name, file => make('tr', {}, make('td', {className: 'wide'},
      make('button', {type: 'button', onclick: () => { this.chosen = file.name; this.focus = file.name; soon(0); }}, name(file.name)))),
      (row, file) => cells(row, [[row.cells[0].firstChild, 'wide'], [size(file.size)], [moment(file.modified), 'tight extra']]));
    for (const file of open) await this.streams.get(file.name)?.follow(file.size);
    if (this.focus) { this.streams.get(this.focus)?.text.focus(); this.focus = ''; }
  }
}

class TaskView {
  constructor(job, task) {
    this.title = `task ${task}`; this.path = `jobs/${encodeURIComponent(job)}/tasks/${encodeURIComponent(task)}`;
    this.facts = make('dl', {className: 'facts'}); this.files = new Files(this.path);
    this.body = [make('h1', {tabIndex: -1}, 'Task ', name(task)), make('p', {}, 'of job ', link(job, 'job', job)), this.facts, ...this.files.body];
  }
  async look() {
    const task = await json(this.path), info = task.info;
    const again = [info.retryCount && `tried again ${plural(info.retryCount, 'time')}`, info.requeueCount && `queued again ${plural(info.requeueCount, 'time')}`];
    facts(this.facts, [['state', task.look === 'active' ? 'waiting' : task.look === 'running' ? task.state : task.look], ['failure', task.failure],
      ['exit code', info.exitCode], ['command', make('code', {}, task.command)], ['created', moment(task.created)], ['started', moment(info.startTime)],
      ['ended', moment(info.endTime)], ['took', info.endTime && span(info.startTime, info.endTime)], ['again', again.filter(Boolean).join(', ')],
      ['node', task.node && link(task.node, 'node', task.pool, task.node)], ['directory', task.directory && make('code', {}, task.directory)]]);
    await this.files.show(task.files, info.startTime, task.node ? 'Its directory is gone, or nothing is in it yet.' : 'It has no directory: it has not run on a node that is still there.');
  }
}

class NodeView {
  constructor(pool, node) {
    this.title = `node ${node}`; this.path = `pools/${encodeURIComponent(pool)}/nodes/${encodeURIComponent(node)}`;
    this.facts = make('dl', {className: 'facts'}); this.files = new Files(this.path);
    const [list, rows] = table('Tasks that run on it', [['task'], ['state'], ['ended with'], ['node', 'extra'], ['started'], ['took']]);
    this.rows = rows; this.tasks = make('section', {hidden: true}, make('h2', {}, 'What runs on it'), list);
    this.body = [make('h1', {tabIndex: -1}, 'Node ', name(node)), make('p', {className: 'soft'}, 'of pool ', name(pool)), this.facts, this.tasks,
      make('h2', {}, 'What its start task wrote'), ...this.files.body];
  }
  async look() {
    const node = await json(this.path), start = node.startTask;
    const ended = start && [start.state, start.result, start.exitCode !== undefined && `exit code ${start.exitCode}`, start.failureInfo?.message].filter(Boolean).join(', ');
    facts(this.facts, [['state', node.state], ['since', moment(node.since)], ['errors', node.errors.join('; ')], ['scheduling', node.scheduling],
      ['kind', node.dedicated ? 'dedicated' : 'spot'], ['address', node.ip], ['start task', ended || 'none'], ['tasks run', node.tasksRun],
      ['directory', make('code', {}, node.directory)]]);
    this.tasks.hidden = !node.tasks.length;
    showTasks(this.rows, node.tasks);
    await this.files.show(node.files, start?.startTime, 'Nothing: it has no start task, or that has written nothing yet.');
  }
}

const VIEWS = {job: [JobView, 1], task: [TaskView, 2], node: [NodeView, 2]};
function viewOf(hash) {
  const [kind, ...rest] = hash.slice(1).split('/');
  const [View, wants] = VIEWS[kind] ?? [];
  try { if (View && rest.length === wants) return new View(...rest.map(decodeURIComponent)); } catch { /* no address of ours */ }
  return new Overview();
}
function turn(focus) {
  const part = document.getElementById('at-' + location.hash.slice(1));
  if (!(view instanceof Overview && part)) {
    view = viewOf(location.hash);
    main.replaceChildren(...view.body);
    document.title = (view.title ? view.title + ': ' : '') + 'Azure Batch on this machine';
    scrollTo(0, 0);
  }
  const to = document.getElementById('at-' + location.hash.slice(1)) ?? main.querySelector('h1') ?? main;
  if (focus) { to.focus({preventScroll: true}); if (to.tagName === 'H2') to.scrollIntoView(); }
  soon(0);
}

function soon(after) { clearTimeout(timer); timer = setTimeout(look, after); }
async function look() {
  if (!session) return;
  looking?.abort();
  const mine = looking = new AbortController(), shown = view;
  try {
    await shown.look();
    if (mine === looking) say('');
  } catch (error) {
    if (mine !== looking) return;
    troubled(error);
  }
  if (mine === looking && session) soon(document.hidden ? 10 * EVERY : EVERY);
}
function troubled(error) {
  if (error.name === 'AbortError') return;
  if (error instanceof Closed) {
    session = '';
    say(`The service does not know this page any more: it was started anew, or nobody looked for an hour. ${OPEN_AGAIN}`);
  } else if (error.status === 404) {
    say(`${error.message} It was deleted, or never there.`);
  } else if (error.status) {
    say(error.message);
  } else {
    say('The service does not answer. If it was stopped: `batchctl local start`, then `batchctl local open`.');
  }
}

async function enter() {
  const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (token) history.replaceState(null, '', location.pathname);
  if (!token) {
    if (session) turn(true);
    else say(`This page opens with an address that is good once, for a minute. ${OPEN_AGAIN}`);
    return;
  }
  try {
    session = (await (await ask('session', {method: 'POST', bearer: token})).json()).session;
  } catch (error) {
    if (error instanceof Closed) say(`The address that you opened was used already, or is older than a minute. ${OPEN_AGAIN}`);
    else troubled(error);
    return;
  }
  document.querySelector('nav').hidden = false;
  turn(false);
}
addEventListener('hashchange', enter);
document.addEventListener('visibilitychange', () => { if (!document.hidden) soon(0); });
enter();
})();
