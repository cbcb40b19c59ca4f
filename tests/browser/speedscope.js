// speedscope itself on the files that fiq writes for it: the schema that its package carries, and
// its importer, whose totals and functions must be those of `fiq report`.
//
//   node speedscope.js FIQ [TEST]
"use strict";
const fs = require("fs");
const path = require("path");
const assert = require("assert");
const { execFileSync } = require("child_process");
const { test, main, need, newPage, becomes, directory } = require("./common.js");

const fiq = path.resolve(process.argv[2]);
const Ajv = need("ajv");
const release = path.dirname(require.resolve("speedscope/dist/release/file-format-schema.json"));

const folded =
  'main;parse;malloc 3\nmain;parse 2\nmain;walk;walk;leaf 5\nmain;std::vector<int, A>::push_back(int) 4\n' +
  'main;a "quoted" \\ name 6\nmain;函数 1\nmain;<script>alert(1)</script> 2\nother 123456789\n';

const sample = (pid, tid, leaf, time) =>
  `my app ${pid}/${tid} [000] ${time.toFixed(6)}: 10101010 cpu-clock:\n` +
  `\t    55d0 ${leaf}+0x10 (/bin/app)\n\t    5600 small+0x1 (inlined)\n\t    55f0 main+0x9 (/bin/app)\n\n`;
const script = Array.from({ length: 40 }, (_, i) =>
  sample(12 + (i % 2), 12 + (i % 3), i % 4 ? "leaf" : "seldom", 5 + i / 10)).join("");

const inputs = [["folded", folded, []], ["threads", script, []], ["times", script, ["--timestamps"]]];

function convert([name, text, options]) {
  const input = path.join(directory, name), output = path.join(directory, name + ".speedscope.json");
  fs.writeFileSync(input, text);
  execFileSync(fiq, ["convert", "-q", ...options, input, "-o", output]);
  return output;
}

// What fiq report says: {total, threads: [count], functions: {name: [self, total]}}.
function reported(file) {
  const data = JSON.parse(execFileSync(fiq, ["report", "--format", "json", "--top", "1000", file]));
  const functions = {};
  for (const row of data.functions) {
    const known = (functions[row.function] ??= [0, 0]);
    known[0] += row.self.samples;
    known[1] += row.total.samples;
  }
  return {
    total: data.total_samples,
    threads: data.threads.map((thread) => thread.samples).sort((a, b) => b - a),
    functions,
  };
}

// speedscope's page with the file opened as its command line opens it; `complaints` are errors.
async function openFile(browser, file) {
  const page = await newPage(browser, { viewport: { width: 1400, height: 2000 } });
  const loader = file + ".js";
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    page.complaints.push(dialog.message());
    dialog.dismiss();
  });
  fs.writeFileSync(loader, `speedscope.loadFileFromBase64("x.json", "${fs.readFileSync(file, "base64")}")`);
  await page.goto(`file://${release}/index.html#localProfilePath=${loader}`);
  await page.getByText("Sandwich").click();
  await page.getByText("Symbol Name").waitFor();
  return page;
}

const number = (text) => Number(text.replace(/ \(.*/, "").replaceAll(",", ""));

// The cells of all rows of the page's tables that look like that.
async function rowsLike(page, pattern) {
  const rows = await page.evaluate(() =>
    [...document.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent.trim())));
  return rows.filter((cells) => pattern.test(cells.slice(0, -1).join("|")));
}

// The list of profiles, which one alone does not have: [[number, name, weight]].
const profilesOf = (page) => rowsLike(page, /^\d+\|[^|]*$/);

// The rows of the sandwich view: {name: [self, total]}.
async function functionsOf(page) {
  const functions = {};
  for (const [total, self, name] of await rowsLike(page, /^[\d,]+ \(.*%\)\|[\d,]+ \(.*%\)$/)) {
    const known = (functions[name] ??= [0, 0]);
    known[0] += number(self);
    known[1] += number(total);
  }
  return functions;
}

for (const input of inputs) {
  test(`the schema holds: ${input[0]}`, async () => {
    const validate = new Ajv({ strict: false }).compile(JSON.parse(fs.readFileSync(path.join(release, "file-format-schema.json"))));
    const file = JSON.parse(fs.readFileSync(convert(input)));

    assert(validate(file), JSON.stringify(validate.errors));
    // What a schema cannot say: weights are whole, and there are as many as samples.
    for (const profile of file.profiles) {
      assert.equal(profile.samples.length, profile.weights.length);
      assert(profile.weights.every(Number.isInteger));
    }
  });

  test(`speedscope opens it with equal totals: ${input[0]}`, async (browser) => {
    const file = convert(input), expected = reported(file);
    const page = await openFile(browser, file);

    // All threads first, then each by weight; one thread is one profile, without a list.  The rows
    // of a table come some frames after its heading, once speedscope has measured the view.
    if (expected.threads.length > 1) {
      const weights = [expected.total, ...expected.threads];
      const read = async () => (await profilesOf(page)).map(([, , weight]) => number(weight));
      assert.deepEqual(await becomes(read, weights), weights);
      assert.equal((await profilesOf(page))[0][1], "all threads");
    }
    assert.deepEqual(await becomes(() => functionsOf(page), expected.functions), expected.functions);
    assert.deepEqual(page.complaints, []);
  });
}

main();
