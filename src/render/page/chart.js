/*
 * A tree drawn on a canvas: rows of boxes as wide as their weight.  Only what can be seen is
 * visited: what is left or right of the view, below its last row, or narrower than a pixel costs
 * one step with all that it holds.  Narrow neighbours are drawn as one grey box; in time order,
 * where everything would be grey, each pixel shows the first of them.
 *
 * The canvas stays in view while a tall, empty element behind it scrolls.  For those who do not
 * see it there is an element of role treeitem for each box; these are made when the page has
 * nothing else to do.
 */

const ROW = 19, NARROW = 1, LABEL_FROM = 24, PAD = 4, MOST_ITEMS = 6000;

/* Widths of characters, measured once; kerning is not worth its price. */
class TextMeasure {
  constructor(context, font) {
    this.context = context;
    this.font = font;
    this.widths = new Map();
    this.ascii = new Float32Array(128);
    context.font = font;
    for (let c = 32; c < 127; c++)
      this.ascii[c] = context.measureText(String.fromCharCode(c)).width;
    this.dots = context.measureText('…').width;
  }

  width(character) {
    const code = character.codePointAt(0);
    if (code < 128)
      return this.ascii[code];
    let w = this.widths.get(code);
    if (w === undefined) {
      this.context.font = this.font;
      this.widths.set(code, w = this.context.measureText(character).width);
    }
    return w;
  }

  /* The text, or as much as fits before "…"; '' when nothing would be said. */
  fit(text, room) {
    let sum = 0, kept = 0, at = 0;
    for (const character of text) {
      sum += this.width(character);
      if (sum <= room - this.dots)
        kept = at + character.length;
      if (sum > room)
        return kept > 1 ? text.slice(0, kept) + '…' : '';
      at += character.length;
    }
    return text;
  }

  /* The first of several texts that fits; of the last, what fits. */
  best(texts, room) {
    for (let i = 0; i + 1 < texts.length; i++)
      if (this.fit(texts[i], room) === texts[i])
        return texts[i];
    return this.fit(texts.at(-1), room);
  }
}

class Chart {
  /*
   * look: colours and texts: fill(name), labels(name), kind(name), theme, matched (or null);
   * on: zoom(node), select(node), menu(node, x, y), hover(node, x, y), describe(node).
   */
  constructor(host, {up, label, look, on, prefix}) {
    Object.assign(this, {host, up, look, on, prefix});
    this.scroller = element('div', {class: 'scroller'});
    this.canvas = element('canvas', {'aria-hidden': 'true'});
    this.filler = element('div', {class: 'filler'});
    this.glass = element('div', {class: 'glass'});
    this.items = element('div', {class: 'items', tabindex: 0, role: 'tree', 'aria-label': label});
    this.glass.append(this.canvas, this.items);
    this.filler.append(this.glass);
    this.scroller.append(this.filler);
    host.append(this.scroller);
    this.context = this.canvas.getContext('2d', {alpha: false});
    this.tree = null;
    this.zoomed = 0;
    this.selected = -1;
    this.hovered = -1;
    this.boxes = [];
    this.pending = 0;
    this.scrolled = 0;
    this.stale = true; /* all has to be drawn anew */
    this.touched = []; /* rows that have to be */
    this.listen();
  }

  listen() {
    new ResizeObserver(() => this.resize()).observe(this.scroller);
    this.scroller.addEventListener('scroll', () => this.later(true), {passive: true});
    this.scroller.addEventListener('mousemove', event => this.hover(event));
    this.scroller.addEventListener('mouseleave', () => this.leave());
    /* Nothing to select here, and looking for it among the items costs a tenth of a second. */
    this.filler.addEventListener('mousedown', event => event.preventDefault());
    this.scroller.addEventListener('click', event => this.click(event));
    this.scroller.addEventListener('contextmenu', event => this.contextMenu(event));
    this.scroller.addEventListener('wheel', event => this.wheel(event), {passive: false});
    this.items.addEventListener('keydown', event => this.key(event));
    this.items.addEventListener('focus', () => this.later());
    this.items.addEventListener('blur', () => this.later());
    this.listenForDrag();
  }

