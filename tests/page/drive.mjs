// Opens the page of the account in headless Chromium, by DevTools' own protocol, and does what a reader does.
// drive.mjs CHROMIUM DIRECTORY BATCHCTL
import {execFileSync, spawn} from 'node:child_process';
import {createServer} from 'node:http';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

const [chromium, into, batchctl] = process.argv.slice(2);
const opening = () => execFileSync(batchctl, ['local', 'open', '--print'], {encoding: 'utf8'}).trim();
const address = opening();
const origin = new URL(address).origin, profile = join(into, 'profile');
const failures = [];
const check = (good, what) => { if (!good) { failures.push(what); console.error('FAILED ' + what); } else console.log('ok ' + what); };

mkdirSync(profile, {recursive: true});
const browser = spawn(chromium, ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--disable-background-networking',
  '--disable-sync', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'], {stdio: 'ignore'});
const port = join(profile, 'DevToolsActivePort');

async function until(condition, what, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const found = await condition();
    if (found) return found;
    await sleep(50);
  }
  check(false, `${what} within ${seconds} s`);
  return null;
}

class Tab {
  static async open(socket) {
    const tab = new Tab();
    Object.assign(tab, {socket, waiting: new Map(), count: 0, console: [], asked: [], answers: []});
    socket.addEventListener('message', event => tab.hear(JSON.parse(event.data)));
    const {targetId} = await tab.send('Target.createTarget', {url: 'about:blank'});
    tab.session = (await tab.send('Target.attachToTarget', {targetId, flatten: true})).sessionId;
    for (const domain of ['Runtime', 'Log', 'Network', 'Page']) await tab.send(domain + '.enable');
    return tab;
  }
  hear({id, result, error, method, params, sessionId}) {
    if (id && this.waiting.has(id)) {
      const {done, failed} = this.waiting.get(id);
      this.waiting.delete(id);
      return error ? failed(new Error(error.message)) : done(result);
    }
    if (!this.session || sessionId !== this.session) return undefined;
    if (method === 'Runtime.consoleAPICalled') this.console.push(params.args.map(arg => arg.value).join(' '));
    if (method === 'Runtime.exceptionThrown') this.console.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === 'Log.entryAdded') this.console.push(`${params.entry.text} ${params.entry.url ?? ''}`);
    if (method === 'Network.requestWillBeSent') this.asked.push(params.request.url);
    if (method === 'Network.responseReceived') this.answers.push([params.response.url, params.response.status]);
    return undefined;
  }
  send(method, params = {}) {
    const id = ++this.count + (this.offset ??= Math.floor(Math.random() * 1e6) * 1000);
    this.socket.send(JSON.stringify({id, method, params, ...(this.session ? {sessionId: this.session} : {})}));
    return new Promise((done, failed) => this.waiting.set(id, {done, failed}));
  }
  async run(expression) {
    const {result, exceptionDetails} = await this.send('Runtime.evaluate', {expression, returnByValue: true, awaitPromise: true});
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }
  go(url) { return this.send('Page.navigate', {url}); }
  text() { return this.run("document.body?.innerText ?? ''"); }
  sees(words, seconds) { return until(async () => (await this.text()).includes(words), `"${words}" is seen`, seconds); }
  async key(key, modifiers = 0) {
    const codes = {Tab: 9, Enter: 13, ArrowRight: 39, ArrowLeft: 37, ArrowDown: 40, ArrowUp: 38, Home: 36, End: 35};
    const about = {key, code: key, windowsVirtualKeyCode: codes[key], modifiers, ...(key === 'Enter' ? {text: '\r'} : {})};
    await this.send('Input.dispatchKeyEvent', {type: 'keyDown', ...about});
    await this.send('Input.dispatchKeyEvent', {type: 'keyUp', ...about});
  }
  at() { return this.run('document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent'); }
  async size(width, height, dark = false) {
    await this.send('Emulation.setDeviceMetricsOverride', {width, height, deviceScaleFactor: 1, mobile: width < 500});
    await this.send('Emulation.setEmulatedMedia', {features: [{name: 'prefers-color-scheme', value: dark ? 'dark' : 'light'}]});
  }
  async picture(name) {
    const {data} = await this.send('Page.captureScreenshot', {format: 'png', captureBeyondViewport: false});
    writeFileSync(join(into, name + '.png'), Buffer.from(data, 'base64'));
  }
}

