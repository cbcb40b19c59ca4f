/*
 * When it happened: one lane for each thread, in which neighbouring samples of the same
 * functions are one box; and the heatmap, whose columns are seconds and whose rows are their
 * fractions.
 */

/* Samples of one lane in order -> nodes appended to `out`, which has growable columns. */
function addLane(out, lane, shape, path, gap) {
  const open = []; /* nodes of `out` that may still go on */
  const laneNode = out.add(0, lane.name, 1, lane.row, lane.start, lane.stop);
  let deepest = 1, last = -Infinity;
  for (let k = 0; k < lane.times.length; k++) {
    const from = lane.times[k];
    const until = Math.min(lane.times[k + 1] ?? Infinity, from + gap);
    const names = path(lane.nodes[k]);
    let common = 0;
    if (from - last < gap * 0.5)
      while (common < open.length && common < names.length && out.name[open[common]] === names[common])
        common++;
    for (let d = open.length - 1; d >= common; d--)
      out.end[open[d]] = out.n;
    open.length = common;
    for (let d = 0; d < common; d++)
      out.stop[open[d]] = until;
    for (let d = common; d < names.length; d++)
      open.push(out.add(d ? open[d - 1] : laneNode, names[d], d + 2, lane.row + d + 1, from, until));
    deepest = Math.max(deepest, names.length + 1);
    last = until;
  }
  for (const node of open)
    out.end[node] = out.n;
  out.end[laneNode] = out.n;
  out.bottom[laneNode] = lane.row + deepest - 1;
  return deepest;
}

class TimeColumns {
  constructor() {
    Object.assign(this, {n: 0, parent: [], name: [], depth: [], row: [], x: [], stop: [], end: [], bottom: []});
  }

  add(parent, name, depth, row, start, stop) {
    this.parent.push(parent);
    this.name.push(name);
    this.depth.push(depth);
    this.row.push(row);
    this.x.push(start);
    this.stop.push(stop);
    this.end.push(0);
    this.bottom.push(1e9);
    return this.n++;
  }

  finish(rows) {
    const n = this.n, total = new Float64Array(n);
    for (let i = 0; i < n; i++)
      total[i] = this.stop[i] - this.x[i];
    return {n, rows, total, self: new Float64Array(n), isTime: true,
            parent: Int32Array.from(this.parent), name: Int32Array.from(this.name),
            depth: Int32Array.from(this.depth), row: Int32Array.from(this.row),
            x: Float64Array.from(this.x), end: Int32Array.from(this.end),
            bottom: Int32Array.from(this.bottom)};
  }
}

/* lanes: [{name, times, nodes}]; times since `start`. */
function timeTree(lanes, shape, start, stop, gap) {
  const out = new TimeColumns(), cache = new Map();
  const path = node => {
    let names = cache.get(node);
    if (!names) {
      names = [];
      for (let i = node; i; i = shape.parent[i])
        names.push(shape.name[i]);
      cache.set(node, names.reverse());
    }
    return names;
  };
  let row = 1;
  out.add(0, ROOT_NAME, 0, 0, start, stop);
  for (const lane of lanes)
    row += addLane(out, {...lane, row, start, stop}, shape, path, gap) + 1;
  out.end[0] = out.n;
  return out.finish(row);
}

const COLUMN_SPANS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600].map(s => s * 1e9);

/* Seconds as columns; less for short captures, more for those of an hour.  A cell holds at least
 * two periods: less would show the rhythm of the sampling. */
function columnSpan(whole, period) {
  const fits = span => span >= 2 * period * HEAT_ROWS && whole / span <= (span < 1e9 ? 60 : 400);
  return (whole > 20e9 && fits(1e9) ? 1e9 : COLUMN_SPANS.find(fits)) ?? Math.max(whole / 400, 2 * period * HEAT_ROWS);
}

const HEAT_ROWS = 40;

class Heatmap {
  /* on: range([from, to] or null), say(text). */
  constructor(host, {look, on}) {
    Object.assign(this, {host, look, on, cursor: null, mark: null, range: null});
    this.canvas = element('canvas', {'aria-hidden': 'true'});
    this.box = element('div', {class: 'heat-box', tabindex: 0, role: 'application',
                               'aria-label': 'Heatmap of samples over time. Arrow keys move, Enter marks the two ends of a range.'});
    this.box.append(this.canvas);
    host.append(this.box);
    this.context = this.canvas.getContext('2d', {alpha: false});
    new ResizeObserver(() => this.draw()).observe(this.box);
    this.box.addEventListener('mousemove', event => this.move(this.cellAt(event)));
    this.box.addEventListener('mouseleave', () => this.move(null));
    this.box.addEventListener('click', event => this.choose(this.cellAt(event)));
    this.box.addEventListener('keydown', event => this.key(event));
  }

  /* times: of the samples shown, in ns since the start. */
  show(times, whole, range, period) {
    this.span = columnSpan(whole, period);
    this.columns = Math.max(1, Math.ceil(whole / this.span));
    this.whole = whole;
    this.counts = new Uint32Array(this.columns * HEAT_ROWS);
    const cell = this.span / HEAT_ROWS;
    this.most = 0;
    for (let k = 0; k < times.length; k++) {
      const at = Math.min(this.counts.length - 1, Math.floor(times[k] / cell));
      this.most = Math.max(this.most, ++this.counts[at]);
    }
    this.range = range;
    this.draw();
  }

