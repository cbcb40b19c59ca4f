/*
 * A tree on a canvas: rows of boxes as wide as their weight.  Only what can be seen is
 * visited: what is left or right of the view, below its last row, or narrower than a pixel costs
 * one step with all that it holds.  Narrow neighbours are drawn as one grey box; in time order,
 * where everything would be grey, each pixel shows the first of them.
 *
 * The canvas stays in view while a tall, empty element behind it scrolls.  For those who do not
 * see it there is an element of role treeitem for each box; these are made when the page has
 * nothing else to do.
 */

const ROW = 19, NARROW = 1, PAD = 4, MOST_ITEMS = 6000;
const PAPER = 1000, MOST_PAPER = 16000; /* how wide what is printed is, and how high at most */
const REVEALED_FROM = 3, REVEALED = 90; /* pixels: what is too narrow to be found, what is not */

class Chart {
  /*
   * look: colours and texts: fill(name), labels(name), kind(name), theme, matched (or null);
   * on: zoom(node), select(node), menu(node, x, y), hover(node, x, y), describe(node), and
   * perhaps moved(): the view was.
   */
  constructor(host, {up, label, look, on, prefix}) {
    Object.assign(this, {host, up, label, look, on, prefix});
    this.scroller = element('div', {class: 'scroller'});
    this.canvas = element('canvas', {'aria-hidden': 'true'});
    this.filler = element('div', {class: 'filler'});
    this.glass = element('div', {class: 'glass'});
    this.items = element('div', {class: 'items', tabindex: 0, role: 'tree', 'aria-label': label});
    this.glass.append(this.canvas, this.items);
    this.filler.append(this.glass);
    this.scroller.append(this.filler);
    host.append(this.scroller);
    this.painter = new Painter(this.canvas, look);
    this.tree = null;
    this.zoomed = 0;
    this.selected = -1;
    this.hovered = -1;
    this.boxes = []; /* nodes in view, depth first */
    this.rows = [];
    this.firstRow = 0;
    this.pending = 0;
    this.scrolled = this.width = this.height = this.tall = 0;
    this.stale = true; /* all has to be drawn anew */
    this.touched = []; /* rows that have to be */
    this.itemOf = new Map(); /* of nodes of itemsTree */
    this.itemsTree = null;
    this.described = []; /* the nodes that have an item, or soon will */
    this.said = ''; /* what the items' labels depend on beside their nodes */
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
    if (this.before !== undefined) /* on paper */
      return;
    const below = this.tall - this.height - this.scrolled, high = this.scroller.clientHeight;
    this.width = high ? this.scroller.clientWidth : 0;
    if (!this.width)
      return this.hide();
    this.height = high;
    this.painter.resize(this.width, this.height);
    this.glass.style.height = this.height + 'px';
    if (!this.tree)
      return;
    this.measureRows();
    if (!this.placed)
      this.scrollToZoom();
    else /* what stands at the edge where the root is stays there; who was hidden is at 0 */
      this.scroller.scrollTop = this.up ? this.tall - this.height - below : this.scrolled;
    this.drawNow();
  }

  /* On paper there is no window that scrolls: all rows are drawn, to be as wide as the sheet. */
  toPaper() {
    if (!this.tree || !this.width)
      return;
    this.before = this.scroller.scrollTop;
    this.width = PAPER;
    this.height = this.tall = Math.min(this.tree.rows * ROW + 2 * PAD, MOST_PAPER);
    this.filler.style.height = this.glass.style.height = this.height + 'px';
    this.painter.resize(this.width, this.height, this.height < MOST_PAPER / 4 ? 2 : 1);
    this.scroller.scrollTop = 0;
    this.drawNow();
  }

  fromPaper() {
    const {before} = this;
    if (before === undefined)
      return;
    this.before = undefined;
    this.resize();
    this.scroller.scrollTop = before;
    this.drawNow();
  }

  /* The items would have to be laid out again, all at once, before the graph is back. */
  hide() {
    this.itemsTree = null;
    this.ownItems();
  }

  /* Whether something else is in view than what was zoomed to. */
  get isMagnified() {
    const {tree, zoomed} = this, whole = tree?.total[zoomed] || 1, far = by => Math.abs(by) > whole * 1e-9;
    return tree !== null && (far(this.span - whole) || far(this.left - tree.x[zoomed]));
  }

