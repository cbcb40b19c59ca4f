/* A flame graph of two: zoom, search, and switches for width, colour and scale. */
(function () {
  const MARGIN = 10, COLUMN = 7.25, PITCH = 17;
  const svg = document.querySelector("svg"), $ = (id) => document.getElementById(id);
  const width = +svg.getAttribute("width") - 2 * MARGIN;
  const frames = [...$("frames").children].map((g) => {
    const rect = g.querySelector("rect"), title = g.querySelector("title").textContent;
    const cut = title.lastIndexOf(" (");
    return {
      g, rect, text: g.querySelector("text"), name: title.slice(0, cut), title,
      x: +rect.getAttribute("x") - MARGIN, y: +rect.getAttribute("y"), w: +rect.getAttribute("width"),
      shown: true, above: false, drawn: {}, said: {}, /* as it is in the document */
    };
  });
  const root = frames[0];
  let zoomed = root, query = null, here = root; /* the frame that the keyboard is at */

  /* Only what is another than before is written: a browser asks no attribute whether it changed. */
  function put(frame, element, name, value) {
    const kept = element === frame.rect ? frame.drawn : frame.said;
    if (kept[name] !== value) element.setAttribute(name, kept[name] = value);
  }

  function textOf(frame, columns) {
    if (columns < 3) return "";
    frame.forms ??= nameForms(frame.name);
    const fits = frame.forms.find((form) => form.length <= columns);
    return fits ?? frame.forms.at(-1).slice(0, columns - 1) + "…";
  }

  function label(frame, x, w) {
    const text = textOf(frame, Math.floor((w - 6) / COLUMN));
    if (!text && !frame.text) return;
    if (!frame.text) {
      frame.text = document.createElementNS(svg.namespaceURI, "text");
      frame.text.setAttribute("y", frame.y + 12);
      frame.g.appendChild(frame.text);
    }
    if (frame.said.text !== text) frame.text.textContent = frame.said.text = text;
    if (text) put(frame, frame.text, "x", x + 3);
  }

  function show() {
    const scale = width / zoomed.w, slack = 0.011, left = zoomed.x, right = zoomed.x + zoomed.w;
    for (const f of frames) {
      const above = f !== zoomed && f.x <= left + slack && f.x + f.w >= right - slack &&
        (f.w > zoomed.w + slack || Math.abs(f.y - root.y) < Math.abs(zoomed.y - root.y));
      const inside = f.w > 0 && f.x >= left - slack && f.x + f.w <= right + slack, shown = above || inside;
      if (f.shown !== shown) f.g.style.display = shown ? "" : "none";
      f.shown = shown;
      if (!shown) continue;
      const x = MARGIN + (above ? 0 : (f.x - left) * scale), w = above ? width : f.w * scale;
      put(f, f.rect, "x", x);
      put(f, f.rect, "width", w);
      if (f.above !== above) f.rect.classList.toggle("above", f.above = above);
      label(f, x, w);
    }
    $("reset").style.display = zoomed === root && !query ? "none" : "";
    if (!here.shown) goTo(zoomed, false);
  }

  function search(text) {
    query = null;
    try {
      query = text ? new RegExp(text) : null;
    } catch (e) {
      query = new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    }
    const spans = [];
    for (const f of frames) {
      const hit = query && query.test(f.name);
      f.rect.classList.toggle("other", Boolean(query && !hit));
      f.rect.classList.toggle("hit", Boolean(hit));
      if (hit) spans.push([f.x, f.x + f.w]);
    }
    spans.sort((a, b) => a[0] - b[0]);
    let sum = 0, end = 0;
    for (const [from, to] of spans) {
      if (to > end) sum += to - Math.max(from, end);
      end = Math.max(end, to);
    }
    $("matched").textContent = query ? "matched " + (100 * sum / root.w).toFixed(1) + " %" : "";
    $("reset").style.display = zoomed === root && !query ? "none" : "";
  }

  function ask() {
    const text = prompt("Search for a regular expression:", "");
    if (text !== null) search(text);
  }

  function reset() {
    zoomed = root;
    search("");
    show();
  }

  const frameOf = new Map(frames.map((f) => [f.g, f]));
  const of = (target) => {
    const g = target.closest && target.closest("#frames g");
    return g && frameOf.get(g);
  };
  /* A text that is a button: for the mouse, the keyboard and a screen reader. */
  function button(element, press) {
    element.setAttribute("role", "button");
    element.setAttribute("tabindex", "0");
    element.addEventListener("click", press);
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      press();
    });
  }

  $("search").style.display = "";
  button($("search"), ask);
  button($("reset"), reset);
  const tell = (frame) => { $("details").textContent = frame ? frame.title : ""; };
  function zoomTo(frame) {
    zoomed = frame;
    show();
  }
  $("frames").addEventListener("click", (event) => {
    const frame = of(event.target);
    if (!frame) return;
    goTo(frame, false);
    zoomTo(frame);
  });
  $("frames").addEventListener("mouseover", (event) => tell(of(event.target)));
  $("frames").addEventListener("focusin", (event) => tell(of(event.target)));

  /* Each frame is an item of a tree; one of them is reached by Tab, the others by arrows. */
  $("frames").setAttribute("role", "tree");
  $("frames").setAttribute("aria-label", "Frames, root first");
  for (const f of frames) {
    f.g.setAttribute("role", "treeitem");
    f.g.setAttribute("aria-level", Math.round(Math.abs(f.y - root.y) / PITCH) + 1);
    f.g.setAttribute("tabindex", f === root ? 0 : -1);
  }
  function goTo(frame, focus = true) {
    here.g.setAttribute("tabindex", -1);
    frame.g.setAttribute("tabindex", 0);
    here = frame;
    if (focus) frame.g.focus();
  }
  const parentOf = (frame) => (frame === root ? undefined : frames[frame.parent]);
  function widestChild(frame) {
    const at = frames.indexOf(frame), children = frames.filter((f, i) => i && f.parent === at && f.shown && f.w > 0);
    return children.reduce((best, f) => (!best || f.w > best.w ? f : best), undefined);
  }
  /* Frames come row by row. */
  function beside(frame, step) {
    let at = frames.indexOf(frame) + step;
    while (frames[at] && frames[at].y === frame.y && !(frames[at].shown && frames[at].w > 0)) at += step;
    return frames[at] && frames[at].y === frame.y ? frames[at] : undefined;
  }
  $("frames").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const rootBelow = frames.every((f) => f.y <= root.y);
    const outwards = () => parentOf(here), inwards = () => widestChild(here);
    const moves = {
      ArrowLeft: () => beside(here, -1), ArrowRight: () => beside(here, 1),
      ArrowUp: rootBelow ? inwards : outwards, ArrowDown: rootBelow ? outwards : inwards,
    };
    if (moves[event.key]) {
      const to = moves[event.key]();
      if (to) goTo(to);
    } else if (event.key === "Enter" || event.key === " ") {
      zoomTo(here);
    } else if (event.key === "Backspace") {
      zoomTo(parentOf(zoomed) ?? root);
    } else {
      return;
    }
    event.preventDefault();
  });

  /* A high picture is looked at where its root is; what it is of, and what the frame below the
   * mouse is, stay in sight. */
  const head = $("head"), foot = $("foot"), high = +svg.getAttribute("height"), headHigh = +$("head").dataset.height;
  svg.append(foot, head);
  function follow() {
    const box = svg.getBoundingClientRect(), scale = box.height / high || 1, most = Math.max(0, high - headHigh - 30 - 2 * PITCH);
    const cut = (pixels) => Math.max(0, Math.min(most, pixels / scale));
    head.setAttribute("transform", "translate(0 " + cut(-box.top) + ")");
    foot.setAttribute("transform", "translate(0 " + -cut(box.bottom - innerHeight) + ")");
  }
  addEventListener("scroll", follow, { passive: true });
  addEventListener("resize", follow);
  function startAtRoot() {
    /* Where not all of the picture's width is seen, the words begin at its left. */
    if (svg.getBoundingClientRect().width > innerWidth)
      for (const line of head.querySelectorAll("#title, .fact")) {
        line.setAttribute("x", MARGIN);
        line.style.textAnchor = "start";
      }
    const below = svg.getBoundingClientRect().bottom - innerHeight;
    if (below > 0 && scrollY === 0 && frames.every((f) => f.y <= root.y)) scrollTo(0, below);
    follow();
  }

  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "f" || event.key === "F3" || event.key === "/") {
      event.preventDefault();
      ask();
    } else if (event.key === "Escape") {
      reset();
    }
  });

  const holder = $("frames");
  const amounts = holder.dataset.amounts.split(" ").map(Number);
  const comparable = amounts[0] > 0 || amounts[1] > 0;
  const full = root.w;
  const switches = {
    width: { at: 0, names: ["larger", "after", "sum"], label: "width: " },
    color: { at: 0, names: ["self", "total"], label: "color: " },
    scale: { at: 0, names: ["shares", holder.dataset.unit], label: "by: " },
    palette: { at: 0, names: ["usual", "colorblind"], label: "palette: " },
  };

  for (const f of frames) {
    const d = f.g.dataset.d.split(" ");
    f.parent = +d[0];
    [f.self, f.total, f.larger] = [[+d[1], +d[2]], [+d[3], +d[4]], [+d[5], +d[6]]];
    f.change = d[7]; /* self, total by share; self, total by amount */
  }

  function widthOf(f) {
    const by = switches.scale.at, scale = by ? amounts : [1, 1];
    if (switches.width.at === 0) return f.larger[by];
    const after = f.total[1] * scale[1];
    return switches.width.at === 1 ? after : after + f.total[0] * scale[0];
  }

  function shade(sides) {
    const most = Math.max(sides[0], sides[1]), change = most > 0 ? Math.abs(sides[1] - sides[0]) / most : 0;
    return change < 0.1 ? "1" : change < 0.3 ? "2" : "3";
  }

  function paint(f) {
    const by = switches.scale.at, scale = by ? amounts : [1, 1];
    const side = f.total[0] <= 0 ? "new" : f.total[1] <= 0 ? "gone" : "";
    const total = switches.color.at === 1 || side;
    const letter = f.change[2 * by + (total ? 1 : 0)];
    const sides = (total ? f.total : f.self).map((value, i) => value * scale[i]);
    const keep = ["other", "hit", "above"].filter((name) => f.rect.classList.contains(name));
    f.rect.setAttribute("class", [letter === "m" || letter === "l" ? letter + shade(sides) : letter, side, ...keep].join(" ").trim());
  }

  function arrange() {
    const whole = widthOf(root) || 1, next = [];
    svg.classList.toggle("blind", switches.palette.at === 1);
    frames.forEach((f, i) => {
      f.w = widthOf(f) / whole * full;
      f.x = i ? next[f.parent] : 0;
      if (i) next[f.parent] += f.w;
      next[i] = f.x;
      paint(f);
    });
    reset();
  }

  /* Switches as wide as the longest of what they say, from the right edge of the picture. */
  let right = width + MARGIN;
  for (const [name, one] of Object.entries(switches).reverse()) {
    const element = $("by-" + name);
    if (name === "scale" && !comparable) continue;
    const write = () => { element.textContent = one.label + one.names[one.at]; };
    const press = () => {
      one.at = (one.at + 1) % one.names.length;
      write();
      arrange();
    };
    const longest = Math.max(...one.names.map((text) => {
      element.textContent = one.label + text;
      return element.getComputedTextLength();
    }));
    const chip = document.createElementNS(svg.namespaceURI, "rect"), y = +element.getAttribute("y");
    for (const [key, value] of Object.entries({ class: "chip", x: right - longest - 16, y: y - 14, width: longest + 16, height: 20, rx: 5 })) chip.setAttribute(key, value);
    chip.addEventListener("click", press);
    element.before(chip);
    element.setAttribute("x", right - 8 - longest / 2);
    element.setAttribute("text-anchor", "middle");
    right -= longest + 16 + 8;
    button(element, press);
    write();
  }
  show();
  startAtRoot();
})();
