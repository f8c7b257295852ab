const PIECE = 1 << 18, FIRST = 1 << 16, MOST_TEXT = 1 << 20;

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
    pre.append(plain(text)); this.kept += pre.lastChild.length;
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
