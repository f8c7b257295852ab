const OPEN_AGAIN = 'Run `batchctl local open` for a new one.';
const EVERY = 1500, SHARE = 20;
const main = document.getElementById('main'), said = document.getElementById('said');
let session = '', view = null, timer = 0, looking = null;
const say = text => { if (said.dataset.was !== text) said.replaceChildren(...words(text)); said.dataset.was = text; };

/* The session lives here and nowhere else: what is loaded again asks for a new address. */
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
async function json(path) {
  const found = await (await ask(path)).json();
  document.body.dataset.today = found.now.slice(0, 10);
  put(document.getElementById('now'), found.now.slice(11, 19) + ' UTC');
  return found;
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
  const mine = looking = new AbortController(), shown = view, began = performance.now();
  try {
    await shown.look();
    if (mine === looking) say('');
  } catch (error) {
    if (mine !== looking) return;
    troubled(error);
    if (error.status === 404) return;
  }
  // Where very many tasks are, a look takes its time: whoever looks on keeps nobody from work.
  if (mine === looking && session) soon(Math.max(document.hidden ? 10 * EVERY : EVERY, SHARE * (performance.now() - began)));
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
    if (error.status === 403) say('The service runs as another user of this machine than this browser.');
    else if (error instanceof Closed) say(`The address that you opened was used already, or is older than a minute. ${OPEN_AGAIN}`);
    else troubled(error);
    return;
  }
  document.querySelector('nav').hidden = false;
  turn(false);
}
addEventListener('hashchange', enter);
document.addEventListener('visibilitychange', () => { if (!document.hidden) soon(0); });
enter();