  /* Drags move a magnified view sideways. */
  listenForDrag() {
    let from = null;
    this.scroller.addEventListener('pointerdown', event => {
      this.dragged = false;
      if (event.button === 0 && event.pointerType === 'mouse')
        from = {x: event.clientX, y: event.clientY, left: this.left, top: this.scroller.scrollTop};
    });
    window.addEventListener('pointermove', event => {
      if (!from)
        return;
      const dx = event.clientX - from.x, dy = event.clientY - from.y;
      if (!this.dragged && Math.abs(dx) + Math.abs(dy) < 5)
        return;
      this.dragged = true;
      this.scroller.scrollTop = from.top - dy;
      this.pan(from.left - dx * this.span / this.width - this.left);
    });
    window.addEventListener('pointerup', () => { from = null; });
  }

  show(tree, zoomed = 0, keepScroll = false) {
    const changed = this.tree !== tree;
    this.tree = tree;
    this.hovered = -1;
    if (changed && this.selected >= tree.n)
      this.selected = -1;
    this.hits = null;
    this.measureRows();
    this.zoomTo(zoomed, keepScroll);
  }

  measureRows() {
    const height = this.tree ? this.tree.rows * ROW + 2 * PAD : 0;
    this.tall = Math.max(height, this.height || 0);
    this.filler.style.height = this.tall + 'px';
  }

  resize() {
    const below = this.tall - this.height - this.scrolled;
    this.width = this.scroller.clientWidth;
    this.height = this.scroller.clientHeight;
    if (!this.width || !this.height)
      return;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.width = this.width + 'px';
    this.canvas.style.height = this.glass.style.height = this.height + 'px';
    this.ratio = ratio;
    if (!this.tree)
      return;
    this.measureRows();
    if (!this.placed)
      this.scrollToZoom();
    else if (this.up) /* what stands at the lower edge stays there */
      this.scroller.scrollTop = this.tall - this.height - below;
    this.drawNow();
  }

  zoomTo(node, keepScroll) {
    this.zoomed = node;
    this.left = this.tree.x[node];
    this.span = this.tree.total[node] || 1;
    this.hovered = -1;
    if (!keepScroll)
      this.scrollToZoom();
    this.later();
  }

  /* The start of what is looked at, with its callers, at the edge where it starts. */
  scrollToZoom() {
    if (!this.height) {
      this.placed = false;
      return;
    }
    this.placed = true;
    const above = Math.max(0, this.tree.depth[this.zoomed] - Math.floor(this.height / ROW / 2));
    this.scroller.scrollTop = this.up ? this.tall - this.height - above * ROW : above * ROW;
  }

