// What the browser tests share: a browser that allows no request, and a small test runner.
//
// Skips with status 77 where playwright-core or chromium is missing; tools/check installs them.
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");
const { execFileSync } = require("child_process");
const { isDeepStrictEqual } = require("util");

function skip(reason) {
  console.log("1..0 # SKIP " + reason);
  process.exit(77);
}

function need(module) {
  try {
    return require(module);
  } catch (e) {
    return skip("no npm package " + module + "; tools/check installs it");
  }
}

const chromiumPath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  .find((p) => p && fs.existsSync(p));
const { chromium } = need("playwright-core");
const axe = need("axe-core");
if (!chromiumPath) skip("no chromium");

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "fiq-browser-"));
process.on("exit", () => fs.rmSync(directory, { recursive: true, force: true }));

// Random numbers that are the same in each run.
function randomSource(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

let rendered = 0;

// A page for an input of any format, in a file of its own.
function renderPage(fiq, input, { from = ".folded", options = [] } = {}) {
  const file = path.join(directory, `in-${++rendered}${from}`), output = path.join(directory, `page-${rendered}.html`);
  fs.writeFileSync(file, input);
  execFileSync(fiq, ["flame", "-q", ...options, file, "-o", output]);
  return output;
}

function render(fiq, folded, options = [], name = "x.svg") {
  const input = path.join(directory, "in.folded"), output = path.join(directory, name);
  fs.writeFileSync(input, folded);
  execFileSync(fiq, ["flame", input, "-q", "-o", output, ...options]);
  return output;
}

const tests = [];
function test(name, body) {
  tests.push({ name, body });
}

// How long a busy machine may take for a step; who is done sooner waits no longer.
const PATIENCE = 120000;

// A page to be filled.
async function newPage(browser, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE);
  return context.newPage();
}

// Opens a file in a page of its own; `page.complaints` collects what must not happen.
async function open(browser, file, options = {}) {
  const page = await newPage(browser, { viewport: { width: 1200, height: 800 }, ...options }), url = "file://" + file;
  page.complaints = [];
  page.on("request", (r) => {
    if (r.url().split("#")[0] !== url && !/^(data|blob|about):/.test(r.url())) page.complaints.push("request " + r.url());
  });
  page.on("console", (m) => m.type() === "error" && page.complaints.push("console " + m.text()));
  page.on("pageerror", (e) => page.complaints.push("error " + e));
  page.on("dialog", (d) => {
    page.complaints.push("dialog " + d.message());
    d.dismiss();
  });
  await page.goto(url + (options.hash || ""));
  return page;
}

// What was changed before is drawn: a page draws, and hears of scrolling and of its size, before a
// frame, perhaps of the one that is being made.
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

// Asked of the page: what page.url() says comes later.
const address = (page) => page.evaluate(() => location.href);

async function resize(page, size) {
  await page.setViewportSize(size);
  await page.waitForFunction(({ width, height }) => innerWidth === width && innerHeight === height, size);
  await drawn(page);
}

// What `read` gives once it is `expected`, else what it gives last.
async function becomes(read, expected) {
  const end = Date.now() + PATIENCE / 4;
  let now = await read();

  while (!isDeepStrictEqual(now, expected) && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    now = await read();
  }
  return now;
}

async function violations(page) {
  await page.evaluate(axe.source);
  const result = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return result.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 100)).join(" | "));
}

async function main() {
  const only = process.argv[3];
  const chosen = tests.filter((t) => !only || t.name.includes(only));
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu"], timeout: PATIENCE });
  let failed = 0;
  console.log("1.." + chosen.length);
  for (const [i, t] of chosen.entries()) {
    let wrong = null;
    try {
      await t.body(browser);
    } catch (e) {
      wrong = e;
    }
    for (const context of browser.contexts()) await context.close();
    console.log((wrong ? "not ok " : "ok ") + (i + 1) + " - " + t.name);
    if (wrong) {
      failed++;
      console.log(String(wrong.stack || wrong).replace(/^/gm, "# "));
    }
  }
  await browser.close();
  process.exitCode = failed ? 1 : 0;
}

module.exports = {
  test, main, need, newPage, open, drawn, address, resize, becomes, render, renderPage, randomSource, violations, directory,
};
