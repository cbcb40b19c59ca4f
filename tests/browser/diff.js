// The flame graph of two in a real browser: each switch, against widths counted here.
"use strict";
const assert = require("assert");
const fs = require("fs");
const path = require("path");
const { execFileSync } = require("child_process");
const { test, main, open, becomes, violations, directory } = require("./common.js");
const fiq = process.argv[2];

const BEFORE = { "main;parse": 900, "main;parse;lex": 2600, "main;eval": 2800, "main;eval;add": 3000, "main;gc;old_sweep": 1300, "main;print": 630 };
const AFTER = { "main;parse": 900, "main;parse;lex": 1830, "main;eval": 1500, "main;eval;add": 4200, "main;gc;mark": 1000, "main;print": 610 };

const folded = (side) => Object.entries(side).map(([stack, count]) => `${stack} ${count}\n`).join("");

// How much of a side's samples pass through a path, "main;eval".
function total(side, frame) {
  let sum = 0, all = 0;
  for (const [stack, count] of Object.entries(side)) {
    all += count;
    if ((stack + ";").startsWith(frame + ";")) sum += count;
  }
  return { share: sum / all, count: sum };
}

let pictures = 0;

function draw(extension, options = [], [before, after] = [BEFORE, AFTER]) {
  const files = ["before", "after"].map((name) => path.join(directory, name + ".folded"));
  fs.writeFileSync(files[0], folded(before));
  fs.writeFileSync(files[1], folded(after));
  const output = path.join(directory, `diff-${++pictures}${extension}`);
  execFileSync(fiq, ["diff", "-q", ...options, ...files, "-o", output]);
  return output;
}

// Name to what is seen of it: width, classes, colours as the browser computes them.
const seen = (page) => page.evaluate(() => {
  const frames = {};
  for (const g of document.querySelectorAll("[role=treeitem]")) {
    const rect = g.querySelector("rect"), style = getComputedStyle(rect);
    const title = g.querySelector("title").textContent;
    frames[title.slice(0, title.lastIndexOf(" ("))] = {
      width: rect.getBoundingClientRect().width, classes: rect.getAttribute("class"), marks: g.getAttribute("class") ?? "",
      fill: style.fill, stroke: style.strokeDasharray, title,
    };
  }
  return frames;
});

async function expectWidths(page, weight) {
  const frames = await seen(page), whole = weight("main"), full = frames.all.width;
  for (const frame of ["main", "main;parse", "main;parse;lex", "main;eval", "main;eval;add", "main;gc;old_sweep", "main;gc;mark"]) {
    const name = frame.slice(frame.lastIndexOf(";") + 1), wanted = full * weight(frame) / whole, is = frames[name]?.width ?? 0;
    assert(Math.abs(is - wanted) < 1, `${name} is ${is} wide, not ${wanted}`);
  }
}

// A frame is as wide as its own cost on the larger side and what it calls together.
function larger(by) {
  const own = (side, frame) => (side[frame] || 0) / (by === "share" ? total(side, "main").count : 1);
  const stacks = new Set([...Object.keys(BEFORE), ...Object.keys(AFTER)]);
  return (frame) => [...stacks].filter((stack) => (stack + ";").startsWith(frame + ";"))
    .reduce((sum, stack) => sum + Math.max(own(BEFORE, stack), own(AFTER, stack)), 0);
}

for (const extension of [".svg", ".html"]) {
  test(`${extension}: widths are of the larger side, of after, of the sum, and again of the larger`, async (browser) => {
    const page = await open(browser, draw(extension)), side = (s, frame) => total(s, frame).share;
    await expectWidths(page, larger("share"));
    await page.click("#by-width");
    assert.equal(await page.textContent("#by-width"), "width: after");
    await expectWidths(page, (frame) => side(AFTER, frame));
    await page.click("#by-width");
    await expectWidths(page, (frame) => side(BEFORE, frame) + side(AFTER, frame));
    await page.click("#by-width");
    await expectWidths(page, larger("share"));
    assert.deepEqual(page.complaints, []);
  });

  test(`${extension}: amounts instead of shares`, async (browser) => {
    const page = await open(browser, draw(extension));
    await page.click("#by-scale");
    assert.equal(await page.textContent("#by-scale"), "by: samples");
    await expectWidths(page, larger("count"));
    await page.click("#by-width");
    await expectWidths(page, (frame) => total(AFTER, frame).count);
    assert.deepEqual(page.complaints, []);
  });

  test(`${extension}: colours follow the frame's own cost, or all below it`, async (browser) => {
    const page = await open(browser, draw(extension));
    let frames = await seen(page);
    assert.match(frames.eval.classes, /^l/, "eval itself takes less");
    assert.match(frames.add.classes, /^m/);
    assert.equal(frames.main.classes, "n");
    await page.click("#by-color");
    frames = await seen(page);
    assert.match(frames.eval.classes, /^m/, "with what it calls it takes more");
    assert.match(frames.lex.classes, /^l/);
    assert.equal(frames.main.classes, "n");
    assert.deepEqual(page.complaints, []);
  });
}