  zoomTo(node, keepScroll) {
    this.zoomed = node;
    this.left = this.tree.x[node];
    this.span = this.tree.total[node] || 1;
    this.hovered = -1;
    this.on.moved?.();
    if (!keepScroll)
      this.scrollToZoom();
    this.later();
  }

  /* The start of what is looked at, with its callers, at the edge where it starts. */
  scrollToZoom() {
    if (!this.width) {
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
    this.on.moved?.();
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
    if (!this.tree || !this.width)
      return;
    const before = this.scrolled;
    this.scrolled = this.scroller.scrollTop; /* asked once: it may cost a layout */
    const by = this.scrolled - before;
    this.collect();
    if (this.stale || !this.painter.moveUp(by)) {
      this.drawStrip(0, this.height);
    } else {
      this.drawStrip(this.height - by, this.height);
      this.drawStrip(0, -by);
      for (const row of new Set(this.touched))
        this.drawStrip(this.top(row), this.top(row) + ROW);
    }
    this.stale = false;
    this.touched = [];
    this.describeSoon();
  }

  /* Draws what is between two heights of the window. */
  drawStrip(from, to) {
    from = Math.max(0, from);
    to = Math.min(this.height, to);
    if (from >= to)
      return;
    const {painter} = this, ends = [this.rowAt(from), this.rowAt(to)], rows = [];
    for (let row = Math.min(...ends); row <= Math.max(...ends); row++)
      if (this.rows[row - this.firstRow])
        rows.push(row);
    painter.clear(from, to);
    for (const row of rows)
      this.drawRow(row);
    painter.put(from, to);
    painter.within(from, to, () => {
      for (const row of rows)
        this.drawLabels(row);
      this.outline(this.hovered, this.look.theme.text, 1);
      this.outline(this.selected, this.look.theme.accent, 2);
    });
  }

  isPale(node) {
    const {matched} = this.look, {tree} = this;
    return tree.depth[node] < tree.depth[this.zoomed] || matched !== null && !matched[tree.name[node]];
  }

  drawRow(row) {
    const {painter, look, tree} = this, {nodes, slivers} = this.rows[row - this.firstRow], {matched} = look;
    const top = this.top(row);
    painter.startRow();
    for (const node of nodes) {
      const name = tree.name[node], from = this.from(node), wide = this.to(node) - from;
      const colour = matched !== null && matched[name] ? look.match : look.fill(name);
      painter.box(from, wide - gapBehind(wide), this.isPale(node) ? look.pale(colour) : colour);
    }
    for (const {from, to, hit} of slivers)
      if (to - from >= 0.2)
        painter.box(from, Math.max(0.7, to - from), hit ? look.match : look.sliver);
    painter.endRow(top);
    for (const node of nodes) {
      const from = this.from(node), wide = this.to(node) - from;
      if (wide > 4)
        painter.mark(look.kind(tree.name[node]), from, wide - gapBehind(wide), top);
    }
  }

  drawLabels(row) {
    const {painter, look, tree} = this, top = this.top(row);
    for (const node of this.rows[row - this.firstRow].nodes) {
      const name = tree.name[node], from = this.from(node), room = this.to(node) - from;
      if (room < LABEL_FROM)
        continue;
      const pale = this.isPale(node), isMatch = look.matched !== null && look.matched[name];
      painter.label(look.labels(name), from, room, top, isMatch && !pale ? look.theme.onMatch : look.theme.onBox, pale ? 0.75 : 1);
    }
  }

  outline(node, colour, thick) {
    const row = this.rowOf(node);
    if (row?.nodes.includes(node))
      this.painter.outline(this.from(node), this.to(node) - this.from(node), this.top(this.row(node)), colour, thick);
  }

  /* ---- what is in view ---- */

  row(node) {
    return (this.tree.row ?? this.tree.depth)[node];
  }

  /* What is in view of the node's row; nothing when the row is not. */
  rowOf(node) {
    return node < 0 ? undefined : this.rows[this.row(node) - this.firstRow];
  }

  /* Where a box in view begins and ends.  Those narrower than a pixel, which only time order has,
   * are as wide as one. */
  from(node) {
    const scale = this.width / this.span, from = (this.tree.x[node] - this.left) * scale;
    return this.tree.total[node] * scale < NARROW ? Math.floor(from) : Math.max(0, from);
  }

  to(node) {
    const scale = this.width / this.span, wide = this.tree.total[node] * scale;
    const from = (this.tree.x[node] - this.left) * scale;
    return wide < NARROW ? Math.floor(from) + 1 : Math.min(this.width, from + wide);
  }

  /* Finds the boxes in view. */
  collect() {
    const {x, total, end, n, bottom, isTime} = this.tree, depth = this.tree.row ?? this.tree.depth;
    const {left, width} = this, scale = width / this.span;
    const ends = [this.rowAt(0), this.rowAt(this.height)];
    const first = this.firstRow = Math.max(0, Math.min(...ends)), last = Math.min(Math.max(...ends), this.tree.rows - 1);
    const rows = this.rows = Array.from({length: Math.max(0, last - first + 1)}, () => ({nodes: [], slivers: [], taken: -1}));
    const boxes = this.boxes = [];
    for (let i = 0; i < n;) {
      const from = (x[i] - left) * scale, wide = total[i] * scale, row = depth[i];
      if (from + wide <= 0 || from >= width || total[i] === 0 || row > last || bottom !== undefined && bottom[i] < first) {
        i = end[i];
        continue;
      }
      const here = row < first ? null : rows[row - first];
      if (wide >= NARROW) {
        if (here) {
          here.nodes.push(i);
          boxes.push(i);
        }
        i++;
      } else if (isTime) {
        i = here && !this.takePixel(here, Math.floor(from), i) ? end[i] : i + 1;
      } else {
        if (here)
          this.addSliver(here.slivers, from, wide, i);
        i = end[i];
      }
    }
  }

  /* In time order each pixel of a row shows the first of those that share it. */
  takePixel(row, pixel, node) {
    if (row.taken === pixel)
      return false;
    row.taken = pixel;
    row.nodes.push(node);
    this.boxes.push(node);
    return true;
  }

  addSliver(slivers, from, wide, node) {
    const before = slivers.at(-1);
    const hit = this.hits ? this.hits[this.tree.end[node]] - this.hits[node] > 0 : false;
    if (before && from - before.to < 0.5 && before.hit === hit)
      before.to = from + wide;
    else
      slivers.push({from, to: from + wide, hit});
  }

  /* ---- pointing ---- */

  nodeAt(event) {
    if (this.stale) /* the rows may be of another tree */
      this.drawNow();
    const rect = this.scroller.getBoundingClientRect();
    const px = event.clientX - rect.left, row = this.rowAt(event.clientY - rect.top);
    const list = this.rows[row - this.firstRow]?.nodes ?? [];
    let low = 0, high = list.length - 1;
    while (low <= high) {
      const middle = low + high >> 1, node = list[middle];
      if (px < this.from(node))
        high = middle - 1;
      else if (px >= this.to(node))
        low = middle + 1;
      else
        return node;
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
    this.touched.push(...[this.hovered, node].filter(n => n >= 0).map(n => this.row(n)));
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

  /* Scrolls to the row, and moves or magnifies the view where the node cannot be seen well.  What
   * is zoomed to stays: going through matches must not end at the first narrow one. */
  reveal(node) {
    const {x, total} = this.tree, scale = this.width / this.span, wide = total[node] * scale;
    const from = (x[node] - this.left) * scale, seen = Math.min(from + wide, this.width) - Math.max(from, 0);
    if (seen < REVEALED_FROM || seen < Math.min(wide - 0.5, REVEALED)) {
      const least = total[node] * 1.2, most = total[node] * this.width / REVEALED;
      this.span = Math.min(this.tree.total[0], Math.max(least, Math.min(this.span, most)));
      this.left = x[node] - (this.span - total[node]) / 2;
      this.pan(0);
    }
    const top = this.top(this.row(node));
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
      const node = this.rowOf(this.selected)?.nodes.includes(this.selected) ? this.selected : this.boxes[0];
      const rect = this.scroller.getBoundingClientRect();
      if (node !== undefined)
        this.on.menu(this, node, rect.left + this.from(node) + 8, rect.top + this.top(this.row(node)) + ROW);
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
    const list = this.rowOf(this.selected)?.nodes ?? [];
    return list[list.indexOf(this.selected) + step] ?? -1;
  }

  /* ---- for screen readers ---- */

  describeSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.describeAll(), 300);
    if (this.selected >= 0)
      this.activate();
  }

  itemFor(node) {
    const item = element('div', {
      role: 'treeitem', id: this.prefix + node, 'aria-level': this.tree.depth[node] + 1,
      'aria-selected': node === this.selected, 'aria-label': this.on.describe(this, node),
    });
    item.node = node;
    item.said = this.said;
    this.itemOf.set(node, item);
    return item;
  }

  /* The boxes in view, but of too many only the widest. */
  boxesToDescribe() {
    const {boxes, tree: {total}} = this;
    if (boxes.length <= MOST_ITEMS)
      return boxes;
    const widths = Float64Array.from(boxes, node => total[node]).sort(), least = widths[boxes.length - MOST_ITEMS];
    let room = MOST_ITEMS - boxes.reduce((wider, node) => wider + (total[node] > least ? 1 : 0), 0);
    return boxes.filter(node => total[node] > least || total[node] === least && room-- > 0);
  }

  /* Items of another tree have nothing to do with this one's. */
  ownItems() {
    if (this.itemsTree === this.tree)
      return;
    this.itemsTree = this.tree;
    this.itemOf.clear();
    this.items.replaceChildren();
    this.described = [];
  }

  /* Brings the items up to date, a few milliseconds at a time: who clicks or types meanwhile must
   * not wait.  Those that stay, as most do when one scrolls, are not made anew. */
  describeAll() {
    if (!this.width)
      return;
    const said = `${this.zoomed} ${this.look.names.level}`, nodes = this.boxesToDescribe();
    this.ownItems();
    if (this.said === said && this.described.length === nodes.length && this.described.every((node, i) => node === nodes[i]))
      return this.activate();
    Object.assign(this, {said, described: nodes});
    const left = this.boxes.length - nodes.length;
    this.items.setAttribute('aria-label', left ? `${this.label}; ${count(left)} narrow frames are not listed: zoom in` : this.label);
    this.describeSome(nodes, new Set(nodes), 0, this.items.firstChild);
  }

  describeSome(nodes, wanted, done, next) {
    whenIdle(() => {
      if (this.described !== nodes || this.itemsTree !== this.tree) /* these nodes are of another tree */
        return;
      const until = performance.now() + 4;
      let i = done, at = next;
      for (; i < nodes.length && performance.now() < until; i++)
        at = this.describeAt(at, nodes[i], wanted);
      if (i < nodes.length)
        return this.describeSome(nodes, wanted, i, at);
      while (at)
        at = this.dropItem(at);
      this.activate();
    });
  }

  /* Puts the item of a node before `at`, or leaves it there; returns what follows. */
  describeAt(at, node, wanted) {
    while (at && (this.itemOf.get(at.node) !== at || !wanted.has(at.node)))
      at = this.dropItem(at);
    const item = this.itemOf.get(node) ?? this.itemFor(node);
    if (item.said !== this.said) {
      item.setAttribute('aria-label', this.on.describe(this, node));
      item.said = this.said;
    }
    if (item === at)
      return at.nextSibling;
    this.items.insertBefore(item, at);
    return at;
  }

  dropItem(item) {
    const next = item.nextSibling;
    if (this.itemOf.get(item.node) === item)
      this.itemOf.delete(item.node);
    item.remove();
    return next;
  }

  /* Magnifiers follow the element. */
  placeItem(item, node) {
    item.style.position = 'absolute';
    item.style.left = this.from(node) + 'px';
    item.style.top = this.top(this.row(node)) + 'px';
    item.style.width = this.to(node) - this.from(node) + 'px';
    item.style.height = ROW - 1 + 'px';
  }

  /* Says which item the keyboard is at; makes it when it is not there yet. */
  activate() {
    const inView = this.rowOf(this.selected)?.nodes.includes(this.selected);
    this.ownItems();
    let item = this.itemOf.get(this.selected);
    if (this.active !== item)
      this.active?.setAttribute('aria-selected', 'false');
    if (!item && inView)
      this.items.append(item = this.itemFor(this.selected));
    this.active = item;
    if (item) {
      item.setAttribute('aria-selected', 'true');
      if (inView)
        this.placeItem(item, this.selected);
      this.items.setAttribute('aria-activedescendant', item.id);
    } else {
      this.items.removeAttribute('aria-activedescendant');
    }
  }
}

/* Also on a page that is never idle. */
function whenIdle(action) {
  if (window.requestIdleCallback)
    requestIdleCallback(action, {timeout: 300});
  else
    setTimeout(action, 30);
}