async function pictures(tab, name) {
  for (const [width, height] of [[1280, 1400], [768, 1400], [360, 1600]]) {
    await tab.size(width, height);
    check(await tab.run('document.documentElement.scrollWidth <= innerWidth'), `${name} fits into ${width} px`);
    await tab.picture(`${name}-${width}`);
  }
  await tab.size(1280, 1400, true);
  await tab.picture(`${name}-dark`);
  await tab.size(1280, 1400);
}
const goto = (tab, hash) => tab.run(`location.hash = ${JSON.stringify(hash)}`);

async function read(tab) {
  await tab.size(1280, 1400);
  await tab.go(address);
  await tab.sees('many');
  check(!(await tab.run('location.href')).includes('token'), 'the token is gone from the address');
  check(!(await tab.run('document.cookie')) && !(await tab.run('localStorage.length + sessionStorage.length')), 'nothing is kept in the browser');
  await until(() => tab.run("document.querySelectorAll('.map a').length >= 200"), '200 nodes are drawn');
  await tab.sees('GET');
  await pictures(tab, 'overview');

  // The map is one stop of the Tab key; arrows walk, Enter opens, and what is pointed at is said.
  await tab.run("document.querySelector('.map a[tabindex=\"0\"]').focus()");
  const first = await tab.at();
  await tab.key('ArrowRight');
  const second = await tab.at();
  await tab.key('ArrowLeft');
  check(first !== second && (await tab.at()) === first && /: \w+/.test(first), 'arrows walk from node to node');
  await tab.key('End');
  check((await tab.run("document.activeElement.closest('.pool').querySelector('.told').textContent")) === (await tab.at()), 'what a node is, is said');
  await tab.key('Tab');
  check(!(await tab.run("document.activeElement.closest('.map')")), 'Tab leaves the map');
  await tab.run("document.querySelector('.map a[tabindex=\"0\"]').focus()");
  await tab.key('Enter');
  await tab.sees('What its start task wrote');
  await pictures(tab, 'node');

  // From the account to a job, a task and its streams, by keys alone.
  await goto(tab, '#jobs');
  await until(() => tab.run("[...document.querySelectorAll('.job a')].some(a => a.textContent === 'mixed')"), 'the job is listed');
  await tab.run("[...document.querySelectorAll('.job a')].find(a => a.textContent === 'mixed').focus()");
  await tab.key('Enter');
  await tab.sees('1 to ');
  check((await tab.run("document.activeElement.tagName")) === 'H1', 'the heading of a new part has the focus');
  const rows = await tab.run("[...document.querySelectorAll('tbody tr')].map(row => row.cells[1].textContent)");
  const order = ['failed', 'running', 'waiting', 'succeeded'];
  check(rows.every((look, n) => !n || order.indexOf(rows[n - 1]) <= order.indexOf(look)) && rows[0] === 'failed', 'failed tasks come first');
  await pictures(tab, 'job');
  await tab.run("[...document.querySelectorAll('tbody a')].find(a => a.textContent === 'hostile').focus()");
  await tab.key('Enter');
  await until(() => tab.run("document.querySelector('pre')?.textContent.includes('<script>window')"), 'output is text');
  await tab.run("[...document.querySelectorAll('tbody button')].find(button => button.textContent.includes('<img')).click()");
  await until(() => tab.run("[...document.querySelectorAll('h3')].some(h3 => h3.textContent.includes('<img src=y'))"), 'a file of any name opens');
  check(!(await tab.run('window.struck')) && (await tab.run("document.querySelectorAll('main img, main script, main iframe').length")) === 0,
    'what is hostile is text');
  await pictures(tab, 'hostile');

  await goto(tab, '#task/mixed/grows');
  const grown = async () => Number((await tab.run("document.querySelector('pre')?.textContent ?? ''")).trim().split('\n').pop().split(' ').pop());
  const before = await until(grown, 'stdout is shown');
  await until(async () => (await grown()) > before, 'stdout grows');
  check((await tab.run("document.querySelector('pre').textContent.trim().split('\\n').every((line, n, all) => !n || Number(line.split(' ').pop()) === Number(all[n - 1].split(' ').pop()) + 1)")), 'no line is missing or twice');
  await pictures(tab, 'task');

  // A fault is cleared by a key.
  await goto(tab, '#faults');
  await tab.sees('Clear');
  check((await tab.text()).includes('<b>'), 'a fault is text');
  for (let left = 2; left; left--) {
    await tab.run("document.querySelector('#at-faults + div button').focus()");
    await tab.key('Enter');
    await until(async () => (await tab.run("document.querySelectorAll('#at-faults + div button').length")) === left - 1, 'a fault goes');
    check((await tab.run('document.activeElement.id')) === 'at-faults', 'the focus stays with the faults');
  }
  await tab.sees('None: the service is well behaved');

  check(!tab.console.length, `the console is silent ${tab.console.join(' | ')}`);
  const elsewhere = tab.asked.filter(url => new URL(url).origin !== origin && !url.startsWith('data:'));
  check(!elsewhere.length && tab.asked.length > 5, `nothing else is asked ${elsewhere.join(' ')}`);
  const token = address.split('token=')[1];
  check(!tab.asked.some(url => url.includes(token)), 'no token in what is sent');
}

