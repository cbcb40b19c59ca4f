// What a flame graph's picture shows: names, boxes and facts, as the file holds them.
(() => {
  const KINDS = { u: "", k: "kernel", i: "inlined", j: "JIT", p: "Python", m: "note", l: "" };
  const MARKS = { k: " K", i: " I", j: " J", p: " P" };
  // Only from this width on an outline tells more than it hides.
  const OUTLINED = 12;
  const root = pictureRoot(), part = (id) => root.querySelector("#" + id);

  // One line a name: two letters of class, one of kind, the name, a tab and its file.
  function readNames() {
    const names = [{ cls: root.querySelector("#frames rect").getAttribute("class"), kind: "m", text: "all", file: "" }];
    for (const line of part("names").textContent.split("\n")) {
      if (!line) continue;
      const tab = line.indexOf("\t");
      names.push({
        cls: line.slice(0, 2), kind: line[2],
        text: tab < 0 ? line.slice(3) : line.slice(3, tab), file: tab < 0 ? "" : line.slice(tab + 1),
      });
    }
    return names;
  }

  function readBoxes() {
    const bytes = atob(part("boxes").textContent), most = Math.floor(bytes.length / 4);
    const name = new Uint32Array(most), width = new Float64Array(most), self = new Float64Array(most), kids = new Uint32Array(most);
    let at = 0, count = 0;
    const number = () => {
      let value = 0, unit = 1, byte;
      do {
        byte = bytes.charCodeAt(at++);
        value += (byte & 127) * unit;
        unit *= 128;
      } while (byte > 127);
      return value;
    };
    // Bytes of padding cannot be told from a box: the children say how many there are.
    for (let owed = 1; owed; owed--, count++) {
      name[count] = number();
      width[count] = number();
      self[count] = number();
      kids[count] = number();
      owed += kids[count];
    }
    return { count, name, width, self, kids };
  }

  const names = readNames(), boxes = readBoxes();
  joinBoxes(boxes);
  const { name, width, self } = boxes, whole = width[0];
  const facts = part("facts"), unit = facts.dataset.unit, valueName = facts.dataset.value;

  // ---- numbers for people ----

  function weightText(weight) {
    const scales = {
      nanoseconds: [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]],
      bytes: [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [1024, "KiB"], [1, "B"]],
    }[unit];
    if (!scales) return weight + " " + things(weight, unit !== "count" && unit ? unit : valueName);
    const [size, sign] = scales.find((s) => weight >= s[0]) || scales[scales.length - 1];
    const value = weight / size;
    return (size === 1 ? value : value.toFixed(value < 10 ? 3 : value < 100 ? 2 : 1)) + " " + sign;
  }

  // Half of the 95 % interval of a share, in points: what a repetition may differ by.
  function uncertainty(weight) {
    const p = weight / whole;
    return unit === "count" && whole > 1 && p < 1 ? " ± " + (196 * Math.sqrt((p * (1 - p)) / whole)).toFixed(2) : "";
  }

  function describe(i, ofView) {
    const entry = names[name[i]], parts = [weightText(width[i]), (ofView ? ofView + ", " : "") + percent(width[i], whole) + uncertainty(width[i]) + " of all"];
    if (self[i]) parts.push("self " + percent(self[i], whole));
    if (KINDS[entry.kind]) parts.push(KINDS[entry.kind]);
    if (entry.file) parts.push(entry.file);
    return entry.text + " — " + parts.join(" · ");
  }

  // ---- what stands above ----

  const lines = facts.textContent.trim().split("\n").map((line) => line.split(/: (.*)/s));
  const heading = root.querySelector("title").textContent, apart = ["quality", "note"];
  const together = lines.filter((l) => !apart.includes(l[0]) && l[1] !== heading).map((l) => l[1]).join(" · ");

  function legend() {
    if (!part("legend")) return [];
    const swatches = part("legend").cloneNode(true), y = swatches.querySelector("rect").getAttribute("y") - 1;
    swatches.removeAttribute("id");
    const label = "Kinds: " + Array.from(swatches.querySelectorAll("text"), (t) => t.textContent).join(", ");
    return [makeSvg("svg", { class: "legend", role: "img", "aria-label": label, width: 330, height: 18, viewBox: MARGIN - 1 + " " + y + " 330 18" }, swatches)];
  }

  showPicture(root, {
    names, boxes, describe,
    titleOf: (i) => names[name[i]].text + " (" + weightText(width[i]) + ", " + percent(width[i], whole) + ")",
    classOf: (i, w) => names[name[i]].cls + (w >= OUTLINED && MARKS[names[name[i]].kind] || ""),
    paintOf: (i) => names[name[i]].cls,
    matched: (union) => percent(union(0), whole, 1),
    facts: [together, ...lines.filter((l) => apart.includes(l[0])).map((l) => l[1])],
    legend: legend(),
    controls: [],
  });
})();
