// The flame graph of two in a real browser: each switch, against widths counted here.
"use strict";
const assert = require("assert");
const fs = require("fs");
const path = require("path");
const { execFileSync } = require("child_process");
const { test, main, open, drawn, violations, directory } = require("./common.js");
const fiq = process.argv[2];

const BEFORE = { "main;parse": 900, "main;parse;lex": 2600, "main;eval": 2800, "main;eval;add": 3000, "main;gc;old_sweep": 1300, "main;print": 630 };
const AFTER = { "main;parse": 900, "main;parse;lex": 1830, "main;eval": 1500, "main;eval;add": 4200, "main;gc;mark": 1000, "main;print": 610 };
const WIDTH = 1180; // of the root, in the picture's units

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
  for (const g of document.querySelectorAll("#frames g")) {
    const rect = g.querySelector("rect"), style = getComputedStyle(rect);
    const title = g.querySelector("title").textContent;
    frames[title.slice(0, title.indexOf(" ("))] = {
      width: g.style.display === "none" ? 0 : +rect.getAttribute("width"), classes: rect.getAttribute("class"),
      fill: style.fill, stroke: style.strokeDasharray, title,
    };
  }
  return frames;
});

async function expectWidths(page, weight) {
  const frames = await seen(page), whole = weight("main");
  for (const frame of ["main", "main;parse", "main;parse;lex", "main;eval", "main;eval;add", "main;gc;old_sweep", "main;gc;mark"]) {
    const name = frame.slice(frame.lastIndexOf(";") + 1), wanted = WIDTH * weight(frame) / whole;
    assert(Math.abs(frames[name].width - wanted) < 0.05, `${name} is ${frames[name].width} wide, not ${wanted}`);
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
  await page.evaluate(() => [...document.querySelectorAll("#frames g")].find((g) => /^eval /.test(g.textContent)).dispatchEvent(new MouseEvent("click", { bubbles: true })));
  const zoomed = await seen(page);
  assert(Math.abs(zoomed.eval.width - WIDTH) < 0.05 && Math.abs(zoomed.main.width - WIDTH) < 0.05);
  assert(!zoomed.parse.width && zoomed.add.width);
  await page.click("#reset");
  const again = await seen(page);
  for (const name of Object.keys(before)) assert(Math.abs(again[name].width - before[name].width) < 0.02, name);
});

const focused = (page) => page.evaluate(() => document.activeElement?.querySelector("title")?.textContent.split(" (")[0]);

for (const extension of [".svg", ".html"]) {
  test(`${extension}: every frame is an item, reached by the keyboard`, async (browser) => {
    const page = await open(browser, draw(extension)), stacks = [...Object.keys(BEFORE), ...Object.keys(AFTER)];
    const wanted = new Set(["all", ...stacks.flatMap((stack) => stack.split(";").map((_, i, list) => list.slice(0, i + 1).join(";")))]);
    const levels = await page.$$eval("#frames [role=treeitem]", (items) => items.map((g) => g.querySelector("title").textContent.split(" (")[0] + " " + g.getAttribute("aria-level")));
    assert.deepEqual(levels.sort(), [...wanted].map((frame) => frame.split(";").at(-1) + " " + (frame === "all" ? 1 : frame.split(";").length + 1)).sort());
    for (let tabs = 0; tabs < 12 && (await focused(page)) !== "all"; tabs++) await page.keyboard.press("Tab");
    assert.equal(await focused(page), "all", "Tab leads to no frame");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    assert.equal(await focused(page), "eval", "the widest above main");
    assert.match(await page.textContent("#details"), /^eval \(\d/);
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(page), "gc");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await focused(page), "eval", "nothing lies left of it");
    await page.keyboard.press("Enter");
    assert(Math.abs((await seen(page)).eval.width - WIDTH) < 0.05, "Enter does not zoom");
    await page.keyboard.press("Backspace");
    assert(!(await seen(page)).eval.width || (await seen(page)).parse.width, "Backspace does not zoom out");
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
    assert(await inSight("#frames g"), "the root is not in sight");
    for (const by of [0, -300, 200]) {
      // The wheel is answered before the page has scrolled.
      const to = await page.evaluate((y) => scrollY + y, by);
      await page.mouse.wheel(0, by);
      await page.waitForFunction((y) => scrollY === y, to);
      await drawn(page);
      for (const of of ["#title", "#by-width", "#foot rect"]) assert(await inSight(of), `${of} is out of sight`);
    }
    assert(!(await inSight("#frames g")), "nothing has moved");
    await page.click("#by-width");
    assert.equal(await page.textContent("#by-width"), "width: after", "the switch is covered");
  });

  test(`${extension}: hostile names are inert and visible`, async (browser) => {
    const names = ["</script><script>alert(1)</script>", "]]>", "</title><img src=x onerror=alert(1)>", 'a"b\'c&amp', "\u202eevil"];
    const side = (count) => Object.fromEntries(names.map((name, i) => ["main;" + name, count + 40 * i]));
    const page = await open(browser, draw(extension, [], [side(900), side(1000)]));
    const shown = Object.keys(await seen(page));
    for (const name of names.slice(0, 4)) assert(shown.includes(name), `${name} is not among ${shown}`);
    assert(!(await page.evaluate(() => document.documentElement.textContent)).includes("\u202e"), "a name turns the text around it");
    assert.deepEqual(page.complaints, []);
  });
}