async function refused(first, second) {
  const once = opening();
  await first.go(once);
  await first.sees('Pools');
  await second.go(once);
  await second.sees('was used already');
  check(!(await second.text()).includes('many') && (await second.text()).includes('batchctl local open'), 'a used token opens nothing, and what to do is said');
  await second.size(360, 700);
  await second.picture('used-360');
  await second.go(origin + '/_local/');
  await second.sees('batchctl local open');
  check(!(await second.text()).includes('many'), 'without a token nothing is seen');
}

// Web pages of others, one of the same site (127.0.0.1) and one of another (localhost): nothing that they ask is answered.
async function foreign(tab) {
  const token = opening().split('token=')[1];
  const server = createServer((request, answer) => answer.setHeader('Content-Type', 'text/html').end('<!doctype html><body>not ours'));
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  for (const host of ['127.0.0.1', 'localhost']) {
    await tab.go(`http://${host}:${server.address().port}/`);
    await tab.sees('not ours');
    tab.answers.length = 0;
    const seen = await tab.run(`(async () => {
      const seen = [], at = path => ${JSON.stringify(origin)} + path, bearer = {headers: {Authorization: 'Bearer ${token}'}};
      for (const [path, about] of [['/_local/', {}], ['/_local/', {mode: 'no-cors'}], ['/pools?api-version=2025-06-01', {mode: 'no-cors'}], ['/_local/page/account', {mode: 'no-cors'}],
        ['/_local/page/session', {method: 'POST', mode: 'no-cors', ...bearer}], ['/_local/page/session', {method: 'POST', ...bearer}]])
        try { seen.push((await fetch(at(path), about)).type); } catch { seen.push('failed'); }
      for (const [tag, name] of [['script', 'src'], ['img', 'src'], ['iframe', 'src']]) {
        const made = Object.assign(document.createElement(tag), {[name]: at('/_local/')});
        await new Promise(done => { made.onload = made.onerror = done; document.body.append(made); });
      }
      return seen;
    })()`);
    check(seen.every(type => ['failed', 'opaque'].includes(type)), `${host}: no answer is read: ${seen}`);
    const answered = tab.answers.filter(([url, status]) => url.startsWith(origin) && status < 400);
    check(!answered.length && tab.answers.length, `${host}: nothing is answered ${answered.join(' ')}`);
  }
  server.close();
  await tab.go(`${origin}/_local/#token=${token}`);
  await tab.sees('Pools');
}

// What a reader sees when the service goes, and when another one is at its place.
async function left(tab) {
  execFileSync(batchctl, ['local', 'stop']);
  await tab.sees('The service does not answer');
  execFileSync(batchctl, ['local', 'start'], {stdio: 'ignore'});
  await tab.sees('does not know this page any more', 60);
}

async function tabOf(url) {
  const socket = new WebSocket(url);
  await new Promise((done, failed) => { socket.onopen = done; socket.onerror = failed; });
  return Tab.open(socket);
}

try {
  await until(() => existsSync(port) && readFileSync(port, 'utf8').includes('\n'), 'Chromium starts');
  const [number, path] = readFileSync(port, 'utf8').trim().split('\n');
  const url = `ws://127.0.0.1:${number}${path}`;
  await read(await tabOf(url));
  const opened = await tabOf(url);
  await refused(opened, await tabOf(url));
  await foreign(await tabOf(url));
  await left(opened);
} catch (error) {
  check(false, error.stack);
} finally {
  browser.kill();
}
console.log(failures.length ? `${failures.length} failed; pictures are in ${into}` : `All is well; pictures are in ${into}`);
process.exit(failures.length ? 1 : 0);
