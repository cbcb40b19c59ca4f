// The SVG in a real browser: every interaction, and the numbers against the folded input.
"use strict";
const assert = require("assert");
const fs = require("fs");
const { test, main, open, drawn, address, resize, render, randomSource, violations } = require("./common.js");
const fiq = process.argv[2];

// ---- an independent idea of what the picture must say ----

function parse(folded) {
  const root = { name: "all", total: 0, kids: new Map(), parent: null };
  for (const line of folded.trim().split("\n")) {
    const space = line.lastIndexOf(" "), count = Number(line.slice(space + 1));
    let node = root;
    root.total += count;
    for (const name of line.slice(0, space).split(";")) {
      if (!node.kids.has(name)) node.kids.set(name, { name, total: 0, kids: new Map(), parent: node });
      node = node.kids.get(name);
      node.total += count;
    }
  }
  return root;
}

const shown = (root, node) => node.total >= (0.1 / 1180) * root.total;

function* walk(root, node = root) {
  yield node;
  for (const kid of node.kids.values()) if (shown(root, kid)) yield* walk(root, kid);
}

// Weight of the samples in `view` with a match anywhere in their stack.
function matchedWeight(root, view, pattern) {
  for (let up = view; up.parent; up = up.parent) if (pattern.test(up.name)) return view.total;
  const below = (node) => {
    let sum = 0;
    for (const kid of node.kids.values())
      if (shown(root, kid)) sum += pattern.test(kid.name) ? kid.total : below(kid);
    return sum;
  };
  return below(view);
}

const percent = (part, all) => ((100 * part) / all).toFixed(1) + " %";

function randomFolded(seed, stacks, depth) {
  const random = randomSource(seed), names = [], lines = [];
  for (let i = 0; i < 60; i++) names.push(["read", "Write", "alloc", "std::sort<int>", "free()", "名前"][random(6)] + "_" + random(40));
  for (let i = 0; i < stacks; i++) {
    const stack = ["main"];
    for (let d = 1 + random(depth); d; d--) stack.push(names[random(4 + 3 * stack.length) % names.length]);
    lines.push(stack.join(";") + " " + (1 + random(30)));
  }
  return lines.join("\n") + "\n";
}

const SMALL = "main;a;work 40\nmain;a;Work 20\nmain;b;work;inner 25\nmain;b 5\nmain;c_[k] 10\n";

// ---- what one does in a page ----

const item = (page, name) => page.locator("[role=treeitem]").filter({ has: page.locator(`title:text-matches("^${name} \\\\(")`) }).first();
const details = (page) => page.locator("footer").textContent();
const matched = (page) => page.locator(".matched").textContent();
const widthOf = async (locator) => (await locator.locator("rect").boundingBox()).width;