  draw() {
    const width = this.box.clientWidth, height = this.box.clientHeight;
    if (!width || !height || !this.counts)
      return;
    const c = this.context, ratio = window.devicePixelRatio || 1, theme = this.look.theme;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = width + 'px';
    this.canvas.style.height = height + 'px';
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.fillStyle = theme.page;
    c.fillRect(0, 0, width, height);
    const plot = this.plot = {left: 46, top: 4, bottom: height - 20, wide: 0, high: 0};
    plot.wide = Math.min(40, (width - plot.left - 8) / this.columns);
    plot.high = Math.floor((plot.bottom - plot.top) / HEAT_ROWS);
    plot.top = plot.bottom - HEAT_ROWS * plot.high;
    if (plot.wide > 3)
      plot.wide = Math.floor(plot.wide);
    for (let column = 0; column < this.columns; column++)
      for (let row = 0; row < HEAT_ROWS; row++)
        this.drawCell(column, row, ratio);
    this.drawAxes(height);
    this.drawMarks();
  }

  place(cell) {
    const {left, bottom, wide, high} = this.plot;
    return [left + Math.floor(cell / HEAT_ROWS) * wide, bottom - (cell % HEAT_ROWS + 1) * high];
  }

  drawCell(column, row) {
    const cell = column * HEAT_ROWS + row, start = cell * this.span / HEAT_ROWS;
    if (start >= this.whole)
      return;
    const c = this.context, [x, y] = this.place(cell), {wide, high} = this.plot;
    const outside = this.range && (start < this.range[0] || start >= this.range[1]);
    c.globalAlpha = outside ? 0.25 : 1;
    c.fillStyle = this.look.heat(this.counts[cell] / this.most);
    c.fillRect(x, y, wide > 4 ? wide - 1 : wide + 0.3, high);
    c.globalAlpha = 1;
  }

  drawAxes(height) {
    const c = this.context, theme = this.look.theme, {left, bottom, top, wide} = this.plot;
    c.fillStyle = theme.soft;
    c.font = theme.small;
    c.textBaseline = 'alphabetic';
    c.textAlign = 'right';
    c.fillText('0', left - 6, bottom);
    c.fillText(duration(this.span), left - 6, top + 9);
    c.textAlign = 'center';
    const every = Math.max(1, Math.ceil(60 / wide)), step = [1, 2, 5, 10, 20, 30, 60, 120, 300].find(s => s >= every) ?? every;
    for (let column = 0; column < this.columns; column += step)
      c.fillText(this.seconds(column * this.span), left + column * wide + wide / 2, height - 5);
    c.textAlign = 'left';
  }

  seconds(ns) {
    return (ns / 1e9).toFixed(this.span < 1e9 ? 1 : 0) + thin + 's';
  }

  drawMarks() {
    const c = this.context, theme = this.look.theme, {wide, high} = this.plot;
    for (const [cell, colour] of [[this.mark, theme.accent], [this.cursor, theme.text]]) {
      if (cell === null)
        continue;
      const [x, y] = this.place(cell);
      c.strokeStyle = colour;
      c.lineWidth = 2;
      c.strokeRect(x - 1, y - 1, Math.max(4, wide) + 1, Math.max(4, high) + 2);
    }
  }

  cellAt(event) {
    if (!this.plot)
      return null;
    const rect = this.box.getBoundingClientRect(), {left, bottom, wide, high} = this.plot;
    const column = Math.floor((event.clientX - rect.left - left) / wide);
    const row = Math.floor((bottom - (event.clientY - rect.top)) / high);
    const cell = column * HEAT_ROWS + row;
    return column >= 0 && column < this.columns && row >= 0 && row < HEAT_ROWS &&
           cell * this.span / HEAT_ROWS < this.whole ? cell : null;
  }

  move(cell) {
    if (cell === this.cursor)
      return;
    this.cursor = cell;
    this.draw();
    if (cell === null)
      return this.on.say('');
    const from = cell * this.span / HEAT_ROWS, samples = this.counts[cell];
    this.on.say(`${(from / 1e9).toFixed(3)}${thin}s, ${duration(this.span / HEAT_ROWS)}: ${count(samples)} samples` +
                (this.mark === null ? '' : ' – click the other end of the range'));
  }

  /* The first choice marks one end, the second the other. */
  choose(cell) {
    if (cell === null)
      return;
    if (this.mark === null) {
      this.mark = cell;
      this.draw();
      this.on.say('Now click the other end of the range.');
      return;
    }
    const step = this.span / HEAT_ROWS, ends = [this.mark, cell].sort((a, b) => a - b);
    this.mark = null;
    this.on.range([ends[0] * step, (ends[1] + 1) * step]);
  }

  key(event) {
    const steps = {ArrowUp: 1, ArrowDown: -1, ArrowLeft: -HEAT_ROWS, ArrowRight: HEAT_ROWS};
    if (event.key in steps) {
      const most = Math.ceil(this.whole / this.span * HEAT_ROWS) - 1;
      const to = this.cursor === null ? 0 : this.cursor + steps[event.key];
      this.move(Math.max(0, Math.min(most, to)));
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.choose(this.cursor ?? 0);
    } else if (event.key === 'Escape' && this.mark !== null) {
      this.mark = null;
      this.draw();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
