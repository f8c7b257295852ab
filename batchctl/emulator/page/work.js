/* One job, one task, one node. */
function showTasks(rows, tasks, now) {
  keyed(rows, tasks, task => `${task.job}/${task.id}`, () => make('tr'), (row, task) => {
    const kind = TASKS.find(([look]) => look === task.look)[1];
    const state = make('span', {}, make('span', {className: `look swatch ${kind}`}), task.look === 'active' ? 'waiting' : task.look);
    const exit = task.exitCode ?? '', ended = exit === '' || (task.failure && exit === 0) ? task.failure : `exit code ${exit}`;
    cells(row, [[link(task.id, 'task', task.job, task.id), 'wide'], [state], [ended && name(ended), (task.look === 'failed' ? 'bad' : '') + (exit === '' ? '' : ' tight')],
      [task.node && make('a', {href: place('node', task.pool, task.node), title: task.node}, name(short(task.node))), 'tight extra'], [moment(task.startTime), 'tight extra'],
      [task.startTime ? span(task.startTime, task.endTime ?? now) : '']]);
  });
}

class JobView {
  constructor(job) {
    this.job = job; this.title = `job ${job}`; this.only = ''; this.after = 0;
    this.facts = make('dl', {className: 'facts'}); this.bar = make('div', {className: 'bar', role: 'img'});
    this.choices = make('div', {className: 'choices', role: 'group', 'aria-label': 'Which tasks'});
    const [list, rows] = table('Tasks', [['task'], ['state'], ['ended with'], ['node', 'extra'], ['started', 'extra'], ['took']]);
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
    showTasks(this.rows, found.tasks.map(task => ({...task, job: found.id})), found.now);
    const last = found.after + found.tasks.length;
    put(this.where, found.total ? `${(found.after + 1).toLocaleString('en')} to ${last.toLocaleString('en')} of ${found.total.toLocaleString('en')}` : 'none');
    this.back.disabled = !found.after; this.on.disabled = last >= found.total;
    if (!found.tasks.length && found.after) { this.after = 0; soon(0); }
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
      ['exit code', info.exitCode], ['command', code(task.command)], ['created', moment(task.created)], ['started', moment(info.startTime)],
      ['ended', moment(info.endTime)], ['took', info.startTime && span(info.startTime, info.endTime ?? task.now)], ['again', again.filter(Boolean).join(', ')],
      ['node', task.node && link(task.node, 'node', task.pool, task.node)], ['directory', task.directory && code(task.directory)]]);
    await this.files.show(task.files, info.startTime, task.node ? 'Its directory is gone, or nothing is in it yet.' : 'It has no directory: it has not run on a node that is still there.');
  }
}

class NodeView {
  constructor(pool, node) {
    this.title = `node ${node}`; this.path = `pools/${encodeURIComponent(pool)}/nodes/${encodeURIComponent(node)}`;
    this.facts = make('dl', {className: 'facts'}); this.files = new Files(this.path);
    const [list, rows] = table('Tasks that run on it', [['task'], ['state'], ['ended with'], ['node', 'extra'], ['started', 'extra'], ['took']]);
    this.rows = rows; this.tasks = make('section', {hidden: true}, make('h2', {}, 'What runs on it'), list);
    this.body = [make('h1', {tabIndex: -1}, 'Node ', name(short(node))), make('p', {className: 'soft'}, 'of pool ', name(pool)), this.facts, this.tasks,
      make('h2', {}, 'What its start task wrote'), ...this.files.body];
  }
  async look() {
    const node = await json(this.path), start = node.startTask;
    const ended = start && [start.state, start.result, start.exitCode !== undefined && `exit code ${start.exitCode}`, start.failureInfo?.message].filter(Boolean).join(', ');
    facts(this.facts, [['id', node.id], ['state', node.state], ['since', moment(node.since)], ['errors', node.errors.join('; ')], ['scheduling', node.scheduling],
      ['kind', `${node.dedicated ? 'dedicated' : 'spot'}, ${node.vmSize}`], ['address', node.ip], ['start task', ended || 'none'], ['tasks run', node.tasksRun],
      ['directory', code(node.directory)]]);
    this.tasks.hidden = !node.tasks.length;
    showTasks(this.rows, node.tasks, node.now);
    await this.files.show(node.files, start?.startTime, 'Nothing: it has no start task, or that has written nothing yet.');
  }
}