async function clickOn(page, name) {
  const box = await item(page, name).locator("rect").boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

async function hoverOver(page, name) {
  const box = await item(page, name).locator("rect").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await drawn(page);
}

async function search(page, text) {
  await page.keyboard.press("Control+f");
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
  // It is searched for when typing pauses.
  await page.waitForFunction((t) => new URLSearchParams(location.hash.slice(1)).get("s") === t, text);
}

const titles = (page) => page.locator("[role=treeitem] > title").allTextContents();

async function openText(browser, folded, options = [], more = {}) {
  return open(browser, render(fiq, folded, options), more);
}

const clean = (page) => assert.deepStrictEqual(page.complaints, []);

// ---- the tests ----

test("every frame says the samples and the share of the input", async (browser) => {
  const folded = randomFolded(1, 60, 6), root = parse(folded), page = await openText(browser, folded);
  const expected = new Map();
  for (const node of walk(root)) {
    const text = `${node.name} (${node.total} ${node.total === 1 ? "sample" : "samples"}, ${((100 * node.total) / root.total).toFixed(2)} %)`;
    expected.set(text, (expected.get(text) || 0) + 1);
  }
  const seen = await titles(page);
  assert(seen.length > 50, "many frames: " + seen.length);
  for (const text of seen) {
    assert(expected.get(text) > 0, "not in the input: " + text);
    expected.set(text, expected.get(text) - 1);
  }
  clean(page);
});

test("frames are as wide as their share", async (browser) => {
  const page = await openText(browser, SMALL), all = await widthOf(item(page, "all"));
  assert(Math.abs((await widthOf(item(page, "a"))) / all - 0.6) < 0.005);
  assert(Math.abs((await widthOf(item(page, "inner"))) / all - 0.25) < 0.005);
});

test("hovering shows name, samples and both shares", async (browser) => {
  const page = await openText(browser, SMALL);
  await hoverOver(page, "b");
  assert.match(await details(page), /^b — 30 samples · 30\.00 % ± 8\.98 of all · self 5\.00 %/);
  await clickOn(page, "a");
  await hoverOver(page, "Work");
  assert.match(await details(page), /^Work — 20 samples · 33\.33 % of the view, 20\.00 % ± 7\.84 of all/);
  clean(page);
});

test("a click zooms, ancestors stay and fade, the back button returns", async (browser) => {
  const page = await openText(browser, SMALL), all = await widthOf(item(page, "all"));
  await clickOn(page, "b");
  assert(Math.abs((await widthOf(item(page, "b"))) - all) < 3);
  assert(Math.abs((await widthOf(item(page, "main"))) - all) < 3);
  assert.match(await item(page, "main").getAttribute("class"), /above/);
  assert.doesNotMatch((await item(page, "b").getAttribute("class")) || "", /above/);
  assert.strictEqual(await item(page, "a").count(), 0);
  assert.match(await address(page), /#z=\d+$/);
  await page.goBack();
  await item(page, "a").waitFor();
  assert(Math.abs((await widthOf(item(page, "b"))) / all - 0.3) < 0.005);
  assert.strictEqual(await item(page, "a").count(), 1);
  await page.goForward();
  await item(page, "a").waitFor({ state: "detached" });
  clean(page);
});

test("a click on an ancestor zooms out to it", async (browser) => {
  const page = await openText(browser, SMALL);
  await clickOn(page, "inner");
  await clickOn(page, "main");
  assert.strictEqual(await item(page, "a").count(), 1);
});

for (const [how, act] of [
  ["Escape", (page) => page.keyboard.press("Escape")],
  ["the Reset button", (page) => page.locator("#reset").click()],
])
  test(how + " shows all again and ends the search", async (browser) => {
    const page = await openText(browser, SMALL);
    const before = await titles(page);
    await clickOn(page, "b");
    await search(page, "work");
    await act(page);
    assert.deepStrictEqual(await titles(page), before);
    assert.strictEqual(await matched(page), "");
    assert.strictEqual(await page.locator(".hit, .other").count(), 0);
    assert.doesNotMatch(await address(page), /#./);
    clean(page);
  });

test("search counts each sample once, of the view and of all", async (browser) => {
  const page = await openText(browser, SMALL);
  await search(page, "work|inner|^a$");
  assert.match(await matched(page), /^matched 85\.0 % of the view, 85\.0 % of all, 4 frames$/);
  await clickOn(page, "b");
  assert.match(await matched(page), /^matched 83\.3 % of the view, 85\.0 % of all, 2 frames$/);
  assert.match(await item(page, "inner").getAttribute("class"), /hit/);
  assert.match(await item(page, "main").getAttribute("class"), /other/);
  clean(page);
});

test("the case toggle, by button and by key", async (browser) => {
  const page = await openText(browser, SMALL);
  await search(page, "work");
  assert.match(await matched(page), /^matched 65\.0 %/);
  await page.locator("button", { hasText: "Aa" }).click();
  assert.match(await matched(page), /^matched 85\.0 %/);
  assert.match(await address(page), /i=1/);
  await page.locator("input").focus();
  await page.keyboard.press("Alt+c");
  assert.match(await matched(page), /^matched 65\.0 %/);
});

test("n and N go through the matches", async (browser) => {
  const page = await openText(browser, SMALL);
  await search(page, "[wW]ork");
  await page.evaluate(() => document.activeElement.blur());
  const seen = [];
  for (const key of ["n", "n", "n", "n", "N"]) {
    await page.keyboard.press(key);
    seen.push((await details(page)).split(" · ")[0]);
  }
  assert.deepStrictEqual(seen, ["Work — 20 samples", "work — 40 samples", "work — 25 samples", "Work — 20 samples", "work — 25 samples"]);
  assert.match(await page.evaluate(() => document.activeElement.querySelector("title").textContent), /^work \(25/);
});

test("a wrong expression is said and changes nothing", async (browser) => {
  const page = await openText(browser, SMALL);
  await search(page, "(");
  assert.match(await matched(page), /not a regular expression/);
  assert.strictEqual(await page.locator("input").getAttribute("aria-invalid"), "true");
  assert.strictEqual(await page.locator(".other").count(), 0);
  clean(page);
});

test("search is right on random profiles, zoomed or not", async (browser) => {
  for (let seed = 10; seed < 18; seed++) {
    const random = randomSource(seed), folded = randomFolded(seed, 30 + random(150), 9), root = parse(folded);
    const page = await openText(browser, folded), nodes = [...walk(root)];
    for (const pattern of ["read", "_1", "^free\\(\\)", "a.*o", "名", "nothing_here", "main"]) {
      await search(page, pattern);
      const all = percent(matchedWeight(root, root, new RegExp(pattern)), root.total);
      assert((await matched(page)).startsWith(`matched ${all} of the view, ${all} of all`), `${seed} ${pattern}: ${await matched(page)}, not ${all}`);
    }
    // Zoom to a few frames that only one place can mean.
    const wide = nodes.filter((n) => n.parent && n.total > root.total / 40 && nodes.filter((m) => m.name === n.name && m.total === n.total).length === 1);
    for (const node of wide.slice(0, 3)) {
      await page.keyboard.press("Escape");
      const text = `${node.name} (${node.total} sample`;
      const place = await page.evaluate((t) => {
        const found = [...document.querySelectorAll("[role=treeitem]")].find((g) => g.querySelector("title").textContent.startsWith(t));
        const r = found && found.querySelector("rect").getBoundingClientRect();
        return r && { x: r.x + r.width / 2, y: r.y + 5 };
      }, text);
      assert(place, "shown: " + text);
      await page.mouse.click(place.x, place.y);
      for (const pattern of ["read", "_1", "a.*o"]) {
        await search(page, pattern);
        const here = percent(matchedWeight(root, node, new RegExp(pattern)), node.total);
        const all = percent(matchedWeight(root, root, new RegExp(pattern)), root.total);
        assert((await matched(page)).startsWith(`matched ${here} of the view, ${all} of all`), `${seed} ${text} ${pattern}: ${await matched(page)}, not ${here}, ${all}`);
      }
    }
    clean(page);
    await page.close();
  }
});

test("zoom and search are in the address and come back from it", async (browser) => {
  const file = render(fiq, SMALL), page = await open(browser, file);
  await clickOn(page, "b");
  await search(page, "work");
  await page.keyboard.press("Enter");
  const hash = new URL(await address(page)).hash, before = await matched(page), frames = await titles(page);
  const again = await open(browser, file, { hash });
  assert.strictEqual(await matched(again), before);
  assert.deepStrictEqual(await titles(again), frames);
  assert.strictEqual(await again.locator("input").evaluate((e) => e.value), "work");
  clean(again);
});

test("the keyboard reaches all: arrows, Enter, Backspace, Home", async (browser) => {
  const page = await openText(browser, SMALL);
  const at = async () => (await page.evaluate(() => document.activeElement.querySelector("title").textContent)).split(" (")[0];
  await page.keyboard.press("Home");
  assert.strictEqual(await at(), "all");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  assert.strictEqual(await at(), "a");
  await page.keyboard.press("ArrowRight");
  assert.strictEqual(await at(), "b");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  assert.strictEqual(await item(page, "a").count(), 0);
  assert.strictEqual(await at(), "b");
  await page.keyboard.press("ArrowDown");
  assert.strictEqual(await at(), "main");
  await page.keyboard.press("Backspace");
  assert.strictEqual(await item(page, "a").count(), 1);
  clean(page);
});

test("Tab comes to the controls and to the frames, and what has the focus shows it", async (browser) => {
  const page = await openText(browser, SMALL), seen = new Set();
  for (let i = 0; i < 14; i++) {
    await page.keyboard.press("Tab");
    const where = await page.evaluate(() => {
      const e = document.activeElement || document.documentElement, style = getComputedStyle(e.querySelector && e.querySelector("rect") || e);
      return { what: e.getAttribute && (e.getAttribute("role") || e.localName), visible: parseFloat(style.outlineWidth) > 0 || parseFloat(style.strokeWidth) > 2 };
    });
    seen.add(where.what);
    if (["treeitem", "input", "button"].includes(where.what)) assert(where.visible, "visible focus on " + where.what);
  }
  assert(seen.has("input") && seen.has("button") && seen.has("treeitem"), [...seen].join());
});

test("icicle and flame, by key and button", async (browser) => {
  const page = await openText(browser, SMALL), y = async (name) => (await item(page, name).locator("rect").boundingBox()).y;
  assert((await y("all")) > (await y("inner")));
  await page.keyboard.press("i");
  assert((await y("all")) < (await y("inner")));
  await page.getByRole("button", { name: "Flame" }).click();
  assert((await y("all")) > (await y("inner")));
  const icicle = await openText(browser, SMALL, ["--inverted"]);
  assert((await item(icicle, "all").locator("rect").boundingBox()).y < (await item(icicle, "inner").locator("rect").boundingBox()).y);
});

test("--reverse has the innermost frames first", async (browser) => {
  const page = await openText(browser, SMALL, ["--reverse"]), all = await widthOf(item(page, "all"));
  assert(Math.abs((await widthOf(item(page, "inner"))) / all - 0.25) < 0.005);
  const base = (await item(page, "all").locator("rect").boundingBox()).y, inner = (await item(page, "inner").locator("rect").boundingBox()).y;
  assert(Math.abs(base - inner - 17) < 1, "inner stands on all");
});

test("the graph follows the window, unless a width was asked for", async (browser) => {
  const page = await openText(browser, SMALL);
  await resize(page, { width: 700, height: 500 });
  assert(Math.abs((await widthOf(item(page, "all"))) - 680) < 2);
  const fixed = await openText(browser, SMALL, ["--width", "2000"]);
  assert(Math.abs((await widthOf(item(fixed, "all"))) - 1980) < 2);
});

test("dark where that is preferred, and by the button", async (browser) => {
  const background = (page) => page.evaluate(() => getComputedStyle(document.querySelector(".app")).backgroundColor.match(/\d+/g).map(Number)[0]);
  const page = await openText(browser, SMALL, [], { colorScheme: "dark" });
  assert((await background(page)) < 60);
  await page.getByRole("button", { name: "Light" }).click();
  assert((await background(page)) > 200);
  await page.keyboard.press("t");
  assert((await background(page)) < 60);
  const light = await openText(browser, SMALL);
  assert((await background(light)) > 200);
});

test("the list of keys opens and closes", async (browser) => {
  const page = await openText(browser, SMALL);
  assert.strictEqual(await page.locator(".keys").isVisible(), false);
  await page.keyboard.press("?");
  assert.strictEqual(await page.locator(".keys").isVisible(), true);
  await page.getByRole("button", { name: "Keys" }).click();
  assert.strictEqual(await page.locator(".keys").isVisible(), false);
});

test("the kernel can be told without colour", async (browser) => {
  const page = await openText(browser, "main;user 5\nmain;sys_read_[k] 5\n");
  const look = (name) => item(page, name).evaluate((g) => [getComputedStyle(g.querySelector("text")).fontStyle, getComputedStyle(g.querySelector("rect")).stroke]);
  const kernel = await page.locator("[role=treeitem]", { hasText: "sys_read" }).first().evaluate((g) => [getComputedStyle(g.querySelector("text")).fontStyle, getComputedStyle(g.querySelector("rect")).stroke]);
  assert.notDeepStrictEqual(await look("user"), kernel);
  assert.strictEqual(kernel[0], "italic");
});

test("without script the picture reads: tooltips, labels, facts", async (browser) => {
  for (const options of [[], ["--no-js"]]) {
    const page = await openText(browser, SMALL, ["--title", "A <title>", ...options], { javaScriptEnabled: false });
    const text = fs.readFileSync(new URL(page.url()), "utf8");
    assert(text.includes("<title>inner (25 samples, 25.00 %)</title>"));
    assert(text.includes(">inner</text>") && text.includes("100 samples") && text.includes("A &lt;title&gt;"));
    assert.strictEqual(text.includes("<script"), options.length === 0);
    const box = await page.locator("#frames > g > g").first().boundingBox();
    assert(box.width > 1100);
    clean(page);
  }
});

test("kinds differ without script too, light and dark", async (browser) => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await openText(browser, "main;f_[i];sys_read_[k] 5\n", [], { javaScriptEnabled: false, colorScheme });
    const strokes = await page.locator("#legend rect").evaluateAll((rects) => rects.map((rect) => getComputedStyle(rect).stroke));
    const back = await page.locator("#back").evaluate((rect) => getComputedStyle(rect).fill);
    const light = (color) => color.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0) / 3;
    assert.strictEqual(new Set(strokes).size, 3, colorScheme + ": " + strokes);
    for (const stroke of strokes.filter((s) => s !== "none")) assert(Math.abs(light(stroke) - light(back)) > 90, colorScheme + ": " + stroke + " on " + back);
    clean(page);
  }
});

test("on a phone the buttons that go together stay together", async (browser) => {
  const page = await openText(browser, SMALL, [], { viewport: { width: 390, height: 800 } });
  const tops = await page.locator("button[aria-label='Match case'], button[aria-label$='match']").evaluateAll((buttons) => buttons.map((b) => b.getBoundingClientRect().top));
  assert.strictEqual(tops.length, 3);
  assert.strictEqual(new Set(tops).size, 1);
  clean(page);
});

test("on a phone a picture by itself is as wide as the screen, and its words as large", async (browser) => {
  const page = await openText(browser, SMALL, [], { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true });
  const [scale, right] = await page.evaluate(() => {
    const heading = document.querySelector("h1"), pixel = screen.width / document.documentElement.clientWidth;
    return [pixel * heading.getBoundingClientRect().height / heading.offsetHeight, pixel * document.querySelector("[role=treeitem] rect").getBoundingClientRect().right];
  });
  assert(Math.abs(scale - 1) < 0.05, "words are " + scale + " of their size");
  assert(right > 370 && right <= 390, "the root ends at " + right);
  await clickOn(page, "b");
  assert.match(await details(page), /^b — 30 samples/);
  clean(page);
});

test("however much there is to say, half of the window is for the frames", async (browser) => {
  const page = await openText(browser, SMALL, ["--title", "word ".repeat(400)], { viewport: { width: 390, height: 800 } });
  const [head, frames] = await page.evaluate(() => [".head", ".window"].map((of) => document.querySelector(of).getBoundingClientRect().height));
  assert(head > 200 && frames > 380, `${head} for words, ${frames} for frames`);
  assert.strictEqual(await page.locator(".head").evaluate((box) => box.scrollHeight > box.clientHeight), true);
  assert.deepStrictEqual(await violations(page), []);
  clean(page);
});

test("what is printed is the picture of the file, all of it", async (browser) => {
  const page = await openText(browser, SMALL, [], { viewport: { width: 800, height: 600 } });
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const frame = await page.evaluate(() => document.querySelector("#frames rect").getBoundingClientRect().toJSON());
  assert(frame.left >= 0 && frame.right <= 800 && frame.width > 750, `${frame.left} to ${frame.right}`);
  assert.strictEqual(await page.locator(".head").isVisible(), false);
  clean(page);
});

test("Tab leads to the buttons, then to the frames, and to nothing else", async (browser) => {
  const page = await openText(browser, SMALL), stops = [];
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press("Tab");
    stops.push(await page.evaluate(() => document.activeElement.localName));
    if (stops.at(-1) === "g") break;
  }
  assert.deepStrictEqual([...new Set(stops)], ["input", "button", "g"]);
  clean(page);
});

