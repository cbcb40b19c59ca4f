/*
 * The table of functions.  Only the rows in view are in the document; two empty rows stand for
 * what lies above and below.
 */

const TABLE_ROW = 26, MOST_ROWS = 400000;

const TABLE_COLUMNS = [
  {key: 'self', title: 'Self', numeric: true, hint: 'in the function itself'},
  {key: 'selfShare', title: '%', numeric: true, sorts: 'self', label: 'Self, share'},
  {key: 'error', title: '±', numeric: true, sorts: 'self', label: 'Sampling error of self, in points (95 %)'},
  {key: 'total', title: 'Total', numeric: true, hint: 'with all that it calls'},
  {key: 'totalShare', title: '%', numeric: true, sorts: 'total', label: 'Total, share'},
  {key: 'name', title: 'Function'},
  {key: 'kind', title: 'Kind'},
  {key: 'module', title: 'Module'},
];

class FunctionTable {
  /* on: select(name), open(name), menu(name, x, y), sort(key, down). */
  constructor(host, {names, on, prefix}) {
    Object.assign(this, {host, names, on, prefix, rows: [], selected: -1, first: -1});
    this.scroller = element('div', {class: 'table-scroller'});
    this.table = element('table', {role: 'grid', tabindex: 0, 'aria-label': 'Functions'});
    this.head = element('thead');
    this.body = element('tbody');
    this.table.append(this.head, this.body);
    this.scroller.append(this.table);
    this.empty = element('p', {class: 'empty', hidden: ''});
    host.append(this.scroller, this.empty);
    this.headings();
    this.scroller.addEventListener('scroll', () => this.later(), {passive: true});
    new ResizeObserver(() => this.later()).observe(this.scroller);
    this.body.addEventListener('click', event => this.pick(event, name => this.select(name)));
    this.body.addEventListener('dblclick', event => this.pick(event, name => this.on.open(name)));
    this.body.addEventListener('contextmenu', event => this.pick(event, name => {
      event.preventDefault();
      this.select(name);
      this.on.menu(name, event.clientX, event.clientY);
    }));
    this.table.addEventListener('keydown', event => {
      if (event.target === this.table)
        this.key(event);
    });
  }

  headings() {
    const row = element('tr');
    this.headers = TABLE_COLUMNS.map(column => {
      const cell = element('th', {scope: 'col', class: column.key + (column.numeric ? ' number' : '')});
      const button = element('button', {title: column.label ?? column.hint ?? ''}, column.title);
      if (column.label)
        button.setAttribute('aria-label', column.label);
      button.addEventListener('click', () => {
        const key = column.sorts ?? column.key;
        const down = this.sortKey === key ? !this.down : Boolean(column.numeric);
        this.on.sort(key, down);
      });
      cell.append(button);
      row.append(cell);
      return cell;
    });
    this.head.append(row);
  }

  /* sums: of functionSums(); keep: which names to list, or null. */
  show({sums, whole, samplesPer, unit, keep, sortKey, down}) {
    const same = this.sums === sums && this.sortKey === sortKey && this.down === down;
    Object.assign(this, {sums, whole, samplesPer, unit, sortKey, down});
    if (!same) {
      this.all = this.sorted();
      this.mostSelf = this.all.reduce((most, name) => Math.max(most, sums.self[name]), 0) || 1;
      this.mostTotal = this.all.reduce((most, name) => Math.max(most, sums.total[name]), 0) || 1;
    }
    this.rows = (keep === null ? this.all : this.all.filter(name => keep[name] === 1)).slice(0, MOST_ROWS);
    TABLE_COLUMNS.forEach((column, i) => {
      const sorts = column.key === sortKey;
      this.headers[i].toggleAttribute('data-sorted', sorts);
      if (sorts)
        this.headers[i].setAttribute('aria-sort', down ? 'descending' : 'ascending');
      else
        this.headers[i].removeAttribute('aria-sort');
    });
    this.table.setAttribute('aria-rowcount', this.rows.length + 1);
    this.empty.hidden = this.rows.length > 0;
    this.empty.textContent = keep === null ? 'No samples in this view.' : 'No function matches the search.';
    this.first = -1;
    this.draw();
  }