test("what is gone is hatched, what is new is framed, noise is grey", async (browser) => {
  const frames = await seen(await open(browser, draw(".svg")));
  assert.match(frames.old_sweep.fill, /url\("#gone-l"\)/);
  assert.notEqual(frames.mark.stroke, "none");
  assert.equal(frames.add.stroke, "none");
  const [, red, green, blue] = frames.print.fill.match(/(\d+), (\d+), (\d+)/).map(Number);
  assert(Math.max(red, green, blue) - Math.min(red, green, blue) < 8, "grey is " + frames.print.fill);
});

test("the tooltip has both sides, the change and its interval, in points and in samples", async (browser) => {
  const frames = await seen(await open(browser, draw(".svg")));
  assert.match(frames.lex.title, /^lex \(23\.2 % → 18\.2 %, −4\.93 ± 1\.\d+ points, 2600 samples → 1830 samples, less; all of it its own\)$/);
  assert.match(frames.mark.title, /^mark \(0\.00 % → 10\.0 %, \+9\.96 ± 0\.\d+ points, 0 samples → 1000 samples, new;/);
});

test("the colourblind palette changes more and less, and their hatches, not the grey", async (browser) => {
  const page = await open(browser, draw(".svg")), usual = await seen(page);
  await page.click("#by-palette");
  const blind = await seen(page);
  assert.notEqual(blind.add.fill, usual.add.fill);
  assert.notEqual(blind.lex.fill, usual.lex.fill);
  assert.equal(blind.print.fill, usual.print.fill);
  await page.click("#by-palette");
  assert.equal((await seen(page)).add.fill, usual.add.fill);
});

test("switches are reached and pressed by the keyboard", async (browser) => {
  const page = await open(browser, draw(".html"));
  await page.focus("#by-width");
  await page.keyboard.press("Enter");
  assert.equal(await page.textContent("#by-width"), "width: after");
  await page.keyboard.press("Space");
  assert.equal(await page.textContent("#by-width"), "width: sum");
});

test("a click zooms in with its ancestors, reset comes back", async (browser) => {
  const page = await open(browser, draw(".svg")), before = await seen(page);
  await clickOn(page, "eval");
  const zoomed = await seen(page);
  assert(Math.abs(zoomed.eval.width - before.all.width) < 1 && Math.abs(zoomed.main.width - before.all.width) < 1);
  assert(!zoomed.parse && zoomed.add.width);
  assert.match(await page.textContent(".details"), /^eval \(.*100\.00 % of the view$/);
  await page.click("#reset");
  const again = await seen(page);
  for (const name of Object.keys(before)) assert(Math.abs(again[name].width - before[name].width) < 0.02, name);
});

async function clickOn(page, name) {
  const frame = page.locator("[role=treeitem]").filter({ has: page.locator(`title:text-matches("^${name} \\\\(")`) }).first();
  const box = await frame.locator("rect").boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

const focused = (page) => page.evaluate(() => document.activeElement?.querySelector("title")?.textContent.split(" (")[0]);

for (const extension of [".svg", ".html"]) {
  test(`${extension}: every frame is an item, reached by the keyboard`, async (browser) => {
    const page = await open(browser, draw(extension)), stacks = [...Object.keys(BEFORE), ...Object.keys(AFTER)];
    const wanted = new Set(["all", ...stacks.flatMap((stack) => stack.split(";").map((_, i, list) => list.slice(0, i + 1).join(";")))]);
    const levels = await page.$$eval("[role=treeitem]", (items) => items.map((g) => g.querySelector("title").textContent.split(" (")[0] + " " + g.getAttribute("aria-level")));
    assert.deepEqual(levels.sort(), [...wanted].map((frame) => frame.split(";").at(-1) + " " + (frame === "all" ? 1 : frame.split(";").length + 1)).sort());
    for (let tabs = 0; tabs < 15 && (await focused(page)) !== "all"; tabs++) await page.keyboard.press("Tab");
    assert.equal(await focused(page), "all", "Tab leads to no frame");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    assert.equal(await focused(page), "eval", "the widest above main");
    assert.match(await page.textContent(".details"), /^eval \(\d/);
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(page), "gc");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await focused(page), "eval", "nothing lies left of it");
    await page.keyboard.press("Enter");
    let now = await seen(page);
    assert(Math.abs(now.eval.width - now.all.width) < 1 && !now.parse, "Enter does not zoom");
    await page.keyboard.press("Backspace");
    now = await seen(page);
    assert(now.parse.width > 10, "Backspace does not zoom out");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(page), "main");
    await page.keyboard.press("Escape");
    assert.deepEqual(page.complaints, []);
  });

  test(`${extension}: a high picture starts at its root, with its head and foot in sight`, async (browser) => {
    const deep = Array.from({ length: 90 }, (_, i) => "f" + i).join(";");
    const page = await open(browser, draw(extension, [], [{ [deep]: 900, main: 100 }, { [deep]: 500, main: 100 }]));
    const inSight = (selector) => page.evaluate((of) => {
      const box = document.querySelector(of).getBoundingClientRect();
      return box.top >= -1 && box.bottom <= innerHeight + 1;
    }, selector);
    for (const of of ["[role=treeitem]", ".head", ".details"]) assert(await inSight(of), `${of} is out of sight`);
    await page.evaluate(() => document.querySelector(".window").scrollTo(0, 0));
    for (const of of [".head", ".details"]) assert(await inSight(of), `${of} is out of sight`);
    assert(!(await inSight("[role=treeitem]")), "nothing has moved");
    await page.click("#by-width");
    assert.equal(await page.textContent("#by-width"), "width: after", "the switch is covered");
  });

  test(`${extension}: hostile names are inert and visible`, async (browser) => {
    const names = ["</script><script>alert(1)</script>", "]]>", "</title><img src=x onerror=alert(1)>", 'a"b\'c&amp', "\u202eevil", "\u2067evil", "\u061cevil"];
    const side = (count) => Object.fromEntries(names.map((name, i) => ["main;" + name, count + 40 * i]));
    const page = await open(browser, draw(extension, [], [side(900), side(1000)]));
    const shown = Object.keys(await seen(page));
    for (const name of names.slice(0, 4)) assert(shown.includes(name), `${name} is not among ${shown}`);
    assert.doesNotMatch(await page.evaluate(() => document.documentElement.textContent), /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/, "a name turns the text around it");
    assert.deepEqual(page.complaints, []);
  });
}

// What is typed is searched for when typing pauses: then it stands in the address.
async function search(page, text) {
  await page.keyboard.press("/");
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
  await page.waitForFunction((t) => new URLSearchParams(location.hash.slice(1)).get("s") === t, text);
}

for (const extension of [".svg", ".html"]) {
  test(`${extension}: a search counts what it marks, each sample once, before and after`, async (browser) => {
    const page = await open(browser, draw(extension));
    await page.click("#by-width");
    await search(page, "eval|add|lex");
    const [before, after] = [BEFORE, AFTER].map((side) => (100 * (total(side, "main;eval").share + total(side, "main;parse;lex").share)).toFixed(1));
    assert.equal(await page.textContent(".matched"), `matched ${after} % of the view, ${before} % → ${after} % of all, 3 frames`);
    const frames = await seen(page);
    for (const [name, { marks }] of Object.entries(frames)) assert.match(marks, ["eval", "add", "lex"].includes(name) ? /hit/ : /other/, name);
    await page.keyboard.press("Escape");
    assert.equal(await page.textContent(".matched"), "");
    assert(Object.values(await seen(page)).every(({ marks }) => !/hit|other/.test(marks)));
    assert.deepEqual(page.complaints, []);
  });

  test(`${extension}: n and N go through the matches, Aa ignores case`, async (browser) => {
    const page = await open(browser, draw(extension));
    await search(page, "EVAL|lex");
    await page.keyboard.press("Enter");
    assert.match(await page.textContent(".details"), /^lex /);
    await page.getByRole("button", { name: "Match case" }).click();
    assert.match(await page.textContent(".matched"), /, 2 frames$/);
    const at = [];
    for (const key of ["n", "n", "N"]) {
      await page.keyboard.press(key);
      at.push(await focused(page));
    }
    assert.deepEqual(at, ["eval", "lex", "eval"]);
    assert.deepEqual(page.complaints, []);
  });

  test(`${extension}: zoom, search and switches are in the address`, async (browser) => {
    const file = draw(extension), page = await open(browser, file);
    await page.click("#by-width");
    await page.click("#by-palette");
    await search(page, "add");
    await page.keyboard.press("Tab");
    await clickOn(page, "eval");
    const hash = await page.evaluate(() => location.hash), wanted = await seen(page);
    const again = await open(browser, file, { hash });
    assert.equal(await again.textContent("#by-width"), "width: after");
    assert.deepEqual(await seen(again), wanted);
    await page.goBack();
    await page.waitForFunction(() => !new URLSearchParams(location.hash.slice(1)).has("z"));
    await page.waitForFunction(() => document.querySelectorAll("[role=treeitem]").length > 5);
  });

  test(`${extension}: printed is the picture of the file, all of it`, async (browser) => {
    const page = await open(browser, draw(extension));
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    const [root, frame] = await page.evaluate(() => ["svg", "#frames rect"].map((of) => document.querySelector(of).getBoundingClientRect().toJSON()));
    assert(frame.width > root.width * 0.9 && frame.right <= root.right, `${frame.right} of ${root.right}`);
    const [, , wide, high] = await page.evaluate(() => document.querySelector("svg").getAttribute("viewBox").split(" ").map(Number));
    if (extension === ".html") assert(Math.abs(root.height / root.width - high / wide) < 0.01, `${root.height} high, ${root.width} wide`);
    assert.equal(await page.isVisible(".head"), false);
    assert.deepEqual(page.complaints, []);
  });
}

test("a reset leaves the page where it is scrolled to", async (browser) => {
  const page = await open(browser, draw(".html"), { viewport: { width: 1200, height: 300 } });
  await clickOn(page, "print");
  await page.evaluate(() => scrollTo(0, 40));
  await page.waitForFunction(() => scrollY === 40);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !new URLSearchParams(location.hash.slice(1)).has("z"));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.equal(await page.evaluate(() => scrollY), 40);
  assert((await seen(page)).eval.width > 100, "not all is shown again");
});

