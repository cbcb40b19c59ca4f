/*
 * What the user looks at, as one plain object: it can be kept, compared, undone, and written
 * into the fragment of the address.  Names are meant by their numbers, which are the same
 * whenever this file is opened.
 */

const GROUP_NAME = 1, GROUP_PROCESS = 2, GROUP_THREAD = 3; /* what is the outermost frame */
const VIEWS = ['flame', 'icicle', 'sandwich', 'table', 'lanes'];

function firstState(facts, processCount) {
  const group = facts.threads ? GROUP_THREAD : facts.processes === 2 ? GROUP_PROCESS
    : facts.processes === 0 && processCount > 1 ? GROUP_NAME : 0;
  return {
    view: facts.inverted ? 'icicle' : 'flame', reverse: facts.reversed, value: facts.value, group,
    order: 'name', level: 1, palette: facts.palette, query: '', caseful: false, steps: [],
    hidden: '', range: null, zoom: '', chosen: -1, sort: 'self', down: true, heat: false,
  };
}

/* Numbers as ranges: "0-4,7". */
function rangesOf(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b), out = [];
  for (let i = 0; i < sorted.length; i++) {
    const from = sorted[i];
    while (sorted[i + 1] === sorted[i] + 1)
      i++;
    out.push(from === sorted[i] ? `${from}` : `${from}-${sorted[i]}`);
  }
  return out.join(',');
}

function numbersOf(ranges, below) {
  const out = new Set();
  for (const part of ranges.split(',')) {
    const [from, to = from] = part.split('-').map(Number);
    for (let i = from; i <= to && i < below && part; i++)
      out.add(i);
  }
  return out;
}

const STEP_KINDS = ['focus', 'start', 'drop', 'hide', 'rec', 'flat', 'mod'];

const FRAGMENT = {
  view: {key: 'v', read: text => VIEWS.includes(text) ? text : undefined},
  reverse: {key: 'r', write: Number, read: text => text === '1'},
  value: {key: 'val', read: readNumber}, group: {key: 'g', read: readNumber},
  order: {key: 'o', read: text => text === 'weight' ? text : 'name'}, level: {key: 'n', read: readNumber},
  palette: {key: 'p', read: readNumber}, query: {key: 'q', read: String},
  caseful: {key: 'case', write: Number, read: text => text === '1'},
  steps: {
    key: 'do', write: steps => steps.map(({what, id}) => what + '.' + id).join('~'),
    read: text => text.split('~').map(part => part.split('.'))
      .filter(([what, id]) => STEP_KINDS.includes(what) && /^\d+$/.test(id))
      .map(([what, id]) => ({what, id: Number(id)})),
  },
  hidden: {key: 'off', read: text => /^[\d,-]*$/.test(text) ? text : ''},
  range: {key: 't', write: range => range ? range.map(ns => ns / 1e9).join('-') : '', read: readRange},
  zoom: {key: 'z', read: text => /^i?[\d.]*$/.test(text) ? text : ''},
  chosen: {key: 'f', read: readNumber}, sort: {key: 's', read: text => TABLE_COLUMNS.some(c => c.key === text) ? text : undefined},
  down: {key: 'down', write: Number, read: text => text === '1'},
  heat: {key: 'heat', write: Number, read: text => text === '1'},
};

function readNumber(text) {
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

function readRange(text) {
  const ends = text.split('-').map(seconds => Number(seconds) * 1e9);
  return ends.length === 2 && ends[0] < ends[1] ? ends : null;
}

/* Only what differs from how the page opens. */
function toFragment(state, first) {
  const parts = new URLSearchParams();
  for (const [name, {key, write = String}] of Object.entries(FRAGMENT)) {
    const text = String(write(state[name] ?? ''));
    if (text !== String(write(first[name] ?? '')))
      parts.set(key, text);
  }
  return parts.toString();
}

function fromFragment(fragment, first) {
  const state = {...first}, parts = new URLSearchParams(fragment.replace(/^#/, ''));
  for (const [name, {key, read}] of Object.entries(FRAGMENT)) {
    const value = parts.has(key) ? read(parts.get(key)) : undefined;
    if (value !== undefined)
      state[name] = value;
  }
  return state;
}

/*
 * Where the zoom is: the names on the way from the root, which are there in other trees too; the
 * number of the node when that would be long.
 */
function zoomText(tree, node) {
  const path = [];
  for (let i = node; i; i = tree.parent[i])
    path.push(tree.name[i]);
  return path.length > 200 ? 'i' + node : path.reverse().join('.');
}

function zoomNode(tree, text) {
  if (text.startsWith('i'))
    return Number(text.slice(1)) < tree.n ? Number(text.slice(1)) : 0;
  let at = 0;
  const path = text ? text.split('.').map(Number) : [];
  for (const name of path) {
    let i = at + 1;
    while (i < tree.end[at] && !(tree.name[i] === name && tree.total[i] > 0))
      i = tree.end[i];
    if (i >= tree.end[at])
      return 0;
    at = i;
  }
  return at;
}
