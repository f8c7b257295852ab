function enhance() {
  for (const table of document.querySelectorAll('table.sorted')) {
    const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
    const value = (row, n) => row.cells[n].dataset.v ?? row.cells[n].textContent;
    heads.forEach((head, n) => {
      const button = document.createElement('button');
      button.type = 'button'; button.textContent = head.textContent; head.replaceChildren(button);
      button.onclick = () => {
        const up = head.getAttribute('aria-sort') !== 'ascending';
        heads.forEach(other => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
        const rows = [...body.rows].sort((a, b) => value(a, n).localeCompare(value(b, n), 'en', {numeric: true}));
        body.append(...(up ? rows : rows.reverse()));
      };
    });
  }
  const filter = document.getElementById('filter'), shown = document.getElementById('shown');
  if (filter) {
    filter.parentElement.hidden = false;
    filter.oninput = () => {
      const words = filter.value.toLowerCase().split(/\s+/);
      let count = 0;
      for (const row of document.querySelector('#tasks table').tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every(word => text.includes(word));
        count += !row.hidden;
      }
      shown.textContent = count + ' shown';
    };
  }
}
enhance();