  wheel(event) {
    if (!this.tree || !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey))
      return;
    event.preventDefault();
    const rect = this.scroller.getBoundingClientRect();
    const at = this.left + (event.clientX - rect.left) / this.width * this.span;
    const by = event.deltaY || event.deltaX;
    if (event.shiftKey && !event.ctrlKey)
      this.pan(by * this.span / this.width);
    else
      this.magnify(Math.exp(by * 0.002), at);
  }

  magnify(factor, at) {
    const all = this.tree.total[0] || 1;
    const span = Math.min(all, Math.max(this.span * factor, all * 1e-9));
    this.left = at - (at - this.left) * span / this.span;
    this.span = span;
    this.pan(0);
  }

  pan(by) {
    const all = this.tree.total[0] || 1;
    this.left = Math.max(0, Math.min(this.left + by, all - this.span));
    this.later();
  }

  /* ---- drawing ---- */

  /* `fresh`: but for the scrolling and the rows touched, what is drawn is still right. */
  later(fresh = false) {
    this.stale ||= !fresh;
    if (!this.pending)
      this.pending = requestAnimationFrame(() => this.draw());
  }

  top(row) {
    const top = this.up ? this.tall - PAD - (row + 1) * ROW : PAD + row * ROW;
    return top - this.scrolled;
  }

  rowAt(y) {
    const from = y + this.scrolled;
    return this.up ? Math.floor((this.tall - PAD - from) / ROW) : Math.floor((from - PAD) / ROW);
  }

  drawNow() {
    this.stale = true;
    this.draw();
  }

  draw() {
    cancelAnimationFrame(this.pending);
    this.pending = 0;
    if (!this.tree || !this.width || !this.height)
      return;
    const c = this.context, before = this.scrolled;
    this.scrolled = this.scroller.scrollTop; /* asked once: it may cost a layout */
    this.collect();
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    if (this.stale || !this.moveUp(this.scrolled - before)) {
      this.drawStrip(0, this.height);
    } else {
      this.drawStrip(this.height - (this.scrolled - before), this.height);
      this.drawStrip(0, before - this.scrolled);
      for (const row of new Set(this.touched))
        this.drawStrip(this.top(row), this.top(row) + ROW);
    }
    this.stale = false;
    this.touched = [];
    this.describeSoon();
  }

  /* Moves the picture, which is much quicker than drawing thousands of boxes; false when that
   * leaves nothing of it, or would blur it. */
  moveUp(by) {
    const pixels = by * this.ratio, c = this.context;
    if (by === 0)
      return true;
    if (Math.abs(by) >= this.height || pixels !== Math.round(pixels))
      return false;
    c.save();
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.globalCompositeOperation = 'copy';
    c.drawImage(this.canvas, 0, -pixels);
    c.restore();
    return true;
  }

  /* Draws what is between two heights of the window. */
  drawStrip(from, to) {
    const c = this.context, theme = this.look.theme;
    if (from >= to)
      return;
    const ends = [this.rowAt(from), this.rowAt(to)], first = Math.min(...ends), last = Math.max(...ends);
    c.save();
    c.beginPath();
    c.rect(0, from, this.width, to - from);
    c.clip();
    c.fillStyle = theme.page;
    c.fillRect(0, from, this.width, to - from);
    for (let row = first; row <= last; row++)
      this.drawBoxes(this.byRow.get(row) ?? []);
    this.drawSlivers(this.slivers.filter(({row}) => row >= first && row <= last));
    this.outline(this.hovered, theme.text, 1);
    if (this.selected >= 0)
      this.outline(this.selected, theme.accent, 2);
    c.restore();
  }

  /* Finds the boxes in view: this.boxes, in depth-first order, and this.rows by row. */
  collect() {
    const {x, total, end, n, bottom, isTime} = this.tree, depth = this.tree.row ?? this.tree.depth;
    const {left, width} = this, scale = width / this.span;
    const rows = [this.rowAt(0), this.rowAt(this.height)];
    const first = Math.max(0, Math.min(...rows)), last = Math.max(...rows);
    const slivers = this.slivers = [], open = new Map(), taken = new Map();
    this.boxes = [];
    this.byRow = new Map();
    for (let i = 0; i < n;) {
      const from = (x[i] - left) * scale, wide = total[i] * scale;
      const row = depth[i];
      if (from + wide <= 0 || from >= width || total[i] === 0) {
        i = end[i];
        continue;
      }
      if (row > last || bottom !== undefined && bottom[i] < first) {
        i = end[i];
        continue;
      }
      if (wide < NARROW && isTime) {
        const pixel = Math.floor(from);
        if (taken.get(row) === pixel || row < first) {
          i = row < first ? i + 1 : end[i];
          continue;
        }
        taken.set(row, pixel);
        this.addBox({node: i, row, from: pixel, to: pixel + 1});
        i++;
        continue;
      }
      if (wide < NARROW) {
        if (row >= first && row <= last)
          this.addSliver(slivers, open, row, from, wide, i);
        i = end[i];
        continue;
      }
      if (row >= first)
        this.addBox({node: i, row, from: Math.max(0, from), to: Math.min(width, from + wide)});
      i++;
    }
  }

  addBox(box) {
    this.boxes.push(box);
    const list = this.byRow.get(box.row);
    if (list)
      list.push(box);
    else
      this.byRow.set(box.row, [box]);
  }

  addSliver(slivers, open, row, from, wide, node) {
    const before = open.get(row);
    const hit = this.hits ? this.hits[this.tree.end[node]] - this.hits[node] > 0 : false;
    if (before && from - before.to < 0.5 && before.hit === hit) {
      before.to = from + wide;
    } else {
      const sliver = {row, from, to: from + wide, hit};
      open.set(row, sliver);
      slivers.push(sliver);
    }
  }

  drawBoxes(boxes) {
    const c = this.context, {look, tree} = this, theme = look.theme, matched = look.matched;
    const faded = tree.depth[this.zoomed];
    const measure = this.measure ??= new TextMeasure(c, theme.font);
    c.textBaseline = 'middle';
    for (const box of boxes) {
      const name = tree.name[box.node], top = this.top(box.row), wide = box.to - box.from;
      const gap = wide > 3 ? 1 : wide > 1.5 ? 0.5 : 0;
      const isMatch = matched !== null && name >= 0 && matched[name] === 1;
      const pale = tree.depth[box.node] < faded || matched !== null && !isMatch;
      c.fillStyle = isMatch ? theme.match : look.fill(name);
      c.globalAlpha = pale ? theme.pale : 1;
      c.fillRect(box.from, top, wide - gap, ROW - 1);
      c.globalAlpha = 1;
      if (wide > 4)
        this.underline(look.kind(name), box.from, top + ROW - 1, wide - gap);
      if (wide >= LABEL_FROM) {
        const text = measure.best(look.labels(name), wide - 8);
        if (text) {
          c.font = theme.font;
          c.fillStyle = isMatch && !pale ? theme.onMatch : theme.onBox;
          c.globalAlpha = pale ? 0.75 : 1;
          c.fillText(text, box.from + 4, top + ROW / 2 - 0.5);
          c.globalAlpha = 1;
        }
      }
    }
  }

  /* The kind of a frame, for those to whom colour says nothing: a line along the bottom. */
  underline(kind, left, bottom, wide) {
    const dashes = DASHES[kind];
    if (!dashes)
      return;
    const c = this.context;
    c.strokeStyle = this.look.theme.line;
    c.lineWidth = kind === KERNEL ? 2 : 1;
    c.setLineDash(dashes);
    c.beginPath();
    const y = bottom - (kind === KERNEL ? 1 : 1.5);
    c.moveTo(left, y);
    c.lineTo(left + wide, y);
    if (kind === PYTHON) {
      c.moveTo(left, y - 2);
      c.lineTo(left + wide, y - 2);
    }
    c.stroke();
    c.setLineDash([]);
  }

  drawSlivers(slivers) {
    const c = this.context, theme = this.look.theme;
    for (const {row, from, to, hit} of slivers) {
      if (to - from < 0.2)
        continue;
      c.fillStyle = hit && this.look.matched ? theme.match : theme.sliver;
      c.fillRect(from, this.top(row), Math.max(0.7, to - from), ROW - 1);
    }
  }

  outline(node, colour, thick) {
    const box = node < 0 ? null : this.boxes.find(b => b.node === node);
    if (!box)
      return;
    const c = this.context;
    c.strokeStyle = colour;
    c.lineWidth = thick;
    c.strokeRect(box.from + thick / 2, this.top(box.row) + thick / 2,
                 Math.max(1, box.to - box.from - thick), ROW - 1 - thick);
  }

  /* ---- pointing ---- */

  nodeAt(event) {
    const rect = this.scroller.getBoundingClientRect();
    const px = event.clientX - rect.left, row = this.rowAt(event.clientY - rect.top);
    const list = this.byRow?.get(row);
    if (!list)
      return -1;
    let low = 0, high = list.length - 1;
    while (low <= high) {
      const middle = low + high >> 1, box = list[middle];
      if (px < box.from)
        high = middle - 1;
      else if (px >= box.to)
        low = middle + 1;
      else
        return box.node;
    }
    return -1;
  }

  hover(event) {
    const node = this.nodeAt(event);
    if (node !== this.hovered) {
      this.mark(node);
      this.scroller.style.cursor = node >= 0 ? 'pointer' : '';
    }
    this.on.hover(this, node, event.clientX, event.clientY);
  }

  /* Nothing but the rows of the two frames is drawn anew. */
  mark(node) {
    const rows = this.tree.row ?? this.tree.depth;
    this.touched.push(...[this.hovered, node].filter(n => n >= 0).map(n => rows[n]));
    this.hovered = node;
    this.later(true);
  }

  leave() {
    if (this.tree)
      this.mark(-1);
    this.on.hover(this, -1);
  }

  click(event) {
    const node = this.nodeAt(event);
    this.items.focus({preventScroll: true});
    if (this.dragged || node < 0)
      return;
    this.select(node);
    this.on.zoom(this, node);
  }

  contextMenu(event) {
    const node = this.nodeAt(event);
    event.preventDefault();
    if (node < 0)
      return;
    this.select(node);
    this.on.menu(this, node, event.clientX, event.clientY);
  }

  /* ---- keys ---- */

  select(node, reveal = false) {
    this.selected = node;
    if (reveal && node >= 0)
      this.reveal(node);
    this.on.select(this, node);
    this.later();
  }

  /* Scrolls to the row; a node that is too narrow or outside is zoomed to. */
  reveal(node) {
    const tree = this.tree, scale = this.width / this.span;
    const from = (tree.x[node] - this.left) * scale, to = from + tree.total[node] * scale;
    if (to - from < 3 || to < 1 || from > this.width - 1)
      this.on.zoom(this, node);
    const row = (tree.row ?? tree.depth)[node], top = this.top(row);
    if (top < ROW || top > this.height - 2 * ROW)
      this.scroller.scrollTop += top - this.height / 2;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.tree)
      return;
    if (this.pending)
      this.drawNow();
    const moves = {ArrowLeft: () => this.beside(-1), ArrowRight: () => this.beside(1),
                   ArrowUp: () => this.along(this.up ? 1 : -1),
                   ArrowDown: () => this.along(this.up ? -1 : 1)};
    if (moves[event.key]) {
      const node = this.selected < 0 ? this.zoomed : moves[event.key]();
      if (node >= 0)
        this.select(node, true);
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.on.zoom(this, this.selected < 0 ? 0 : this.selected);
    } else if (event.key === 'Backspace') {
      this.on.zoom(this, this.zoomed ? this.tree.parent[this.zoomed] : 0);
    } else if (event.key === '+' || event.key === '-') {
      this.magnify(event.key === '+' ? 0.7 : 1 / 0.7, this.left + this.span / 2);
    } else if (event.key === 'm' || event.key === 'ContextMenu' || event.key === 'F10' && event.shiftKey) {
      const box = this.boxes.find(b => b.node === this.selected) ?? this.boxes[0];
      const rect = this.scroller.getBoundingClientRect();
      if (box)
        this.on.menu(this, box.node, rect.left + box.from + 8, rect.top + this.top(box.row) + ROW);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /* The widest child, or the parent. */
  along(step) {
    const {parent, end, total} = this.tree, node = this.selected;
    if (step < 0)
      return node > 0 ? parent[node] : -1;
    let best = -1;
    for (let i = node + 1; i < end[node]; i = end[i])
      if (total[i] > 0 && (best < 0 || total[i] > total[best]))
        best = i;
    return best;
  }

  beside(step) {
    const row = (this.tree.row ?? this.tree.depth)[this.selected];
    const list = this.byRow.get(row) ?? [];
    const at = list.findIndex(box => box.node === this.selected);
    return list[at + step]?.node ?? -1;
  }

  /* ---- for screen readers ---- */

  describeSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.describeAll(), 300);
    if (this.selected >= 0)
      this.activate();
  }

  itemFor(box) {
    return element('div', {
      role: 'treeitem', id: this.prefix + box.node, 'aria-level': this.tree.depth[box.node] + 1,
      'aria-selected': box.node === this.selected, 'aria-label': this.on.describe(this, box.node),
    });
  }

  describeAll() {
    const boxes = this.boxes, stop = Math.min(boxes.length, MOST_ITEMS), started = this.described = {};
    const idle = window.requestIdleCallback ? f => requestIdleCallback(f, {timeout: 300})
      : f => setTimeout(() => f({timeRemaining: () => 0}), 30);
    let i = 0;
    const some = deadline => {
      if (this.described !== started || boxes !== this.boxes)
        return;
      if (i === 0)
        this.items.replaceChildren();
      const fragment = document.createDocumentFragment();
      for (const least = i + 50; i < stop && (i < least || deadline.timeRemaining() > 2); i++)
        fragment.append(this.itemFor(boxes[i]));
      this.items.append(fragment);
      if (i < stop)
        idle(some);
      else
        this.activate();
    };
    idle(some);
  }

  /* Magnifiers follow the element. */
  placeItem(item, box) {
    if (!box)
      return;
    item.style.position = 'absolute';
    item.style.left = box.from + 'px';
    item.style.top = this.top(box.row) + 'px';
    item.style.width = box.to - box.from + 'px';
    item.style.height = ROW - 1 + 'px';
  }

  /* Says which item the keyboard is at; makes it when it is not there yet. */
  activate() {
    const before = this.items.querySelector('[aria-selected=true]');
    if (before)
      before.setAttribute('aria-selected', 'false');
    const id = this.prefix + this.selected;
    let item = this.selected < 0 ? null : document.getElementById(id);
    const box = this.boxes.find(b => b.node === this.selected);
    if (!item && box)
      this.items.append(item = this.itemFor(box));
    if (item) {
      item.setAttribute('aria-selected', 'true');
      this.placeItem(item, box);
      this.items.setAttribute('aria-activedescendant', id);
    } else {
      this.items.removeAttribute('aria-activedescendant');
    }
  }
}

/* By kind; null draws nothing. */
const DASHES = [null, [], [5, 3], [1.5, 2.5], [], null, null];
