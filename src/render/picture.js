// A flame graph that one can explore, in place of the one that stands in the file.
//
// It puts a page of its own over the picture: only what is in the window and wide enough to be hit
// is an element, what is narrower is painted.  So the cost of each step follows the window, not
// the profile.
//
// What is drawn is `graph`, which the script of each kind of picture reads from its file:
//   names      of frames, each with its text
//   boxes      level by level; of each box its name, width, self, kids, first (child), left, parent;
//              rows has the first box of each level.  A box of no width is not shown.
//   classOf    class of a box that is so many pixels wide; paintOf: of one that is only painted
//   titleOf    what a tooltip and a screen reader say of a box; describe: what the foot says
//   legend     elements that tell what colours mean
//   controls   buttons of its own, each with what it keeps in the address: {button, key, get, set}
//   matched    what a search found, of all
const PITCH = 17, MARGIN = 10;

function make(ns, tag, attributes, ...children) {
  const element = document.createElementNS(ns, tag);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  element.append(...children);
  return element;
}
const makeSvg = (tag, attributes, ...children) => make("http://www.w3.org/2000/svg", tag, attributes, ...children);
const html = (tag, attributes, ...children) => make("http://www.w3.org/1999/xhtml", tag, attributes, ...children);

const pictureRoot = () => (document.currentScript && document.currentScript.ownerSVGElement) || document.documentElement;

// Boxes come level by level, so children follow one another and their parents come before.
function joinBoxes(boxes) {
  const { count, kids } = boxes, first = boxes.first = new Uint32Array(count), parent = boxes.parent = new Uint32Array(count);
  const rows = boxes.rows = [];
  for (let i = 0, next = 1, end = 1; i < count; i++) {
    if (i === 0 || i === end) {
      if (i) end = next;
      rows.push(i);
    }
    first[i] = next;
    for (let k = kids[i]; k; k--) parent[next++] = i;
  }
  rows.push(count);
  boxes.left = new Float64Array(count);
  placeBoxes(boxes);
}

function placeBoxes({ count, kids, first, left, width }) {
  for (let i = 0; i < count; i++)
    for (let x = left[i], k = first[i], end = k + kids[i]; k < end; k++) {
      left[k] = x;
      x += width[k];
    }
}

const percent = (part, all, digits = 2) => (all ? (100 * part) / all : 0).toFixed(digits) + " %";

