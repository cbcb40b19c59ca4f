/* A flame graph of two: zoom, search, and switches for width, colour and scale. */
(function () {
  const MARGIN = 10, COLUMN = 7.25;
  const svg = document.querySelector("svg"), $ = (id) => document.getElementById(id);
  const width = +svg.getAttribute("width") - 2 * MARGIN;
  const frames = [...$("frames").children].map((g) => {
    const rect = g.querySelector("rect"), title = g.querySelector("title").textContent;
    const cut = title.lastIndexOf(" (");
    return {
      g, rect, text: g.querySelector("text"), name: title.slice(0, cut), title,
      x: +rect.getAttribute("x") - MARGIN, y: +rect.getAttribute("y"), w: +rect.getAttribute("width"),
    };
  });
  const root = frames[0];
  let zoomed = root, query = null;

  function label(frame, x, w) {
    const columns = Math.floor((w - 6) / COLUMN);
    if (columns < 3) {
      if (frame.text) frame.text.textContent = "";
      return;
    }
    if (!frame.text) {
      frame.text = document.createElementNS(svg.namespaceURI, "text");
      frame.text.setAttribute("y", frame.y + 12);
      frame.g.appendChild(frame.text);
    }
    frame.text.setAttribute("x", x + 3);
    frame.forms ??= nameForms(frame.name);
    const fits = frame.forms.find((form) => form.length <= columns);
    frame.text.textContent = fits ?? frame.forms.at(-1).slice(0, columns - 1) + "…";
  }

  function show() {
    const scale = width / zoomed.w, slack = 0.011, left = zoomed.x, right = zoomed.x + zoomed.w;
    const down = Math.sign(root.y - zoomed.y) || 0;
    for (const f of frames) {
      const above = f !== zoomed && f.x <= left + slack && f.x + f.w >= right - slack &&
        (f.w > zoomed.w + slack || Math.abs(f.y - root.y) < Math.abs(zoomed.y - root.y));
      const inside = f.w > 0 && f.x >= left - slack && f.x + f.w <= right + slack;
      f.g.style.display = above || inside ? "" : "none";
      if (!above && !inside) continue;
      const x = MARGIN + (above ? 0 : (f.x - left) * scale), w = above ? width : f.w * scale;
      f.rect.setAttribute("x", x);
      f.rect.setAttribute("width", w);
      f.rect.classList.toggle("above", above);
      label(f, x, w);
    }
    $("reset").style.display = zoomed === root && !query ? "none" : "";
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
  $("frames").addEventListener("click", (event) => {
    const frame = of(event.target);
    if (frame) zoomed = frame;
    show();
  });
  $("frames").addEventListener("mouseover", (event) => {
    const frame = of(event.target);
    $("details").textContent = frame ? frame.title : "";
  });
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

  for (const [name, one] of Object.entries(switches)) {
    const element = $("by-" + name);
    if (name === "scale" && !comparable) continue;
    const write = () => { element.textContent = one.label + one.names[one.at]; };
    button(element, () => {
      one.at = (one.at + 1) % one.names.length;
      write();
      arrange();
    });
    write();
  }
  show();
})();