test("names that would break out are inert and visible", async (browser) => {
  const names = ["<script>alert(1)</script>", "]]><script>alert(2)</script>", "a\"b'c&amp", "\u202eevil", "</title><rect/>", "x\u0001y", "javascript:alert(3)", "${alert(4)}"];
  const page = await openText(browser, names.map((n) => "main;" + n + " 10").join("\n") + "\n");
  assert.strictEqual(await page.locator("[role=treeitem]").count(), names.length + 2);
  const text = (await titles(page)).join("\n");
  for (const part of ["<script>alert(1)</script>", "]]><script>", "a\"b'c&amp", "<U+202E>evil", "</title><rect/>", "x\u2401y"]) assert(text.includes(part), part);
  await search(page, "<script>");
  assert.match(await matched(page), /^matched 25\.0 %/);
  await page.waitForTimeout(200);
  clean(page);
});

test("a hundred thousand frames: the window's worth of elements, all of them found", async (browser) => {
  const lines = [];
  for (let i = 0; i < 1000; i++) {
    const stack = ["main"];
    for (let d = 0; d < 100; d++) stack.push("f" + ((d * 13) % 3000) + "_" + (d < 8 ? i >> (8 - d) : i));
    lines.push(stack.join(";") + " " + (9 + (i % 3)));
  }
  const file = render(fiq, lines.join("\n") + "\n"), page = await open(browser, file);
  const elements = await page.locator("[role=treeitem]").count();
  assert(elements > 20 && elements < 3100, "elements: " + elements);
  const root = parse(lines.join("\n"));
  await search(page, "_99$");
  const all = percent(matchedWeight(root, root, /_99$/), root.total);
  await page.waitForFunction((a) => document.querySelector(".matched").textContent.includes(a + " of all"), all);
  // CPU time of the page's thread, for drawing too: what else the machine does has no part in it.
  const session = await page.context().newCDPSession(page), times = [];
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const used = async () => 1000 * (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "ThreadTime").value;
  for (let k = 0; k < 9; k++) {
    const before = await used();
    await page.evaluate((x) => {
      const sheet = document.querySelector(".sheet"), low = document.querySelector("main").getBoundingClientRect().bottom;
      sheet.dispatchEvent(new MouseEvent("click", { clientX: x, clientY: low - 120, bubbles: true }));
      return new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    }, 100 + 90 * k);
    times.push((await used()) - before);
    assert.match(await address(page), /z=/, "no zoom");
    await page.keyboard.press("Escape");
  }
  times.sort((a, b) => a - b);
  console.log("# zoom of 100000 frames: " + times[4].toFixed(0) + " ms of CPU time; file " + fs.statSync(file).size + " bytes");
  assert(times[4] > 0 && times[4] < 500, "zoom takes " + times);
  clean(page);
});

