/* The panels around the graph: facts, threads, options, keys. */

/* ---- what was measured, and how far it can be trusted ---- */

function factsLine(facts) {
  const parts = [];
  /* The title of a document has no line breaks or double spaces. */
  if (facts.command && visible(facts.command).replace(/\s+/g, ' ').trim() !== document.title)
    parts.push(cut(visible(facts.command), 200));
  if (facts.host)
    parts.push(cut(visible(facts.host), 120));
  if (facts.event)
    parts.push(visible(facts.event) + (facts.frequency ? ` at ${count(facts.frequency)}${thin}Hz` : ''));
  if (facts.effective && facts.frequency && Math.abs(facts.effective / facts.frequency - 1) > 0.05)
    parts.push(`${facts.effective.toFixed(facts.effective < 10 ? 1 : 0)}${thin}Hz delivered`);
  if (facts.duration)
    parts.push(duration(facts.duration));
  if (facts.samples)
    parts.push(`${count(facts.samples)} ${things(facts.samples, 'samples')}`);
  if (facts.started)
    parts.push(new Date(facts.started / 1e6).toISOString().slice(0, 16).replace('T', ' ') + ' UTC');
  return parts.join(' · ');
}

/* Sentences about what this capture cannot show: those of the line of quality, and others. */
function limits(facts) {
  const sentence = part => part[0].toUpperCase() + part.slice(1);
  const quality = facts.quality ? facts.quality.split(/, (?![^(]*\))/).filter(part => !part.startsWith('100 % of')) : [];
  const others = facts.notes.map(visible);
  if (facts.samples && facts.samples < 200)
    others.unshift(`Only ${count(facts.samples)} ${things(facts.samples, 'samples')}: a share of 50${thin}% is ${plusMinus(facts.samples / 2, facts.samples)} points`);
  return {quality: quality.map(part => sentence(visible(part))), others};
}

/* One line that says how true it is; all of it, with what would help, on demand. */
function showTruth(host, facts) {
  const {quality, others} = limits(facts), brief = visible(facts.quality.replace(/ \([^)]*\)/g, ''));
  const list = quality.concat(others), line = brief || list[0];
  if (!line)
    return;
  const more = brief ? others.length : list.length - 1;
  const mark = element('span', {class: 'mark ' + (facts.trouble ? 'worse' : list.length ? 'some' : 'fine'), 'aria-hidden': 'true'});
  if (!more && quality.every(part => brief.includes(part)) && !facts.quality.includes('(')) {
    host.append(element('p', {}, mark, line));
    return;
  }
  const items = list.map(text => element('li', {}, text));
  const summary = element('summary', {}, mark, line + (more > 0 ? ` – and ${more} more` : ''));
  host.append(element('details', {}, summary, element('ul', {}, ...items)));
}

/* ---- threads and processes ---- */

class ThreadPanel {
  /* on.hidden(Set of label numbers). */
  constructor(host, labels, weights, on) {
    Object.assign(this, {host, labels, weights, on, hidden: new Set(), filter: '', mostShown: 400});
    this.whole = weights.reduce((a, b) => a + b, 0);
    this.groups = this.group();
    const input = element('input', {type: 'search', placeholder: 'Filter', 'aria-label': 'Filter threads'});
    input.addEventListener('input', () => {
      this.filter = input.value.toLowerCase();
      this.draw();
    });
    this.list = element('ul', {});
    host.append(element('h2', {}, 'Threads'), ...(labels.length > 12 ? [input] : []), this.list);
    host.addEventListener('change', event => this.toggle(event.target));
    host.addEventListener('dblclick', event => this.only(event.target.closest('label')?.firstChild));
  }

  /* Processes by weight, each with its threads by weight. */
  group() {
    const processes = new Map();
    this.labels.forEach((label, id) => {
      if (!(this.weights[id] > 0))
        return;
      const key = label.process + '\0' + label.pid;
      if (!processes.has(key))
        processes.set(key, {label, ids: [], weight: 0});
      const process = processes.get(key);
      process.ids.push(id);
      process.weight += this.weights[id];
    });
    const list = [...processes.values()].sort((a, b) => b.weight - a.weight);
    for (const process of list)
      process.ids.sort((a, b) => this.weights[b] - this.weights[a]);
    return list;
  }

  static processText({process, pid}) {
    return (visible(process) || 'process') + (pid ? ` (${pid})` : '');
  }

  static threadText({thread, tid}) {
    return (visible(thread) || 'thread') + (tid ? ` (${tid})` : '');
  }

  show(hidden) {
    this.hidden = hidden;
    this.draw();
  }

  entry(text, ids, weight, className, hint) {
    const box = element('input', {type: 'checkbox'}), off = ids.filter(id => this.hidden.has(id)).length;
    box.ids = ids;
    box.checked = off === 0; /* so that a click on some gives all */
    box.indeterminate = off > 0 && off < ids.length;
    const share = element('span', {class: 'share'}, percent(weight, this.whole));
    const label = element('label', {class: className}, box, element('span', {class: 'text'}, cut(text, 200)), share);
    label.style.backgroundSize = (100 * weight / (this.whole || 1)).toFixed(1) + '% 100%';
    label.title = hint ?? text;
    return element('li', {}, label);
  }