for (const extension of [".svg", ".html"])
  test(`${extension}: a search counts what it marks, each sample once`, async (browser) => {
    const page = await open(browser, draw(extension));
    page.removeAllListeners("dialog");
    page.on("dialog", (dialog) => dialog.accept("eval|add|lex"));
    await page.click("#by-width");
    await page.keyboard.press("/");
    await page.waitForFunction(() => document.querySelector("#matched").textContent);
    const share = total(AFTER, "main;eval").share + total(AFTER, "main;parse;lex").share;
    assert.equal(await page.textContent("#matched"), `matched ${(100 * share).toFixed(1)} %`);
    const frames = await seen(page);
    for (const [name, { classes }] of Object.entries(frames)) assert.match(classes, ["eval", "add", "lex"].includes(name) ? /hit/ : /other/, name);
    await page.keyboard.press("Escape");
    assert.equal(await page.textContent("#matched"), "");
    assert(Object.values(await seen(page)).every(({ classes }) => !/hit|other/.test(classes)));
    assert.deepEqual(page.complaints, []);
  });

test("the page runs its own script, and would run no other", async (browser) => {
  const file = draw(".html"), page = await open(browser, file);
  assert.equal(await page.textContent("#by-width"), "width: larger");
  assert.match(await page.getAttribute("meta[http-equiv]", "content"), /^default-src 'none'; script-src 'sha256-[\w+/]{43}='; /);
  const other = path.join(directory, "changed.html");
  fs.writeFileSync(other, fs.readFileSync(file, "utf8").replace('"width: "', '"WIDTH: "'));
  const changed = await open(browser, other);
  assert.equal(await changed.textContent("#by-width"), "", "a script with another hash runs");
});

test("on a phone the page does not overflow, names stay words", async (browser) => {
  const page = await open(browser, draw(".html"), { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  assert(await page.$eval("td:first-child", (cell) => cell.clientHeight < 60 && cell.clientWidth > 80));
  assert(await page.$eval("#title", (title) => title.getBoundingClientRect().left < 100), "the title is out of sight");
  assert.deepEqual(await violations(page), []);
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
      const pairs = await page.evaluate(() => [...document.querySelectorAll("#frames g")].filter((g) => g.querySelector("text") && !g.querySelector(".gone"))
        .map((g) => [getComputedStyle(g.querySelector("rect")).fill, getComputedStyle(g.querySelector("text")).fill]));
      for (const [fill, text] of pairs) assert(contrast(fill, text) >= 4.5, `${text} on ${fill}`);
      const [back, fact] = await page.evaluate(() => ["#back", ".fact"].map((of) => getComputedStyle(document.querySelector(of)).fill));
      assert(contrast(back, fact) >= 4.5, `${fact} on ${back}`);
      await page.click("#by-palette");
    }
  });

test("axe finds nothing wrong with page and picture", async (browser) => {
  for (const extension of [".html", ".svg"])
    for (const colorScheme of ["light", "dark"])
      assert.deepEqual(await violations(await open(browser, draw(extension), { colorScheme })), []);
});

test("a narrow picture keeps legend and switches apart", async (browser) => {
  const page = await open(browser, draw(".svg", ["--width", "700"]));
  const boxes = await page.evaluate(() => [...document.querySelectorAll(".legend, [id^=by-]")].map((text) => text.getBBox()).map((b) => [b.x, b.y, b.x + b.width, b.y + b.height]));
  for (const [i, a] of boxes.entries())
    for (const b of boxes.slice(i + 1)) assert(a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1], `${a} and ${b}`);
});

main();
