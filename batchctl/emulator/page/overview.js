/* What the account holds, at a glance. */
const MOST_REQUESTS = 300;
const USUAL = {seconds: 0, every: 1, skip: 0};
let requests = [];

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
    put(document.getElementById('account'), `${found.account}, ${location.host}, `);
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
    box.none_ ??= make('p', {className: 'soft'}, ...words(text));
    if (items.length) box.none_.remove(); else box.parentElement.append(box.none_);
  }
}
