const said = document.getElementById('live'), CAN_FOCUS = 'a,button,input,[tabindex]';
const GONE = 'Nobody watches this run any more: this is how it was.';
let version = '', failed = 0;

function replace(text) {
  const page = new DOMParser().parseFromString(text, 'text/html');
  const all = found => [...document.querySelectorAll(found)];
  const typed = document.getElementById('filter')?.value ?? '', at = all(CAN_FOCUS).indexOf(document.activeElement);
  const sorted = all('th[aria-sort]').map(head => [head.closest('section').id, head.cellIndex,
    [...head.closest('section').querySelectorAll('table')].indexOf(head.closest('table')), head.getAttribute('aria-sort')]);
  const rolled = all('.rows,.plot').map(one => [one.scrollTop, one.scrollLeft]), top = scrollY;
  for (const part of ['header', 'main'])
    document.querySelector(part).replaceChildren(...page.querySelector(part).childNodes);
  enhance();
  for (const [section, column, table, order] of sorted) {
    const head = document.getElementById(section)?.querySelectorAll('table')[table]?.tHead?.rows[0].cells[column];
    head?.querySelector('button').click();
    if (order === 'descending') head?.querySelector('button').click();
  }
  const filter = document.getElementById('filter');
  if (filter && typed) { filter.value = typed; filter.oninput(); }
  all('.rows,.plot').forEach((one, n) => { if (rolled[n]) [one.scrollTop, one.scrollLeft] = rolled[n]; });
  if (at >= 0) all(CAN_FOCUS)[at]?.focus({preventScroll: true});
  scrollTo(scrollX, top);
}

async function look() {
  try {
    const answer = await fetch('fresh', {headers: version ? {'If-None-Match': version} : {}, cache: 'no-store'});
    const text = answer.status === 304 ? '' : await answer.text();
    if (answer.ok) { replace(text); version = answer.headers.get('ETag'); }
    said.textContent = answer.ok || answer.status === 304 ? 'This page follows the run.' : text;
    if (answer.headers.get('X-Over')) { said.textContent = GONE; return; }
    failed = 0;
  } catch {
    failed += 1;
    if (failed > 3) { said.textContent = GONE; return; }
  }
  setTimeout(look, 2000);
}
look();
