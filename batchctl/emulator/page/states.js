/* How states look: a square for a node, a part of a bar for tasks. What is not named here is a node on its way. */
const LOOK_OF = {running: 'running', idle: 'idle', unusable: 'broken', starttaskfailed: 'broken', unknown: 'broken', preempted: 'broken',
  offline: 'away', deallocating: 'away', deallocated: 'away', leavingpool: 'away'};
const ORDER = ['running', 'idle', 'coming', 'broken', 'away'];
const TASKS = [['failed', 'broken', 'failed'], ['running', 'busy', 'running'], ['active', 'wait', 'waiting'], ['succeeded', 'done', 'succeeded']];

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