function showPicture(root, graph) {
  const COLUMN = 7.25, BAR = 16;
  // Narrower frames are painted; the limit grows when there would be too many elements.
  const NARROW = 3, MANY = 3000;
  const part = (id) => root.querySelector("#" + id);
  // In a page there is more than the picture: other landmarks, other keys.
  const inPage = root !== document.documentElement;
  const { names, boxes } = graph, { name, width, kids, first, left, parent, rows } = boxes;
  const levels = rows.length - 1, sheetHeight = levels * PITCH + 4;

  function levelOf(i) {
    let low = 0, high = levels - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (rows[middle] <= i) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // First box of a level that begins at `x` or right of it.
  function lowerBound(level, x) {
    let low = rows[level], high = rows[level + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (left[middle] < x) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // Whether a box lies in the view, which is less than all.
  function zoomedInto(i) {
    return state.zoom > 0 && levelOf(i) >= levelOf(state.zoom) && left[i] >= left[state.zoom] && left[i] < left[state.zoom] + width[state.zoom];
  }

  function ancestorAt(box, level) {
    for (let l = levelOf(box); l > level; l--) box = parent[box];
    return box;
  }

  // ---- names where there is little room ----

  const briefs = new Map();
  function forms(text) {
    if (!briefs.has(text)) briefs.set(text, nameForms(text));
    return briefs.get(text);
  }

  function label(text, room) {
    const columns = Math.floor((room - 6) / COLUMN);
    if (columns < 3) return ""; // one letter tells nothing
    const plain = /^[\x20-\x7e]*$/.test(text); // a column for each letter
    if (plain && text.length <= columns) return text;
    const size = (t) => plain ? t.length : t.length + (t.match(/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/g) || []).length;
    const shorter = forms(text), fitting = shorter.find((form) => size(form) <= columns);
    if (fitting !== undefined) return fitting;
    if (plain) return shorter.at(-1).slice(0, columns - 1) + "…";
    let kept = "";
    for (const letter of shorter.at(-1).slice(0, columns * 2)) {
      if (size(kept + letter) > columns - 1) break;
      kept += letter;
    }
    return kept + "…";
  }

  // ---- what is shown ----

  const state = { zoom: 0, search: "", exact: true, inverted: root.hasAttribute("data-inverted") };
  let here = -1; // the frame with the keyboard's attention
  let matches = null; // of each name, 1 when the search finds it
  let found = []; // boxes in the view that match, in order

  const button = (text, hint, action) => {
    const made = html("button", { type: "button", title: hint }, text);
    made.addEventListener("click", action);
    return made;
  };
  const landmark = (tag, attributes, ...children) => html(inPage ? "div" : tag, attributes, ...children);

  const input = html("input", { type: "search", "aria-label": "Search for a regular expression", placeholder: "Search: regular expression", spellcheck: "false", autocomplete: "off" });
  const caseButton = button("Aa", "Match case (Alt-C)", () => update({ exact: !state.exact }, true));
  const before = button("‹", "Previous match (N)", () => step(-1));
  const after = button("›", "Next match (n)", () => step(1));
  before.setAttribute("aria-label", "Previous match");
  after.setAttribute("aria-label", "Next match");
  caseButton.setAttribute("aria-label", "Match case");
  const matched = html("span", { class: "matched", role: "status" });
  const resetButton = button("Reset", "Show all again (Escape)", reset);
  resetButton.id = "reset";
  const turnButton = button("Icicle", "Root on top or at the bottom (i)", () => turn());
  const themeButton = button("Dark", "Light or dark (t)", () => theme());
  const helpButton = button("?", "Keys", () => help());
  helpButton.setAttribute("aria-label", "Keys");
  helpButton.setAttribute("aria-expanded", "false");
  const controls = graph.controls.map(({ key, hint, says, count, press }) => {
    const control = { key, says, press, count, at: 0 };
    control.button = button(says(0), hint, () => turnTo(control, (control.at + 1) % count));
    control.button.id = "by-" + key;
    return control;
  });
  const keys = html("ul", { class: "keys", hidden: "hidden" });
  for (const [key, what] of [["/", "search"], ["n", "next match"], ["N", "previous"], ["← ↑ ↓ →", "go from frame to frame"], ["Enter", "zoom"], ["Backspace", "zoom out"], ["Esc", "reset"], ["i", "icicle or flame"], ["t", "light or dark"], ["?", "this list"]])
    keys.append(html("li", {}, html("kbd", {}, key), " " + what));

  const canvas = html("canvas", { "aria-hidden": "true" });
  const drawing = makeSvg("svg", { role: "tree", "aria-label": "Frames, root first", width: 10, height: levels * PITCH });
  const sheet = html("div", { class: "sheet" }, canvas, drawing);
  const main = landmark("main", { class: "window" }, sheet);
  const HINT = "Click a frame to zoom in; / searches; ? lists the keys.";
  const details = landmark("footer", { class: "details" }, HINT);
  const head = landmark("header", { class: "head" },
    html("div", { class: "bar" }, html("h1", {}, root.querySelector("title").textContent), input, html("span", { class: "steps" }, caseButton, before, after), matched, resetButton, turnButton, themeButton, helpButton),
    ...graph.facts.map((text) => html("p", { class: "facts" }, text)),
    ...graph.legend, ...controls.length ? [html("div", { class: "bar controls" }, ...controls.map((c) => c.button))] : [], keys);
  const app = html("div", { class: "app" }, head, main, details);
  const page = makeSvg("foreignObject", { id: "app", width: "100%", height: "100%" }, app);

  // ---- drawing ----

  const pool = [];
  const shown = new Map(); // level -> { g, items }

  function newItem() {
    const title = makeSvg("title", {}), rect = makeSvg("rect", { height: BAR });
    const g = makeSvg("g", { role: "treeitem", tabindex: -1 }, title, rect);
    return { g, title, rect, text: null, box: -1, look: "", state: "", label: "" };
  }

  function setItem(item, i, level, x, w, above) {
    if (item.box !== i) {
      item.box = i;
      item.title.textContent = graph.titleOf(i);
      item.g.setAttribute("aria-level", level + 1);
    }
    const dress = graph.classOf(i, w);
    if (dress !== item.look) item.rect.setAttribute("class", item.look = dress);
    if (item.x !== x) item.rect.setAttribute("x", item.x = x);
    if (item.w !== w) item.rect.setAttribute("width", item.w = w);
    const hit = matches && i && matches[name[i]];
    const look = (above ? "above " : "") + (matches ? (hit ? "hit " : "other ") : "") + (i === here ? "here" : "");
    if (look !== item.state) item.g.setAttribute("class", item.state = look);
    const tab = i === (here < 0 ? state.zoom : here) ? 0 : -1;
    if (tab !== item.tab) item.g.setAttribute("tabindex", item.tab = tab);
    const wanted = w < 20 ? "" : label(names[name[i]].text, w);
    if (wanted && !item.text) item.g.append(item.text = makeSvg("text", { y: 12 }));
    if (wanted !== item.label) item.text.textContent = item.label = wanted;
    if (wanted && item.tx !== x) item.text.setAttribute("x", (item.tx = x) + 3);
  }

  const top = (level) => (state.inverted ? level : levels - 1 - level) * PITCH;

  // What a level shows: the ancestors of the zoomed frame, or what lies above it.
  function range(level, zoomLevel) {
    if (level < zoomLevel) {
      const box = ancestorAt(state.zoom, level);
      return [box, box + 1];
    }
    const from = lowerBound(level, left[state.zoom]);
    return [from, lowerBound(level, left[state.zoom] + width[state.zoom])];
  }

  function rowFor(level) {
    let row = shown.get(level);
    if (!row) {
      row = { g: makeSvg("g", {}), items: [] };
      let next = null, nearest = Infinity;
      for (const [other, r] of shown) if (other > level && other < nearest) nearest = other, next = r.g;
      drawing.insertBefore(row.g, next);
      shown.set(level, row);
    }
    const y = "translate(0 " + top(level) + ")";
    if (row.y !== y) row.g.setAttribute("transform", row.y = y);
    return row;
  }

  function drop(row, keep) {
    while (row.items.length > keep) {
      const item = row.items.pop();
      item.g.remove();
      if (pool.length < MANY) pool.push(item);
    }
  }

  // Colours of the classes, as the pixels of a canvas want them.
  let colors = null;
  function readColors() {
    const probe = makeSvg("rect", {}), g = makeSvg("g", {}, probe);
    drawing.append(g);
    const pixel = (cls, state) => {
      probe.setAttribute("class", cls);
      g.setAttribute("class", state || "");
      const [r, gr, b] = getComputedStyle(probe).fill.match(/[\d.]+/g).map(Number);
      return (255 << 24 | b << 16 | gr << 8 | r) >>> 0;
    };
    const known = new Map();
    colors = { box: new Uint32Array(boxes.count), hit: pixel("", "hit"), other: pixel("", "other") };
    for (let i = 0; i < boxes.count; i++) {
      const cls = graph.paintOf(i);
      if (!known.has(cls)) known.set(cls, pixel(cls));
      colors.box[i] = known.get(cls);
    }
    g.remove();
  }

  // Frames to be elements, when those of `limit` pixels and more are; not all, when too many.
  function countWide(from, to, zoomLevel, scale, limit) {
    let wide = 0;
    for (let level = from; level <= to && wide <= MANY; level++) {
      const [start, end] = range(level, zoomLevel);
      for (let i = start; i < end; i++) if (width[i] * scale >= limit) wide++;
    }
    return wide;
  }

  // Where the window becomes higher or lower, as when its head has more to say, the root stays at
  // its edge.
  let windowHeight = 0, below = 0; // of the sheet, how much lies below the window
  function settle() {
    const high = main.clientHeight;
    if (windowHeight && high !== windowHeight && !state.inverted) main.scrollTop = sheetHeight - high - below;
    windowHeight = high;
    below = sheetHeight - high - main.scrollTop;
  }

  let frameWidth = 0;
  function render() {
    settle();
    const room = frameWidth - 2 * MARGIN, scale = room / width[state.zoom], zoomLevel = levelOf(state.zoom);
    const scroll = main.scrollTop, high = main.clientHeight;
    let from = Math.max(0, Math.floor(scroll / PITCH) - 2), to = Math.min(levels - 1, Math.ceil((scroll + high) / PITCH) + 1);
    if (!state.inverted) [from, to] = [Math.max(0, levels - 1 - to), Math.max(0, levels - 1 - from)];
    let limit = NARROW;
    // Few frames are all in the document, wherever one scrolls: for finders, readers, scrapers.
    if (countWide(0, levels - 1, zoomLevel, scale, limit) <= MANY) from = 0, to = levels - 1;
    while (countWide(from, to, zoomLevel, scale, limit) > MANY) limit *= 1.5;
    if (!colors) readColors();
    const ratio = window.devicePixelRatio || 1, cw = Math.max(1, Math.round(frameWidth * ratio)), ch = Math.max(1, Math.round(high * ratio));
    if (canvas.width !== cw || canvas.height !== ch) canvas.width = cw, canvas.height = ch;
    canvas.style.width = frameWidth + "px";
    canvas.style.height = high + "px";
    canvas.style.top = scroll + "px";
    const context = canvas.getContext("2d"), image = context.createImageData(cw, ch), pixels = new Uint32Array(image.data.buffer);
    const line = new Uint32Array(cw);
    let painted = false;
    for (const [level, row] of shown) if (level < from || level > to) {
      drop(row, 0);
      row.g.remove();
      shown.delete(level);
    }
    for (let level = from; level <= to; level++) {
      const [start, end] = range(level, zoomLevel), row = rowFor(level);
      let used = 0, narrow = false;
      for (let i = start; i < end; i++) {
        if (!width[i]) continue;
        const above = level < zoomLevel, w = above ? room : width[i] * scale;
        const x = MARGIN + (above ? 0 : (left[i] - left[state.zoom]) * scale);
        if (w >= limit || i === here) {
          if (used === row.items.length) {
            const item = pool.pop() || newItem();
            row.items.push(item);
            row.g.append(item.g);
          }
          setItem(row.items[used++], i, level, x, Math.max(w - (w > 2 ? 0.5 : 0), 0.1), above);
        } else {
          if (!narrow) line.fill(0);
          narrow = true;
          const color = matches ? (matches[name[i]] ? colors.hit : colors.other) : colors.box[i];
          const a = Math.floor(x * ratio), b = Math.max(a + 1, Math.floor((x + w) * ratio));
          for (let p = a; p < b; p++) if (!line[p] || !matches || matches[name[i]]) line[p] = color;
        }
      }
      drop(row, used);
      if (narrow) {
        painted = true;
        const y0 = Math.max(0, Math.round((top(level) - scroll) * ratio)), y1 = Math.min(ch, Math.round((top(level) - scroll + BAR) * ratio));
        for (let y = y0; y < y1; y++) pixels.set(line, y * cw);
      }
    }
    if (painted) context.putImageData(image, 0, 0);
    else context.clearRect(0, 0, cw, ch);
  }

  // A phone takes a picture by itself for one of 980 pixels, as there is nobody to tell it more.
  function enlarge() {
    const factor = inPage || !matchMedia("(pointer: coarse)").matches ? 1 : Math.max(1, document.documentElement.clientWidth / screen.width);
    const size = 100 / factor + "%";
    for (const [key, value] of [["width", size], ["height", size], ["transform", `scale(${factor})`]]) page.setAttribute(key, value);
  }

  function fit() {
    enlarge();
    const wide = root.hasAttribute("data-fixed") ? fixedWidth : main.clientWidth;
    if (!wide) return;
    frameWidth = wide;
    // In a page it takes the room that it needs, and scrolls where that is more than the window.
    if (inPage) root.style.height = `min(${head.offsetHeight + details.offsetHeight + levels * PITCH + 8}px, 92vh)`;
    sheet.style.width = wide + "px";
    sheet.style.height = sheetHeight + "px";
    drawing.setAttribute("width", wide);
    render();
  }

  let waiting = false;
  function later() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      render();
    });
  }

  // ---- search ----

  function compile() {
    input.removeAttribute("aria-invalid");
    matches = null;
    if (!state.search) return;
    let pattern;
    try {
      pattern = new RegExp(state.search, state.exact ? "u" : "iu");
    } catch (e) {
      try {
        pattern = new RegExp(state.search, state.exact ? "" : "i");
      } catch (e2) {
        input.setAttribute("aria-invalid", "true");
        matched.textContent = "not a regular expression";
        return;
      }
    }
    matches = Uint8Array.from(names, (entry, i) => (i && pattern.test(entry.text) ? 1 : 0));
  }

  // Weight of what has a match in its stack: each sample once, however many frames match.
  function union(box, weight = width) {
    for (let up = box; up; up = parent[up]) if (matches[name[up]]) return weight[box];
    const covered = new Uint8Array(boxes.count);
    let sum = 0;
    for (let start = first[box], end = start + kids[box]; start < end;) {
      for (let i = start; i < end; i++) {
        if (covered[parent[i]]) covered[i] = 1;
        else if (matches[name[i]]) {
          covered[i] = 1;
          sum += weight[i];
        }
      }
      [start, end] = [first[start], end < boxes.count ? first[end] : boxes.count];
    }
    return sum;
  }

  function tell() {
    found = [];
    before.disabled = after.disabled = !matches;
    if (!matches) {
      if (!state.search) matched.textContent = "";
      return;
    }
    for (let level = 0; level < levels; level++) {
      const [start, end] = range(level, levelOf(state.zoom));
      for (let i = start; i < end; i++) if (i && width[i] && matches[name[i]]) found.push(i);
    }
    const frames = found.length + (found.length === 1 ? " frame" : " frames");
    matched.textContent = "matched " + percent(union(state.zoom), width[state.zoom], 1) + " of the view, " +
      graph.matched(union) + " of all, " + frames;
  }

  function step(direction) {
    if (!found.length) return;
    let at = found.indexOf(here);
    at = at < 0 ? (direction > 0 ? 0 : found.length - 1) : (at + direction + found.length) % found.length;
    go(found[at], document.activeElement !== input);
  }

  // ---- steps ----

  // An address of nothing would scroll the page around a picture to its top.
  const HOME = inPage ? "#all" : "#";

  function address() {
    const parts = new URLSearchParams();
    if (state.zoom) parts.set("z", state.zoom);
    if (state.search) parts.set("s", state.search);
    if (!state.exact) parts.set("i", "1");
    if (state.inverted !== root.hasAttribute("data-inverted")) parts.set("turn", "1");
    for (const control of controls) if (control.at) parts.set(control.key, control.at);
    const text = parts.toString();
    return text ? "#" + text : HOME;
  }

  function show() {
    compile();
    tell();
    caseButton.setAttribute("aria-pressed", state.exact);
    turnButton.textContent = state.inverted ? "Flame" : "Icicle";
    for (const control of controls) control.button.textContent = control.says(control.at);
    resetButton.disabled = !state.zoom && !state.search;
    if (document.activeElement !== input || !state.search) input.value = state.search;
    render();
  }

  // Changes what is shown; with `quiet` the step is not one to come back to.
  function update(change, quiet) {
    Object.assign(state, change);
    show();
    const hash = address();
    if (hash === (location.hash || HOME)) return;
    try {
      if (quiet) location.replace(hash);
      else location.hash = hash;
    } catch (e) {
      // Where the address cannot be set, as in some frames, all else works.
    }
  }

  // A switch changes what boxes are as wide as, or look like.
  function turnTo(control, at) {
    control.press(control.at = at);
    colors = null;
    if (here >= 0 && !width[here]) here = -1;
    update({ zoom: width[state.zoom] ? state.zoom : 0 }, true);
    describe(here);
  }

  function restore() {
    const parts = new URLSearchParams(location.hash.slice(1));
    if (address() === (location.hash || HOME)) return;
    const number = (key) => Math.floor(Number(parts.get(key))) || 0, zoom = number("z");
    for (const control of controls) {
      const at = number(control.key);
      if (at !== control.at && at >= 0 && at < control.count) control.press(control.at = at), colors = null;
    }
    state.zoom = zoom > 0 && zoom < boxes.count && width[zoom] ? zoom : 0;
    state.search = parts.get("s") || "";
    state.exact = !parts.has("i");
    state.inverted = parts.has("turn") !== root.hasAttribute("data-inverted");
    input.value = state.search;
    here = -1;
    show();
  }

  function zoom(box) {
    if (box === state.zoom) return;
    update({ zoom: box });
    reveal(box);
    describe(here >= 0 ? here : -1);
  }

  function reset() {
    here = -1;
    input.value = "";
    if (document.activeElement === input) input.blur();
    update({ zoom: 0, search: "" });
    describe(-1);
  }

  function reveal(box) {
    settle();
    const y = top(levelOf(box)), scroll = main.scrollTop;
    if (y < scroll) main.scrollTop = y - PITCH;
    else if (y + 2 * PITCH > scroll + main.clientHeight) main.scrollTop = y + 3 * PITCH - main.clientHeight;
    else return;
    render();
  }

  function toRoot() {
    settle();
    main.scrollTop = state.inverted ? 0 : main.scrollHeight;
    settle();
  }

  function turn() {
    update({ inverted: !state.inverted }, true);
    if (state.zoom) reveal(state.zoom);
    else toRoot();
    render();
  }

  // The rules for who prefers the dark serve whoever chooses it; on paper it is always light.
  const darkRules = [];
  for (const sheet of document.styleSheets)
    for (const rule of sheet.ownerNode && sheet.ownerNode.localName === "style" ? sheet.cssRules : [])
      if (rule.media && rule.media.mediaText.includes("prefers-color-scheme: dark")) darkRules.push(rule);
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  let isDark = prefersDark.matches;

  function theme(dark = !isDark) {
    isDark = dark;
    for (const rule of darkRules) rule.media.mediaText = dark ? "screen" : "not all";
    themeButton.textContent = dark ? "Light" : "Dark";
    colors = null;
    if (frameWidth) render();
  }

  function help() {
    keys.hidden = !keys.hidden;
    helpButton.setAttribute("aria-expanded", !keys.hidden);
  }

  function describe(i) {
    const box = i < 0 && state.zoom ? state.zoom : i;
    details.textContent = box < 0 ? HINT : graph.describe(box, zoomedInto(box) ? percent(width[box], width[state.zoom]) + " of the view" : "");
  }

  // Gives a frame the keyboard's attention.
  function go(box, focus) {
    here = box;
    describe(box);
    reveal(box);
    render();
    if (!focus) return;
    const row = shown.get(levelOf(box)), item = row && row.items.find((it) => it.box === box);
    if (item) item.g.focus({ preventScroll: true });
  }

  function neighbour(direction) {
    const level = levelOf(here), zoomLevel = levelOf(state.zoom), [start, end] = range(level, zoomLevel);
    let to = here + direction;
    while (to >= start && to < end && !width[to]) to += direction;
    return to >= start && to < end ? to : here;
  }

  function child() {
    if (levelOf(here) < levelOf(state.zoom)) return ancestorAt(state.zoom, levelOf(here) + 1);
    let widest = here;
    for (let i = first[here], end = i + kids[here]; i < end; i++) if (width[i] && (widest === here || width[i] > width[widest])) widest = i;
    return widest;
  }

  function move(key) {
    if (here < 0) return go(state.zoom, true);
    const inward = state.inverted ? "ArrowDown" : "ArrowUp";
    if (key === "ArrowLeft") go(neighbour(-1), true);
    else if (key === "ArrowRight") go(neighbour(1), true);
    else if (key === "Home") go(0, true);
    else if (key === inward) go(child(), true);
    else go(parent[here], true);
  }

  // ---- what the user does ----

  function boxAt(event) {
    const bounds = sheet.getBoundingClientRect(), factor = bounds.width / frameWidth;
    const x = (event.clientX - bounds.left) / factor, y = (event.clientY - bounds.top) / factor;
    let level = Math.floor(y / PITCH);
    if (!state.inverted) level = levels - 1 - level;
    if (level < 0 || level >= levels) return -1;
    const zoomLevel = levelOf(state.zoom), [start, end] = range(level, zoomLevel), room = frameWidth - 2 * MARGIN;
    if (x < MARGIN || x > MARGIN + room || start === end) return -1;
    if (level < zoomLevel) return start;
    const scale = room / width[state.zoom], value = left[state.zoom] + (x - MARGIN) / scale;
    let i = lowerBound(level, value + 1e-9) - 1;
    while (i > start && !width[i]) i--;
    if (i >= start && value < left[i] + width[i]) return i;
    // A pixel to each side, for frames that are narrower than one.
    if (i >= start && value < left[i] + width[i] + 1 / scale) return i;
    return i + 1 < end && left[i + 1] < value + 1 / scale ? i + 1 : -1;
  }

  sheet.addEventListener("mousemove", (event) => describe(boxAt(event)));
  sheet.addEventListener("mouseleave", () => describe(here));
  sheet.addEventListener("click", (event) => {
    const box = boxAt(event);
    if (box < 0) return;
    here = -1;
    zoom(box);
    describe(box);
  });
  // A screen reader's click has no place.
  // Not of the drawing itself: an SVG element that listens to focus is one to stop at.
  sheet.addEventListener("focusin", (event) => {
    for (const row of shown.values()) for (const item of row.items) if (item.g === event.target && item.box !== here) {
      here = item.box;
      describe(here);
      later();
    }
  });
  main.addEventListener("scroll", later);

  let typing = 0;
  input.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => update({ search: input.value }, true), boxes.count > 50000 ? 120 : 30);
  });
  function searchNow() {
    clearTimeout(typing);
    if (input.value !== state.search) update({ search: input.value }, true);
  }

  function openSearch() {
    input.focus();
    input.select();
  }

  function inSearch(event) {
    if (event.key === "Enter") {
      searchNow();
      step(event.shiftKey ? -1 : 1);
    } else if (event.altKey && event.key.toLowerCase() === "c") {
      update({ exact: !state.exact }, true);
    } else return false;
    return true;
  }

  const actions = {
    "/": openSearch, n: () => step(1), N: () => step(-1), i: turn, t: theme, "?": help,
    Backspace: () => zoom(parent[state.zoom]),
  };
  for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home"]) actions[key] = () => move(key);

  // Outside of the picture these are the page's.
  const SCROLLING = /^(Arrow.*|Home|Enter| |Backspace)$/;

  function onKey(event) {
    const control = event.ctrlKey || event.metaKey, onButton = event.target.localName === "button";
    if (inPage && event.target !== input && /^(input|textarea|select)$/.test(event.target.localName)) return;
    if ((control && event.key.toLowerCase() === "f") || event.key === "F3") openSearch();
    else if (event.key === "Escape") reset();
    else if (event.target === input) {
      if (!inSearch(event)) return;
    } else if (control || event.altKey || (inPage && SCROLLING.test(event.key) && !root.contains(event.target))) return;
    else if (event.key === "Enter" || event.key === " ") {
      if (onButton || here < 0) return;
      zoom(here);
      go(here, true);
    } else if (Object.hasOwn(actions, event.key)) actions[event.key]();
    else return;
    event.preventDefault();
  }
  document.addEventListener("keydown", onKey);

  // ---- begin ----

  const fixedWidth = +root.getAttribute("width"), viewBox = root.getAttribute("viewBox");
  part("picture").setAttribute("display", "none");
  root.setAttribute("width", "100%");
  root.setAttribute("height", "100%");
  root.removeAttribute("viewBox");
  root.append(page);
  // What is printed is the picture in the file, as wide as the paper.
  addEventListener("beforeprint", () => root.setAttribute("viewBox", viewBox));
  addEventListener("afterprint", () => root.removeAttribute("viewBox"));
  theme(isDark);
  prefersDark.addEventListener("change", () => theme(prefersDark.matches));
  fit();
  new ResizeObserver(fit).observe(main);
  toRoot();
  addEventListener("hashchange", restore);
  restore();
  show();
  if (state.zoom) reveal(state.zoom);
}