test("keys that scroll a page are taken only within the picture", async (browser) => {
  const page = await open(browser, draw(".html"));
  await page.focus(".tables");
  await page.keyboard.press("ArrowUp");
  assert.equal(await page.evaluate(() => document.activeElement.className), "tables");
  await page.keyboard.press("i");
  assert.equal(await page.textContent("button[title^='Root']"), "Flame");
  await page.focus("#by-width");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(page), "all");
});

test("the page runs its own script, and would run no other", async (browser) => {
  const file = draw(".html"), page = await open(browser, file);
  assert.equal(await page.textContent("#by-width"), "width: larger");
  assert.match(await page.getAttribute("meta[http-equiv]", "content"), /^default-src 'none'; script-src 'sha256-[\w+/]{43}='; /);
  const other = path.join(directory, "changed.html");
  fs.writeFileSync(other, fs.readFileSync(file, "utf8").replace('"larger", "after"', '"LARGER", "after"'));
  const changed = await open(browser, other);
  assert.equal(await changed.locator("#by-width").count(), 0, "a script with another hash runs");
});

test("on a phone a picture by itself is as wide as the screen, and its words as large", async (browser) => {
  const page = await open(browser, draw(".svg"), { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true });
  const [scale, wide] = await page.evaluate(() => {
    const heading = document.querySelector("h1"), all = document.querySelector("[role=treeitem] rect").getBoundingClientRect();
    return [heading.getBoundingClientRect().height / heading.offsetHeight * screen.width / document.documentElement.clientWidth, all.right / document.documentElement.clientWidth];
  });
  assert(Math.abs(scale - 1) < 0.05, "words are " + scale + " of their size");
  assert(wide > 0.9 && wide <= 1, "the root ends at " + wide);
  await clickOn(page, "eval");
  const now = await seen(page);
  assert(Math.abs(now.eval.width - now.all.width) < 1, "another frame than eval was touched");
});