  /* All functions; those that are searched for are picked from them. */
  sorted() {
    const {self, total} = this.sums, {names, sortKey} = this, sign = this.down ? -1 : 1, rows = [];
    for (let name = 0; name < total.length; name++)
      if (total[name] > 0)
        rows.push(name);
    const by = {
      self: (a, b) => sign * (self[a] - self[b]) || total[b] - total[a],
      total: (a, b) => sign * (total[a] - total[b]) || self[b] - self[a],
      name: (a, b) => sign * (a - b),
      kind: (a, b) => sign * (names.kind(a) - names.kind(b)) || self[b] - self[a],
      module: (a, b) => sign * names.module(a).localeCompare(names.module(b)) || self[b] - self[a],
    }[sortKey];
    return rows.sort((a, b) => by(a, b) || a - b);
  }

  later() {
    if (!this.pending)
      this.pending = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.pending = 0;
    const height = this.scroller.clientHeight;
    if (!height || !this.sums)
      return;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / TABLE_ROW) - 4);
    const last = Math.min(this.rows.length, first + Math.ceil(height / TABLE_ROW) + 8);
    if (first === this.first && last === this.last)
      return;
    this.first = first;
    this.last = last;
    const body = document.createDocumentFragment();
    body.append(this.spacer(first));
    for (let i = first; i < last; i++)
      body.append(this.row(i));
    body.append(this.spacer(this.rows.length - last));
    this.body.replaceChildren(body);
  }

  spacer(rows) {
    const row = element('tr', {'aria-hidden': 'true', class: 'spacer'}), cell = element('td');
    cell.style.height = rows * TABLE_ROW + 'px';
    row.append(cell);
    return row;
  }

  row(i) {
    const name = this.rows[i], {self, total} = this.sums, {names, whole} = this;
    const row = element('tr', {id: this.prefix + name, 'aria-rowindex': i + 2,
                               'aria-selected': name === this.selected});
    row.dataset.index = i;
    const cells = {
      self: amount(self[name], this.unit),
      selfShare: percent(self[name], whole),
      error: this.samplesPer > 0 ? plusMinus(self[name] * this.samplesPer, whole * this.samplesPer) : '–',
      total: amount(total[name], this.unit),
      totalShare: percent(total[name], whole),
      name: names.shown(name),
      kind: KINDS[names.kind(name)],
      module: names.module(name),
    };
    for (const column of TABLE_COLUMNS) {
      const cell = element('td', {class: column.key + (column.numeric ? ' number' : '')}, cells[column.key]);
      if (column.key === 'name') {
        cell.title = cut(visible(names.text(name)), 1000);
        cell.dir = 'ltr';
      }
      if (column.key === 'totalShare' || column.key === 'selfShare')
        this.bar(cell, column.key === 'selfShare' ? self[name] / this.mostSelf : total[name] / this.mostTotal);
      row.append(cell);
    }
    return row;
  }

  /* As long as the cell for the function that has most: bars are there to be compared. */
  bar(cell, share) {
    cell.style.backgroundSize = (100 * share).toFixed(1) + '% 100%';
  }

  pick(event, then) {
    const row = event.target.closest('tr[data-index]');
    if (row)
      then(this.rows[row.dataset.index]);
  }

  select(name, reveal = false) {
    this.selected = name;
    if (reveal) {
      const at = this.rows.indexOf(name);
      const top = at * TABLE_ROW, s = this.scroller, room = s.clientHeight - 2 * TABLE_ROW;
      if (at >= 0 && (top < s.scrollTop || top > s.scrollTop + room))
        s.scrollTop = Math.max(0, top - room / 2);
    }
    this.draw();
    this.markSelected();
    this.on.select(name);
  }

  /* In the rows that are there: new ones would swallow the second click of two. */
  markSelected() {
    for (const row of this.body.querySelectorAll('[aria-selected=true]'))
      row.setAttribute('aria-selected', 'false');
    document.getElementById(this.prefix + this.selected)?.setAttribute('aria-selected', 'true');
    if (this.selected >= 0)
      this.table.setAttribute('aria-activedescendant', this.prefix + this.selected);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey)
      return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / TABLE_ROW) - 2);
    const steps = {ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page,
                   Home: -this.rows.length, End: this.rows.length};
    const at = this.rows.indexOf(this.selected);
    if (event.key in steps && this.rows.length) {
      const to = at < 0 ? 0 : Math.max(0, Math.min(this.rows.length - 1, at + steps[event.key]));
      this.select(this.rows[to], true);
    } else if (event.key === 'Enter' && at >= 0) {
      this.on.open(this.selected);
    } else if ((event.key === 'm' || event.key === 'ContextMenu') && at >= 0) {
      const rect = document.getElementById(this.prefix + this.selected)?.getBoundingClientRect();
      this.on.menu(this.selected, (rect?.left ?? 0) + 200, rect?.bottom ?? 100);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