test("narrow frames are found by the mouse and by the keyboard", async (browser) => {
  const lines = [];
  for (let i = 0; i < 2000; i++) lines.push("main;thin_" + String(i).padStart(4, "0") + " 1");
  const page = await openText(browser, lines.join("\n") + "\n");
  assert.strictEqual(await page.locator("[role=treeitem]").count(), 2);
  const y = (await item(page, "main").locator("rect").boundingBox()).y - 10;
  await page.mouse.move(600, y);
  await drawn(page);
  assert.match(await details(page), /^thin_\d{4} — 1 sample /);
  const name = (await details(page)).split(" ")[0];
  await page.mouse.click(600, y);
  assert(Math.abs((await widthOf(item(page, name))) - 1180) < 2);
  await page.keyboard.press("Escape");
  for (const key of ["Home", "ArrowUp", "ArrowUp", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  assert.match(await page.evaluate(() => document.activeElement.querySelector("title").textContent), /^thin_0002 /);
  clean(page);
});

test("a high picture of few frames is whole in the document, wherever it is scrolled to", async (browser) => {
  const page = await openText(browser, "main;" + Array.from({ length: 300 }, (_, i) => "f" + i).join(";") + " 5\nmain;other 3\n");
  const names = () => page.evaluate(() => [...document.querySelectorAll("[role=treeitem] title")].map((title) => title.textContent));
  const first = await names();
  assert.strictEqual(first.length, 303);
  await page.evaluate(() => document.querySelector("main").scrollTo(0, 1000));
  await drawn(page);
  assert.deepStrictEqual(await names(), first);
  clean(page);
});

test("twenty thousand levels open and scroll", async (browser) => {
  const page = await openText(browser, "main;" + Array.from({ length: 20000 }, (_, i) => "f" + (i % 50)).join(";") + " 5\nmain;other 3\n");
  assert((await page.locator("[role=treeitem]").count()) < 200);
  assert.strictEqual(await item(page, "all").count(), 1);
  await page.evaluate(() => document.querySelector("main").scrollTo(0, 100000));
  await page.waitForFunction(() => document.querySelector("[aria-level='14000']") || document.querySelectorAll("[role=treeitem]").length > 20);
  await page.keyboard.press("Home");
  assert.match(await page.evaluate(() => document.activeElement.querySelector("title").textContent), /^all /);
  clean(page);
});

test("axe finds nothing: light, dark, zoomed and searched, on a phone", async (browser) => {
  const folded = randomFolded(3, 80, 7) + "main;sys_[k];read_[k] 30\n";
  for (const options of [{}, { colorScheme: "dark" }, { viewport: { width: 360, height: 640 } }]) {
    const page = await openText(browser, folded, [], options);
    assert.deepStrictEqual(await violations(page), []);
    await page.keyboard.press("?");
    await search(page, "read");
    await page.keyboard.press("Enter");
    assert.deepStrictEqual(await violations(page), []);
    clean(page);
  }
});

test("a screen reader finds a node for each frame that can be seen", async (browser) => {
  const page = await openText(browser, SMALL);
  assert.strictEqual(await page.getByRole("treeitem").count(), 9);
  assert.strictEqual(await page.getByRole("treeitem", { name: "inner (25 samples, 25.00 %)" }).count(), 1);
  assert.strictEqual(await page.getByRole("tree").count(), 1);
  assert.strictEqual(await page.getByRole("searchbox", { name: "Search for a regular expression" }).count(), 1);
});

main();