test("on a phone the page does not overflow, names stay words", async (browser) => {
  const page = await open(browser, draw(".html"), { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  assert(await page.$eval("td:first-child", (cell) => cell.clientHeight < 60 && cell.clientWidth > 80));
  const across = await page.$$eval(".head *, [role=treeitem] rect, .details", (all) => all.map((one) => one.getBoundingClientRect().right));
  assert(Math.max(...across) <= 390, "something is out of sight");
  assert.deepEqual(await violations(page), []);
});

test("on a phone a high picture starts at its root, and keeps it in sight when its head grows", async (browser) => {
  const deep = Array.from({ length: 90 }, (_, i) => "f" + i).join(";");
  const sides = [{ [deep]: 900, main: 100 }, { [deep]: 500, main: 100 }], options = { viewport: { width: 400, height: 800 }, isMobile: true, hasTouch: true };
  const page = await open(browser, draw(".html", [], sides), options);
  const places = () => page.evaluate(() => ["[role=treeitem] rect", ".details"].map((of) => document.querySelector(of).getBoundingClientRect()).map((box) => [box.top, box.bottom]));
  const rooted = async () => {
    const [root, details] = await places();
    return root[0] > 0 && root[1] <= details[0] + 1;
  };
  assert(await rooted(), "at first: " + JSON.stringify(await places()));
  const high = () => page.evaluate(() => document.querySelector(".head").offsetHeight), before = await high();
  await search(page, "f1|f2|f3");
  assert((await high()) > before, "nothing has grown");
  assert.equal(await becomes(rooted, true), true, "grown: " + JSON.stringify(await places()));
});

// Contrast of two colours, as WCAG counts it.
function contrast(a, b) {
  const light = (color) => {
    const [red, green, blue] = color.match(/\d+/g).map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

for (const colorScheme of ["light", "dark"])
  test(`names are legible on every colour, ${colorScheme}`, async (browser) => {
    const page = await open(browser, draw(".svg"), { colorScheme });
    for (let palette = 0; palette < 2; palette++) {
      const pairs = await page.evaluate(() => [...document.querySelectorAll("[role=treeitem]")].filter((g) => g.querySelector("text") && !g.querySelector(".gone"))
        .map((g) => [getComputedStyle(g.querySelector("rect")).fill, getComputedStyle(g.querySelector("text")).fill]));
      for (const [fill, text] of pairs) assert(contrast(fill, text) >= 4.5, `${text} on ${fill}`);
      const [back, fact] = await page.evaluate(() => [getComputedStyle(document.querySelector(".app")).backgroundColor, getComputedStyle(document.querySelector(".facts")).color]);
      assert(contrast(back, fact) >= 4.5, `${fact} on ${back}`);
      await page.click("#by-palette");
    }
  });

test("axe finds nothing wrong with page and picture", async (browser) => {
  for (const extension of [".html", ".svg"])
    for (const colorScheme of ["light", "dark"])
      assert.deepEqual(await violations(await open(browser, draw(extension), { colorScheme })), []);
});

test("without script a picture has its words, its colours and no button", async (browser) => {
  for (const options of [[], ["--no-js"]]) {
    const page = await open(browser, draw(".svg", options), { javaScriptEnabled: false });
    for (const words of ["before.folded", "after.folded", "moved by inlining"]) assert.equal(await page.locator("#picture text", { hasText: words }).count() > 0, true, words);
    assert.equal(await page.locator("#frames > g").count(), 10);
    assert.equal(await page.locator("button, [role=button]").count(), 0);
    const boxes = await page.locator("#legend text").evaluateAll((texts) => texts.map((text) => text.getBBox()).map((b) => [b.x, b.x + b.width]));
    for (const [i, [x]] of boxes.entries()) if (i) assert(boxes[i - 1][1] <= x, "the legend's words overlap");
  }
});

test("ten thousand frames: the window's worth of elements, switched and searched", async (browser) => {
  const sides = [{}, {}];
  for (let i = 0; i < 100; i++) {
    const stack = ["main", ...Array.from({ length: 100 }, (_, d) => `f${d}_${d < 7 ? i >> (7 - d) : i}`)].join(";");
    sides[0][stack] = 10 + (i % 7);
    sides[1][stack] = 10 + (i % 5);
  }
  const page = await open(browser, draw(".html", [], sides)), elements = await page.locator("[role=treeitem]").count();
  assert(elements > 20 && elements < 3100, "elements: " + elements);
  await page.click("#by-width");
  await search(page, "_99$");
  const [before, after] = sides.map((side) => {
    const counts = Object.entries(side), sum = (of) => of.reduce((all, [, count]) => all + count, 0);
    return (100 * sum(counts.filter(([stack]) => /_99(;|$)/.test(stack))) / sum(counts)).toFixed(1);
  });
  await page.waitForFunction((text) => document.querySelector(".matched").textContent.includes(text), `${before} % → ${after} % of all`);
  assert.deepEqual(page.complaints, []);
});

main();