  draw() {
    const focused = this.list.contains(document.activeElement) ?
      [...this.list.querySelectorAll('input')].indexOf(document.activeElement) : -1;
    const every = this.groups.flatMap(process => process.ids), items = [];
    items.push(this.entry(`All (${count(every.length)})`, every, this.whole, 'all'));
    let left = 0;
    for (const process of this.groups) {
      const text = ThreadPanel.processText(process.label), wanted = id =>
        !this.filter || (text + ThreadPanel.threadText(this.labels[id])).toLowerCase().includes(this.filter);
      const ids = process.ids.filter(wanted);
      if (!ids.length)
        continue;
      if (items.length > this.mostShown) {
        left += ids.length;
        continue;
      }
      items.push(this.entry(text, ids, process.weight, 'process', visible(process.label.command) || text));
      if (process.ids.length > 1 || process.label.tid && process.label.tid !== process.label.pid)
        for (const id of ids.slice(0, this.mostShown))
          items.push(this.entry(ThreadPanel.threadText(this.labels[id]), [id], this.weights[id], 'thread'));
      left += Math.max(0, ids.length - this.mostShown);
    }
    if (left)
      items.push(element('li', {class: 'more'}, `${count(left)} more: type to filter`));
    this.list.replaceChildren(...items);
    if (focused >= 0)
      this.list.querySelectorAll('input')[focused]?.focus();
  }

  toggle(box) {
    if (!box.ids)
      return;
    const hidden = new Set(this.hidden);
    for (const id of box.ids)
      if (box.checked)
        hidden.delete(id);
      else
        hidden.add(id);
    this.on.hidden(hidden);
  }

  /* A double click: this alone. */
  only(box) {
    if (!box?.ids)
      return;
    const hidden = new Set(this.groups.flatMap(process => process.ids));
    box.ids.forEach(id => hidden.delete(id));
    this.on.hidden(hidden);
  }
}

/* ---- options ---- */

const OPTIONS = [
  {key: 'value', title: 'Value'},
  {key: 'level', title: 'Names', choices: [[0, 'full'], [1, 'without parameters and template arguments'], [2, 'last two parts']]},
  {key: 'order', title: 'Order', choices: [['name', 'by name: the same place in every graph'], ['weight', 'heaviest first']]},
  {key: 'group', title: 'Outermost frame', choices: [[0, 'function'], [1, 'name of the process'], [2, 'process'], [3, 'process and thread']]},
  {key: 'palette', title: 'Colours', choices: [[0, 'warm'], [1, 'cold'], [2, 'kind of frame'], [3, 'module'], [4, 'colour-blind safe']]},
];

function showOptions(host, state, facts, change) {
  const rows = [element('h2', {}, 'Options')];
  for (const {key, title, choices} of OPTIONS) {
    const list = key === 'value' ? facts.values.map((type, i) => [i, `${visible(type.name)} (${visible(type.unit)})`]) : choices;
    if (list.length < 2)
      continue;
    const select = element('select', {});
    for (const [value, text] of list) {
      const option = element('option', {value}, text);
      option.selected = String(state[key]) === String(value);
      select.append(option);
    }
    select.addEventListener('change', () => {
      const value = select.value;
      change({[key]: /^\d+$/.test(value) ? Number(value) : value});
    });
    rows.push(element('label', {}, element('span', {}, title), select));
  }
  const reverse = element('input', {type: 'checkbox'});
  reverse.checked = state.reverse;
  reverse.addEventListener('change', () => change({reverse: reverse.checked}));
  rows.push(element('label', {class: 'check'}, reverse, 'Merge from the leaf: who calls (r)'));
  host.replaceChildren(...rows);
}

const KEYS = [
  ['1 … 5', 'flame, icicle, sandwich, functions, time'],
  ['← → ↑ ↓', 'from frame to frame'],
  ['Enter, click', 'zoom in; in the table: sandwich'],
  ['Backspace', 'zoom out one frame'],
  ['Esc', 'close, clear the search, whole view'],
  ['Home', 'whole profile, nothing left out'],
  ['+ −, Ctrl wheel', 'magnify; drag or Shift wheel moves sideways'],
  ['/ or Ctrl F', 'search; n and N go through the matches'],
  ['m, right click', 'menu: focus, hide, drop, collapse, copy'],
  ['f  x  d', 'focus on, hide, drop samples of the chosen function'],
  ['s', 'sandwich of the chosen function'],
  ['c  C', 'copy its name, its stack'],
  ['u  U', 'undo, redo (or Ctrl Z, Ctrl Shift Z)'],
  ['r', 'merge from the leaf'],
  ['t  h  o', 'threads, heatmap, options'],
  ['?', 'this list'],
];

function showKeys(host) {
  const rows = KEYS.map(([keys, text]) => element('tr', {}, element('th', {scope: 'row'}, element('kbd', {}, keys)),
                                                  element('td', {}, text)));
  host.replaceChildren(element('h2', {}, 'Keys'), element('table', {}, element('tbody', {}, ...rows)));
}
