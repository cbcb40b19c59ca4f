// What a flame graph of two shows: widths and colours by what is chosen.
(() => {
  const root = pictureRoot(), frames = root.querySelector("#frames"), facts = root.querySelector("#facts");
  const amounts = frames.dataset.amounts.split(" ").map(Number), unit = frames.dataset.unit;
  const comparable = amounts[0] > 0 || amounts[1] > 0;
  const chosen = { width: 0, color: 0, scale: 0, palette: 0 };

  // Each frame of the picture: "name (detail)", and in data-d its parent's index, its own and its
  // total share before and after, the widths by share and by amount, and four letters for what
  // changed: self and total by share, self and total by amount.
  function read() {
    const items = [...frames.children], count = items.length, ids = new Map(), names = [{ text: "all" }];
    const name = new Uint32Array(count), kids = new Uint32Array(count), width = new Float64Array(count);
    const titles = [], changes = [], parents = new Uint32Array(count);
    const sides = (size) => [new Float64Array(size), new Float64Array(size)];
    const self = sides(count), total = sides(count), larger = sides(count);
    items.forEach((g, i) => {
      const title = g.querySelector("title").textContent, text = title.slice(0, title.lastIndexOf(" ("));
      const d = g.dataset.d.split(" ");
      if (i && !ids.has(text)) ids.set(text, names.push({ text }) - 1);
      name[i] = i ? ids.get(text) : 0;
      titles.push(title);
      [self[0][i], self[1][i], total[0][i], total[1][i], larger[0][i], larger[1][i]] = d.slice(1, 7).map(Number);
      changes.push(d[7]);
      parents[i] = +d[0];
      if (i) kids[parents[i]]++;
    });
    return { names, titles, changes, self, total, larger, parents, boxes: { count, name, kids, width } };
  }

  const { names, titles, changes, self, total, larger, parents, boxes } = read(), { count, width } = boxes;
  const scale = () => (chosen.scale ? amounts : [1, 1]);

  function wanted(i) {
    if (chosen.width === 0) return larger[chosen.scale][i];
    const after = total[1][i] * scale()[1];
    return chosen.width === 1 ? after : after + total[0][i] * scale()[0];
  }

  // In whole numbers, so that sums are exact: a box is as wide as what is its own and its children.
  function measure() {
    const unitsIn = 2 ** 40 / (wanted(0) || 1), below = new Float64Array(count), drawn = new Float64Array(count);
    for (let i = count - 1; i >= 0; i--) {
      const own = Math.max(0, Math.round((wanted(i) - below[i]) * unitsIn));
      width[i] = own < 2 ** 21 && drawn[i] ? drawn[i] : own + drawn[i];
      if (!i) break;
      below[parents[i]] += wanted(i);
      drawn[parents[i]] += width[i];
    }
  }

  const sideOf = (i) => (total[0][i] <= 0 ? " new" : total[1][i] <= 0 ? " gone" : "");

  function shade(i, of) {
    const [before, after] = [0, 1].map((side) => of[side][i] * scale()[side]), most = Math.max(before, after);
    const change = most > 0 ? Math.abs(after - before) / most : 0;
    return change < 0.1 ? "1" : change < 0.3 ? "2" : "3";
  }

  // What is only on one side is coloured by its total, as its own cost may be nothing.
  function colorOf(i) {
    const byTotal = chosen.color === 1 || sideOf(i) !== "", letter = changes[i][2 * chosen.scale + (byTotal ? 1 : 0)];
    return letter === "m" || letter === "l" ? letter + shade(i, byTotal ? total : self) : letter;
  }

  function swatch(rect) {
    const copy = rect.cloneNode();
    for (const [key, value] of [["x", 1], ["y", 1]]) copy.setAttribute(key, value);
    return makeSvg("svg", { width: 24, height: 14, "aria-hidden": "true" }, copy);
  }
  const entries = Array.from(root.querySelectorAll("#legend rect"), (rect) => html("span", {}, swatch(rect), rect.nextElementSibling.textContent));

  function control(key, hint, label, choices, then) {
    const press = (at) => {
      chosen[key] = at;
      then();
    };
    return { key, hint, count: choices.length, says: (at) => label + ": " + choices[at], press };
  }
  function arrange() {
    measure();
    placeBoxes(boxes);
  }

  measure();
  joinBoxes(boxes);
  showPicture(root, {
    names, boxes,
    titleOf: (i) => titles[i],
    describe: (i, ofView) => titles[i] + (ofView && " · " + ofView),
    classOf: (i, room) => colorOf(i) + (room < 8 && total[0][i] <= 0 ? "" : sideOf(i)), // a frame would hide it
    paintOf: colorOf,
    matched: (union) => total.map((side) => percent(union(0, side), side[0], 1)).join(" → "),
    facts: facts.textContent.trim().split("\n"),
    legend: [html("p", { class: "legend" }, ...entries)],
    controls: [
      control("width", "What a frame is as wide as", "width", ["larger", "after", "sum"], arrange),
      control("color", "What a colour is of: a function's own cost, or with what it calls", "color", ["self", "total"], () => {}),
      ...comparable ? [control("scale", "Shares of all, or amounts", "by", ["shares", unit], arrange)] : [],
      control("palette", "Other colours", "palette", ["usual", "colorblind"], () => root.classList.toggle("blind", chosen.palette === 1)),
    ],
  });
})();
