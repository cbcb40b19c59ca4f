'use strict';
/* page.js FIQ [CASE]: what one can do on the page that fiq writes, by real clicks and keys; the
 * numbers that it shows are compared with the input. */
const fs = require('fs');
const vm = require('vm');
const common = require('./common.js');
const folded = require('./folded.js');
const {drawn, address, resize, becomes} = common;

const fiq = process.argv[2];
const render = (...input) => common.renderPage(fiq, ...input);

function equal(found, wanted, what) {
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}

function check(condition, what) {
  if (!condition)
    throw new Error(what);
}

const ROW = 19, PAD = 4; /* of chart.js */

const stacks = folded.randomStacks(7);
let first = null; /* a page of them, made once */
const commonPage = () => first ??= render(folded.toText(stacks));

async function opened(browser, file = commonPage(), options = {}) {
  const page = await common.open(browser, file, {permissions: ['clipboard-read', 'clipboard-write'], ...options});
  await page.waitForFunction(() => !document.getElementById('data'));
  await drawn(page);
  return page;
}

/* Once all frames in view are listed for screen readers.  The page begins with it 300 ms after it has
 * drawn, and goes on, a few at a time, when it is idle; timers and idle callbacks come in order, so
 * that what is asked for later is answered later, however busy the machine is. */
const listed = page => page.evaluate(() => new Promise(done => {
  let quiet = 0;
  const watch = new MutationObserver(() => { quiet = 0; });
  watch.observe(document.body, {childList: true, subtree: true, attributes: true});
  const look = () => requestIdleCallback(() => {
    if (quiet++ < 6)
      return look();
    watch.disconnect();
    done();
  }, {timeout: 300});
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(look, 320)));
}));

/* What is under the mouse there is marked and told. */
async function moveTo(page, x, y) {
  await page.mouse.move(x, y);
  await drawn(page);
}

const text = async (page, selector) => (await page.textContent(selector)).replace(/[\u202f\u00a0]/g, ' ').trim();

const grouped = number => String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');

function shown(share) {
  const p = 100 * share;
  if (p > 0 && p < 0.05)
    return '<0.1 %';
  if (p < 100 && p >= 99.95)
    return '>99.9 %';
  return (p === 100 ? '100' : p.toFixed(1)) + ' %';
}

async function place(page, path, of = stacks) {
  const area = await page.locator('#graph .items').boundingBox(), {left, width, depth} = folded.box(of, path);
  return [area.x + area.width * (left + width / 2), area.y + area.height - PAD - (depth + 0.5) * ROW];
}

/* A path whose box is wide enough for a mouse, and not the whole. */
function clickable(of = stacks) {
  return folded.paths(of).filter(path => path.length > 1).map(path => ({path, ...folded.box(of, path)}))
    .filter(({width}) => width > 0.02 && width < 0.5).sort((a, b) => b.depth - a.depth)[0].path;
}

async function rows(page, table = '#table') {
  return page.$$eval(`${table} tr[data-index]`, list => list.map(row => {
    const cell = name => row.querySelector('.' + name).textContent.replace(/[\u202f\u00a0]/g, '');
    return {name: cell('name'), self: Number(cell('self')), total: Number(cell('total'))};
  }));
}

async function search(page, query) {
  await page.keyboard.press('Control+f');
  await page.keyboard.press('Control+a');
  await page.keyboard.type(query);
  /* It is searched for when typing pauses: on a busy machine, when it pauses longer. */
  await page.waitForFunction(wanted => new URLSearchParams(location.hash.slice(1)).get('q') === wanted, query);
  await drawn(page);
}

async function choose(page, path, entry, of = stacks) {
  const [x, y] = await place(page, path, of);
  await page.mouse.click(x, y, {button: 'right'});
  await page.getByRole('menuitem', {name: entry}).click();
  await drawn(page);
}

/* The table, as the state of the page makes it, must say what these stacks say. */
async function tableIs(page, of, what) {
  await page.keyboard.press('4');
  await drawn(page);
  const wanted = folded.functions(of), found = await rows(page);
  equal(Object.fromEntries(found.map(({name, self, total}) => [name, {self, total}]).sort()),
        Object.fromEntries(Object.entries(wanted).sort()), what);
}

const threaded = () => {
  const threads = [{process: 'srv', pid: 10, thread: 'main', tid: 10}, {process: 'srv', pid: 10, thread: 'pool', tid: 11},
                   {process: 'aux', pid: 20, thread: 'aux', tid: 20}];
  const list = [];
  for (let i = 0; i < 60; i++) {
    const thread = i % 3, times = [];
    for (let k = 0; k < 20; k++)
      times.push(1e9 + (i * 20 + k) * 25e6);
    list.push({count: 20, thread, times, frames: ['main', 'phase' + Math.floor(i / 20), 'leaf' + thread].map(symbol => ({symbol, addr: 0}))});
  }
  return {version: 1, command: 'srv --all', event: 'cpu-clock', frequency_hz: 40, elapsed_seconds: 30, total_samples: 1200,
          notes: ['a note of the measurement'], quality: {complete: 1100, cut: 100}, threads, stacks: list};
};

const cases = {
  async 'opens without complaint or request'(browser) {
    const page = await opened(browser);

    check((await text(page, '#facts')).includes(`${grouped(folded.sum(stacks))} samples`), 'the facts lack the samples');
    check((await page.getAttribute('meta[http-equiv]', 'content')).includes("default-src 'none'; script-src 'sha256-"), 'no policy');
    equal(page.complaints, [], 'complaints');
  },

  async 'shows a frame under the mouse with its share'(browser) {
    const page = await opened(browser), path = clickable(), {width} = folded.box(stacks, path);

    await moveTo(page, ...await place(page, path));

    const tip = await text(page, '#tip');
    check(tip.startsWith(path.at(-1)), `tip is ${tip}`);
    check(tip.includes(shown(width) + ' of all'), `tip ${tip} lacks ${shown(width)}`);
  },

  async 'zooms by click, Escape and the button go back'(browser) {
    const page = await opened(browser), path = clickable(), before = await page.locator('#graph canvas').screenshot();

    await page.mouse.click(...await place(page, path));
    const count = folded.sum(stacks.filter(({frames}) => folded.startsWith(frames, path)));
    check((await text(page, '#detail')).startsWith(`${path.at(-1)}  ${grouped(count)} samples`), await text(page, '#detail'));
    check((await address(page)).includes('z='), 'the address does not know');
    await moveTo(page, 2, 2);
    check(!before.equals(await page.locator('#graph canvas').screenshot()), 'the picture is the same');

    await page.keyboard.press('Escape');
    check(!(await address(page)).includes('z='), 'Escape does not go back');
    await page.goBack();
    check((await address(page)).includes('z='), 'the history does not know');
    await page.click('#reset');
    check(!(await address(page)).includes('z='), 'Reset does not go back');
  },

  async 'opens again where the address says'(browser) {
    const page = await opened(browser), path = clickable();

    await page.mouse.click(...await place(page, path));
    await search(page, 'f[13]$');
    const said = await text(page, '#matched'), fragment = new URL(await address(page)).hash;
    const other = await opened(browser, commonPage(), {hash: fragment});

    equal(await text(other, '#matched'), said, 'matched');
    equal(await other.inputValue('#query'), 'f[13]$', 'query');
  },

  async 'counts matches as the input does, zoomed too'(browser) {
    for (let seed = 1; seed <= 6; seed++) {
      const random = folded.randomStacks(seed, 80), page = await opened(browser, render(folded.toText(random)));
      const path = clickable(random);

      for (const query of ['f1', '^f[2-5]$', 'F3', 'nothing', 'main|f9']) {
        await search(page, query);
        const share = shown(folded.matched(random, new RegExp(query, 'i')));
        equal(await text(page, '#matched'), `matched ${share} of the view, ${share} of all`, `seed ${seed}, ${query}`);
      }
      await page.keyboard.press('Escape');
      await page.mouse.click(...await place(page, path, random));
      for (const query of ['f1', 'f[0-4]', 'f7']) {
        const pattern = new RegExp(query, 'i');
        await search(page, query);
        equal(await text(page, '#matched'), `matched ${shown(folded.matched(random, pattern, path))} of the view, ${shown(folded.matched(random, pattern))} of all`,
              `seed ${seed}, zoomed, ${query}`);
      }
      await page.context().close();
    }
  },

  async 'heeds case on demand, and says what is no expression'(browser) {
    const page = await opened(browser);

    await search(page, 'MAIN');
    equal(await text(page, '#matched'), 'matched 100 % of the view, 100 % of all', 'without case');
    await page.click('#caseful');
    equal(await text(page, '#matched'), 'matched 0.0 % of the view, 0.0 % of all', 'with case');
    await search(page, 'f(');
    equal(await text(page, '#matched'), 'not a regular expression', 'f(');
    equal(await page.getAttribute('#query', 'aria-invalid'), 'true', 'aria-invalid');
  },

  async 'goes through the matches with n and N'(browser) {
    const page = await opened(browser), names = [];
    const wanted = folded.paths(stacks).filter(path => path.at(-1) === 'f3').length;

    await search(page, '^f3$');
    await page.keyboard.press('Enter');
    await drawn(page);
    const first = await page.evaluate(() => document.querySelector('#graph .items').getAttribute('aria-activedescendant'));
    await page.locator('#graph .items').focus();
    for (let i = 0; i < wanted; i++) {
      await page.keyboard.press('n');
      await drawn(page);
      names.push((await text(page, '#detail')).split('  ')[0]);
    }
    equal(names, new Array(wanted).fill('f3'), 'names');
    await drawn(page);
    equal(await page.evaluate(() => document.querySelector('#graph .items').getAttribute('aria-activedescendant')), first, 'after a round');
    await page.keyboard.press('N');
    check((await text(page, '#detail')).startsWith('f3 '), 'N leads astray');
  },

  async 'goes through matches that are too narrow to be seen, all of them'(browser) {
    const many = [{frames: ['main', 'wide'], count: 1000000}];
    for (let i = 0; i < 30; i++)
      many.push({frames: ['main', `a${i}`, i % 3 ? 'other' : 'needle'], count: 1 + i});
    const page = await opened(browser, render(folded.toText(many))), found = [];

    await search(page, '^needle$');
    await page.locator('#graph .items').focus();
    for (let i = 0; i < 10; i++) {
      await page.keyboard.press('n');
      await drawn(page);
      found.push(Number(/(\d+) samples?/.exec(await text(page, '#detail'))[1]));
      const item = await page.evaluate(() => document.getElementById(document.querySelector('#graph .items').getAttribute('aria-activedescendant'))?.style.width);
      check(parseFloat(item) > 10, `match ${i} is ${item} wide`);
    }
    const byName = [...Array(30).keys()].filter(i => i % 3 === 0).sort((a, b) => `a${a}` < `a${b}` ? -1 : 1);
    equal(found, byName.map(i => 1 + i), 'matches');
    check(!(await address(page)).includes('z='), 'going to a match zooms');
    check(await page.isVisible('#reset'), 'no way back for the mouse');
    await page.click('#reset');
    check(!await page.isVisible('#reset'), 'Reset does not go back');
  },

  async 'comes back to where one was, from another view and from another width'(browser) {
    const deep = [{frames: Array.from({length: 90}, (_, i) => 'f' + i), count: 1}];
    const page = await opened(browser, render(folded.toText(deep))), place = () => page.$eval('#graph .scroller', scroller => scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop);

    check(await page.$eval('#graph .scroller', scroller => scroller.scrollTop) > 500, 'the graph is not higher than its window');
    equal(await place(), 0, 'at first');
    for (const key of ['4', '3']) {
      await page.keyboard.press(key);
      await drawn(page);
      await page.keyboard.press('1');
      await drawn(page);
      equal(await place(), 0, 'after view ' + key);
    }
    await page.$eval('#graph .scroller', scroller => { scroller.scrollTop = 300; });
    await drawn(page);
    const above = await place();
    await page.keyboard.press('4');
    await drawn(page);
    await resize(page, {width: 900, height: 800});
    await page.keyboard.press('1');
    await drawn(page);
    equal(await place(), above, 'scrolled');
  },

  async 'magnifies by key and wheel, moves sideways, and comes back'(browser) {
    const page = await opened(browser), path = clickable(), {left, width} = folded.box(stacks, path);
    const area = await page.locator('#graph .items').boundingBox(), plain = await page.locator('#graph canvas').screenshot();
    const [x, y] = await place(page, path), under = async at => {
      await page.mouse.move(area.x + at, y);
      await moveTo(page, area.x + at + 0.5, y);
      return text(page, '#tip b');
    };

    await page.mouse.move(x, y);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -300);
    await page.keyboard.up('Control');
    await page.locator('#reset').waitFor(); /* the wheel is answered before the page has heard of it */
    await drawn(page);
    const factor = Math.exp(0.6), middle = left + width / 2; /* what is under the mouse stays there */
    for (const part of [0.05, 0.95])
      equal(await under(area.width * middle + area.width * width * factor * (part - 0.5)), path.at(-1), `box at ${part}`);
    check(await page.isVisible('#reset') && !(await address(page)).includes('z='), 'no way back, or a zoom');
    await page.keyboard.press('Escape');
    await moveTo(page, 2, 2);
    check(plain.equals(await page.locator('#graph canvas').screenshot()), 'Escape does not come back');
    await page.locator('#graph .items').focus();
    await page.keyboard.press('+');
    await drawn(page);
    check(await page.isVisible('#reset'), '+ does not magnify');
    await page.keyboard.press('-');
    await drawn(page);
    check(!await page.isVisible('#reset'), '- does not come back');
  },

  async 'is used by keyboard alone'(browser) {
    const page = await opened(browser);

    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    check((await text(page, '#detail')).startsWith('main '), await text(page, '#detail'));
    await page.keyboard.press('ArrowUp');
    const widest = folded.paths(stacks).filter(path => path.length === 2).map(path => ({name: path[1], ...folded.box(stacks, path)}))
      .sort((a, b) => b.width - a.width)[0].name;
    check((await text(page, '#detail')).startsWith(widest + ' '), `${await text(page, '#detail')} is not ${widest}`);
    await page.keyboard.press('Enter');
    check((await address(page)).includes('z='), 'Enter does not zoom');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('m');
    check(await page.isVisible('#menu'), 'm opens no menu');
    await page.keyboard.press('Escape');
    check(!await page.isVisible('#menu'), 'Escape does not close the menu');
    await page.keyboard.press('?');
    check((await text(page, '#help')).includes('Backspace'), 'no list of keys');
    await page.keyboard.press('Escape');
    await page.keyboard.press('2');
    equal(await page.locator('#views [aria-pressed=true]').textContent(), 'Icicle', 'view');
  },

  async 'lists functions with self and total'(browser) {
    const page = await opened(browser);

    await tableIs(page, stacks, 'table');
    const bySelf = (await rows(page)).map(row => row.self);
    equal(bySelf, [...bySelf].sort((a, b) => b - a), 'not sorted by self');
    await page.click('#table th.total button');
    const byTotal = (await rows(page)).map(row => row.total);
    equal(byTotal, [...byTotal].sort((a, b) => b - a), 'not sorted by total');
    await search(page, 'f1');
    check((await rows(page)).every(({name}) => name.includes('f1')), 'not filtered');
  },

  async 'shows callers above and callees below'(browser) {
    const page = await opened(browser), wanted = folded.functions(stacks);

    await page.keyboard.press('4');
    await page.locator('#table td.name', {hasText: /^f2$/}).dblclick();
    await drawn(page);
    await listed(page);
    for (const side of ['#callers', '#callees']) {
      const root = await page.locator(`${side} [role=treeitem]`).first().getAttribute('aria-label');
      check(root.replace(/\u202f/g, ' ').startsWith(`f2, ${grouped(wanted.f2.total)} samples`), `${side}: ${root}`);
    }
    check((await text(page, '#callers-title')).endsWith('f2'), 'title');
  },

  async 'merges from the leaf'(browser) {
    const page = await opened(browser), self = folded.functions(stacks);

    await page.keyboard.press('r');
    await listed(page);
    const level = await page.$$eval('#graph [role=treeitem][aria-level="2"]', items => items.map(item => item.getAttribute('aria-label')));
    equal(level.length, Object.values(self).filter(function_ => function_.self).length, 'leaves');
    for (const label of level) {
      const [, name, count] = /^(\S+), ([\d\u202f]+) samples/.exec(label);
      equal(Number(count.replace(/\u202f/g, '')), self[name].self, name);
    }
  },

  async 'focuses, hides, drops and collapses from the menu, and takes it back'(browser) {
    const page = await opened(browser), path = clickable(), name = path.at(-1);
    const back = async what => {
      await page.keyboard.press('1');
      await page.keyboard.press('Control+z');
      await page.keyboard.press('Control+z');
      await page.keyboard.press('Control+z');
      await drawn(page);
      check(await page.locator('#steps').isHidden(), what + ' is not undone');
    };
    const frames = change => stacks.map(({frames: list, count}) => ({frames: change(list), count}));

    await choose(page, path, /^Focus/);
    await tableIs(page, stacks.filter(({frames: list}) => list.includes(name)), 'focus');
    await back('focus');
    await choose(page, path, /^Hide/);
    await tableIs(page, frames(list => list.filter(frame => frame !== name)), 'hide');
    await back('hide');
    await choose(page, path, /^Drop/);
    await tableIs(page, stacks.filter(({frames: list}) => !list.includes(name)), 'drop');
    await back('drop');
    await choose(page, path, /^Start here/);
    await tableIs(page, stacks.filter(({frames: list}) => list.includes(name)).map(({frames: list, count}) => ({frames: list.slice(list.indexOf(name)), count})), 'start');
    await back('start');
    await choose(page, path, /^Collapse all direct/);
    await tableIs(page, frames(list => list.filter((frame, i) => frame !== list[i - 1])), 'direct recursion');
    await back('recursion');
  },

  async 'collapses recursion, and keeps the rest'(browser) {
    const deep = [{frames: ['main', 'f', 'g', 'f', 'h'], count: 5}, {frames: ['main', 'f', 'g', 'k'], count: 3}];
    const page = await opened(browser, render(folded.toText(deep)));

    await choose(page, ['main', 'f'], /^Collapse recursion of it/, deep);
    await tableIs(page, [{frames: ['main', 'f', 'h'], count: 5}, {frames: ['main', 'f', 'g', 'k'], count: 3}], 'recursion');
  },

  async 'collapses a module, in the address too, undone and redone'(browser) {
    const of = {main: 0, a1: 1, a2: 1, back: 0, a3: 1}, list = [[['main', 'a1', 'a2', 'back'], 5], [['main', 'a3'], 3], [['main', 'a1'], 2]];
    const profile = {version: 1, command: 'app', event: 'cpu-clock', frequency_hz: 99, elapsed_seconds: 1, total_samples: 10, notes: [], quality: {}, threads: [],
                     files: ['/bin/app', '/usr/lib/liba.so.1'].map(path => ({path, build_id: null, start: '0x0', limit: '0x0', offset: '0x0'})),
                     stacks: list.map(([frames, count]) => ({count, frames: frames.map(symbol => ({symbol, addr: 0, file: of[symbol]}))}))};
    const file = render(JSON.stringify(profile), {from: '.json'}), page = await opened(browser, file);
    const plain = list.map(([frames, count]) => ({frames, count})), name = '[liba.so.1]';
    const collapsed = [{frames: ['main', name, 'back'], count: 5}, {frames: ['main', name], count: 5}];

    await choose(page, ['main', 'a1'], /^Collapse module liba/, plain);
    await tableIs(page, collapsed, 'module');
    const other = await opened(browser, file, {hash: new URL(await address(page)).hash});
    await tableIs(other, collapsed, 'opened again');
    for (const key of ['u', 'u', 'U'])
      await page.keyboard.press(key);
    await tableIs(page, collapsed, 'redone');
    for (const key of ['u', 'u'])
      await page.keyboard.press(key);
    await tableIs(page, plain, 'undone');
  },

  async 'says how sure a share is'(browser) {
    const page = await opened(browser), n = folded.sum(stacks), z = 1.959964;

    await page.keyboard.press('4');
    await drawn(page);
    const found = await page.$$eval('#table tr[data-index]', list => list.map(row => [...row.querySelectorAll('.name, .error, .self')].map(cell => cell.textContent.replace(/[\u202f\u00a0]/g, ''))));
    check(found.length > 10, 'no rows');
    for (const [self, error, name] of found) {
      /* Wilson's interval by its two ends. */
      const p = Number(self) / n, middle = (p + z * z / (2 * n)) / (1 + z * z / n);
      const end = side => middle + side * z / (1 + z * z / n) * Math.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2);
      const wanted = 100 * (end(1) - end(-1)) / 2, said = Number(error.slice(1));
      check(error[0] === '±' && Math.abs(said - Math.max(wanted, 0.1)) <= 0.051, `${name}: ${error} instead of ${wanted}`);
    }
  },

  async 'does what the options say'(browser) {
    const page = await opened(browser, render(JSON.stringify(threaded()), {from: '.json'}));
    const set = async (title, choice) => {
      await page.keyboard.press('o');
      await page.locator('#options label', {hasText: title}).locator('select').selectOption({label: choice});
      await page.keyboard.press('Escape');
      await drawn(page);
    };
    const level = async depth => {
      await listed(page);
      return page.$$eval(`#graph [role=treeitem][aria-level="${depth}"]`, items => items.map(item => item.getAttribute('aria-label').split(',')[0]));
    };

    equal((await level(2)).sort(), ['aux', 'srv'], 'at first');
    await set('Outermost frame', 'process and thread');
    equal((await level(3)).sort(), ['aux (20)', 'main (10)', 'pool (11)'], 'threads');
    await set('Outermost frame', 'function');
    equal(await level(2), ['main'], 'functions');
    equal(await level(3), ['phase0', 'phase1', 'phase2'], 'by name');
    const before = await page.locator('#graph canvas').screenshot();
    await set('Colours', 'cold');
    check(!before.equals(await page.locator('#graph canvas').screenshot()), 'colours stay');
    check(/p=1/.test(await address(page)) && /g=0/.test(await address(page)), await address(page));

    const uneven = await opened(browser, render('m;a 1\nm;b 5\nm;ns::c<int>(long) 3\n'));
    await uneven.keyboard.press('o');
    await uneven.locator('#options label', {hasText: 'Order'}).locator('select').selectOption('weight');
    await uneven.locator('#options label', {hasText: 'Names'}).locator('select').selectOption({label: 'full'});
    await listed(uneven);
    equal(await uneven.$$eval('#graph [role=treeitem][aria-level="3"]', items => items.map(item => item.getAttribute('aria-label').split(',')[0])), ['b', 'ns::c<int>(long)', 'a'], 'heaviest first, whole names');
  },

  async 'is no larger than its data'() {
    const next = folded.random(3), lines = [];
    for (let i = 0; i < 9000; i++)
      lines.push({frames: ['main', ...Array.from({length: 1 + next(40)}, () => 'some_module::function_' + next(3000))], count: 1 + next(99)});
    const nodes = folded.paths(lines).length, size = fs.statSync(render(folded.toText(lines))).size;

    check(nodes > 100000 && size <= 150000 + 40 * nodes, `${size} bytes for ${nodes} nodes`);
  },

  async 'copies names and stacks'(browser) {
    const page = await opened(browser), path = clickable();

    const copied = what => page.waitForFunction(said => document.getElementById('say').textContent === said, `Copied the ${what}.`);

    await choose(page, path, /^Copy name/);
    await copied('name');
    equal(await page.evaluate(() => navigator.clipboard.readText()), path.at(-1), 'name');
    await choose(page, path, /^Copy stack/);
    await copied('stack');
    equal(await page.evaluate(() => navigator.clipboard.readText()), path.join('\n'), 'stack');
  },

  async 'leaves out threads, all first'(browser) {
    const page = await opened(browser, render(JSON.stringify(threaded()), {from: '.json'}));

    await page.keyboard.press('t');
    equal((await page.locator('#threads li').allTextContents()).map(t => t.replace(/[\d.]+.%$|100.%$/, '').trim()),
          ['All (3)', 'srv (10)', 'main (10)', 'pool (11)', 'aux (20)'], 'threads');
    await page.locator('#threads label', {hasText: 'pool (11)'}).click();
    await page.keyboard.press('4');
    await drawn(page);
    const found = Object.fromEntries((await rows(page)).map(row => [row.name, row.self]));
    equal([found.leaf0, found.leaf1, found.leaf2], [400, undefined, 400], 'without pool');
    await page.locator('#threads label', {hasText: 'All (3)'}).click();
    await drawn(page);
    equal((await rows(page)).find(row => row.name === 'main').total, 1200, 'all');
    equal(page.complaints, [], 'complaints');
  },

  async 'shows a stretch of time by two clicks'(browser) {
    const page = await opened(browser, render(JSON.stringify(threaded()), {from: '.json'}));

    await page.keyboard.press('h');
    await page.waitForSelector('.heat-box canvas');
    await page.locator('#heat input').first().fill('10');
    await page.locator('#heat input').nth(1).fill('20');
    await page.locator('#heat input').nth(1).press('Tab');
    await page.locator('#views button', {hasText: 'Functions'}).click();
    await drawn(page);
    equal((await rows(page)).filter(({name}) => name.startsWith('phase')), [{name: 'phase1', self: 0, total: 400}], 'ten to twenty seconds');
    await page.locator('#heat button', {hasText: 'All'}).click();

    const box = await page.locator('.heat-box').boundingBox();
    await page.mouse.click(box.x + 50, box.y + box.height - 24);
    await page.mouse.click(box.x + 50, box.y + 40);
    await drawn(page);
    const whole = (await rows(page)).find(row => row.name === 'main').total;
    check((await address(page)).includes('t=') && whole > 0 && whole < 1200, `two clicks leave ${whole}`);
    await page.locator('.heat-box').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    check((await address(page)).includes('t='), 'keys choose no range');
    equal(page.complaints, [], 'complaints');
  },

  async 'counts in a stretch of time what was taken in it, by mouse and keys, in the address too'(browser) {
    const profile = threaded(), file = render(JSON.stringify(profile), {from: '.json'});
    const first = 1e9, taken = (from, to) => profile.stacks.map(({frames, times}) =>
      ({frames: frames.map(({symbol}) => symbol), count: times.filter(time => time - first >= from && time - first < to).length})).filter(({count}) => count);
    const byKeys = await opened(browser, file), byMouse = await opened(browser, file);
    const functionsOnly = async page => {
      await page.keyboard.press('o');
      await page.locator('#options label', {hasText: 'Outermost frame'}).locator('select').selectOption('0');
      await page.keyboard.press('Escape');
      await page.keyboard.press('h');
      await drawn(page);
    };

    /* Columns are of 2 s, cells of 50 ms: from the start of the second to the start of the fourth. */
    await functionsOnly(byKeys);
    await byKeys.locator('.heat-box').focus();
    for (const key of ['ArrowRight', 'ArrowRight', 'Enter', 'ArrowRight', 'ArrowRight', 'Enter'])
      await byKeys.keyboard.press(key);
    await functionsOnly(byMouse);
    const box = await byMouse.locator('.heat-box').boundingBox();
    for (const column of [1, 3])
      await byMouse.mouse.click(box.x + 46 + 40 * column + 20, box.y + box.height - 20 - 2);
    for (const page of [byKeys, byMouse]) {
      await tableIs(page, taken(2e9, 6.05e9), 'range');
      equal(await page.locator('#heat input').first().inputValue(), '2', 'from');
      equal(await page.locator('#heat input').nth(1).inputValue(), '6.05', 'to');
    }
    await byKeys.keyboard.press('t');
    await byKeys.locator('#threads label', {hasText: 'pool (11)'}).click();
    const without = taken(2e9, 6.05e9).filter(({frames}) => !frames.includes('leaf1'));
    const again = await opened(browser, file, {hash: new URL(await address(byKeys)).hash});
    await tableIs(again, without, 'opened again');
    equal(again.complaints, [], 'complaints');
  },

  async 'shows the order of time in lanes'(browser) {
    const page = await opened(browser, render(JSON.stringify(threaded()), {from: '.json'}));

    await page.keyboard.press('5');
    await listed(page);
    const lanes = await page.$$eval('#lanes [role=treeitem][aria-level="2"]', items => items.map(item => item.getAttribute('aria-label').split(',')[0]));
    equal(lanes.sort(), ['aux (20)', 'main (10)', 'pool (11)'], 'lanes');
  },

  async 'says what limits the truth'(browser) {
    const page = await opened(browser, render(JSON.stringify(threaded()), {from: '.json'}));

    check((await text(page, '#truth summary')).includes('8.3 % cut'), await text(page, '#truth summary'));
    await page.click('#truth summary');
    check((await text(page, '#truth ul')).includes('a note of the measurement'), 'the note is missing');
  },

  async 'says when samples are few, beside a quality that is good too'(browser) {
    const page = await opened(browser, render('a;b 1\n')), few = threaded();

    equal(await text(page, '#truth'), 'Only 1 sample: a share of 50 % is ± 45 points', 'one sample');
    Object.assign(few, {stacks: few.stacks.slice(0, 3), total_samples: 60, quality: {complete: 60}, notes: []});
    const other = await opened(browser, render(JSON.stringify(few), {from: '.json'}));
    equal(await text(other, '#truth summary'), '100 % of stacks complete – and 1 more', 'summary');
    await other.click('#truth summary');
    check((await text(other, '#truth ul')).startsWith('Only 60 samples: a share of 50 % is ± 1'), await text(other, '#truth ul'));
  },

  async 'says why there is no order of time'(browser) {
    const page = await opened(browser);

    for (const key of ['5', 'h']) {
      await page.keyboard.press(key);
      check((await text(page, '#detail')).includes('--timestamps'), `${key}: ${await text(page, '#detail')}`);
      equal(await page.locator('#views [aria-pressed=true]').textContent(), 'Flame', 'view');
      await page.keyboard.press('ArrowUp');
    }
  },

  async 'keeps callers and callees in a narrow window'(browser) {
    const page = await opened(browser, undefined, {viewport: {width: 390, height: 800}});

    await page.keyboard.press('3');
    await drawn(page);
    for (const id of ['#callers', '#callees', 'footer']) {
      const box = await page.locator(id).boundingBox();
      check(box.height > 25 && box.y + box.height <= 800.5 && box.width <= 390, `${id} is at ${JSON.stringify(box)}`);
    }
  },

  async 'shows all that was matched beside the buttons'(browser) {
    for (const width of [1280, 1000, 760, 390]) {
      const page = await opened(browser, render(JSON.stringify(threaded()), {from: '.json'}), {viewport: {width, height: 800}});

      const high = () => page.$eval('#bar', bar => bar.offsetHeight), before = await high();
      await page.mouse.click(width / 3, 700);
      check(await page.isVisible('#reset'), 'the click does not zoom');
      equal(await high(), before, `height of the bar when zoomed, at ${width}`);
      await page.keyboard.press('Escape');
      await search(page, 'leaf1');
      const [shown, needed] = await page.$eval('#matched', out => [out.clientWidth, out.scrollWidth]);
      check(shown >= needed, `${shown} of ${needed} pixels at ${width}`);
    }
  },

  async 'follows the system in light and dark, and the button'(browser) {
    const page = await opened(browser, undefined, {colorScheme: 'dark'});
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);

    equal(await theme(), 'dark', 'system');
    await page.click('#theme');
    equal(await theme(), 'light', 'button');
  },

  async 'has an item for each visible frame'(browser) {
    const page = await opened(browser), wide = folded.paths(stacks).filter(path => folded.box(stacks, path).width * 1200 >= 1).length;

    await listed(page);
    equal(await page.locator('#graph [role=treeitem]').count(), wide + 1, 'items');
  },

  async 'keeps the items right while one scrolls, zooms and changes the tree'(browser) {
    const next = folded.random(11), many = [];
    for (let i = 0; i < 60; i++)
      many.push({frames: ['main', ...Array.from({length: 70}, (_, depth) => `f${depth}_${i >> next(4)}`)], count: 1 + next(9)});
    const page = await opened(browser, render(folded.toText(many)));
    const items = () => page.$$eval('#graph [role=treeitem]', list => list.map(item => item.id + item.getAttribute('aria-label')));
    const settled = async () => {
      await listed(page);
      const now = await items();
      equal(new Set(now.map(item => item.split(',')[0])).size, now.length, 'items are there twice');
      return now;
    };

    const first = await settled();
    for (const by of [-200, -500, 300]) {
      await page.$eval('#graph .scroller', (scroller, y) => { scroller.scrollTop += y; }, by);
      await page.waitForTimeout(200);
    }
    const scrolled = await settled();
    check(scrolled.join() !== first.join(), 'scrolling changes nothing');
    await page.keyboard.press('4');
    await page.keyboard.press('1');
    equal(await settled(), scrolled, 'made anew, they are the same');
    await page.locator('#graph .items').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    const labelled = async zoomed => {
      await listed(page);
      const labels = await page.$$eval('#graph [role=treeitem]', list => list.map(item => item.getAttribute('aria-label')));
      check(labels.length > 50 && labels.slice(1).every(label => label.includes('of the view') === zoomed), `${labels.length} labels: ${labels.slice(0, 5)}`);
    };
    await labelled(true);
    await page.keyboard.press('r');
    await labelled(false);
  },

  async 'changes its tree while it still lists and marks the frames of another'(browser) {
    const many = Array.from({length: 900}, (_, i) => ({frames: ['main', `a${i}`, ...Array.from({length: 6}, (_, d) => `b${d}_${i}`)], count: 10}));
    const page = await opened(browser, render(folded.toText([...many, {frames: ['main', 'zz'], count: 400}])));

    for (let i = 0; i < 12; i++) {
      /* While the items are being made, to the tree of zz alone, with the mouse on the move. */
      await page.waitForTimeout(305 + 4 * i);
      await page.evaluate(start => {
        const {left, width, bottom} = document.querySelector('#graph .scroller').getBoundingClientRect();
        window.addEventListener('hashchange', () => {
          for (let part = 0.01; part < 1; part += 0.02)
            document.querySelector('#graph .items').dispatchEvent(new MouseEvent('mousemove', {clientX: left + width * part, clientY: bottom - 70, bubbles: true}));
        }, {once: true});
        location.hash = start;
      }, i % 2 ? '' : '#do=start.' + (900 * 7 + 1));
    }
    await listed(page);
    equal(page.complaints, [], 'complaints');
  },

  async 'lists the widest frames when there are very many, and says so'(browser) {
    const many = Array.from({length: 1000}, (_, i) => ({frames: ['main', `a${i}`, ...Array.from({length: 9}, (_, d) => `b${d}_${i}`)], count: 10 + (i % 7 === 0 ? 5 : 0)}));
    const page = await opened(browser, render(folded.toText(many)), {viewport: {width: 2000, height: 800}});

    await listed(page);
    equal(await page.locator('#graph [role=treeitem]').count(), 6000, 'items');
    check(/; 4.002 narrow frames are not listed/.test(await page.getAttribute('#graph .items', 'aria-label')), await page.getAttribute('#graph .items', 'aria-label'));
    const named = await page.$$eval('#graph [role=treeitem]', list => list.map(item => item.getAttribute('aria-label').split(',')[0]));
    for (const name of ['a0', 'a994', 'b8_994'])
      check(named.includes(name), `${name}, one of the wider, is not there`);
  },

  async 'breaks no rule of accessibility'(browser) {
    const file = render(JSON.stringify(threaded()), {from: '.json'});
    for (const options of [{}, {colorScheme: 'dark'}, {viewport: {width: 390, height: 800}}]) {
      const page = await opened(browser, file, options);
      await page.keyboard.press('t');
      await page.keyboard.press('h');
      await page.locator('#graph .items').focus();
      for (const view of ['1', '3', '4', '5']) {
        await page.keyboard.press(view);
        await listed(page);
        equal(await common.violations(page), [], `view ${view}, ${JSON.stringify(options)}`);
      }
      await page.keyboard.press('o');
      equal(await common.violations(page), [], 'options');
      equal(page.complaints, [], 'complaints');
    }
  },

  async 'keeps hostile names inert and visible'(browser) {
    const names = ['</script><script>alert(1)</script>', ']]>', '<img src=x onerror=alert(1)>', 'a"b\'c&amp', '\u202eevil\u2066', '{{x}}', 'x'.repeat(65536)];
    const bad = names.map((name, i) => ({frames: ['main', name], count: 10 + i}));
    const page = await opened(browser, render(folded.toText(bad), {options: ['--title', '</title><script>alert(2)</script>']}));

    await page.keyboard.press('4');
    await drawn(page);
    const listed = await page.$$eval('#table td.name', cells => cells.map(cell => cell.textContent));
    for (const name of names.slice(0, 4))
      check(listed.includes(name), `${name} is not among ${listed.map(x => x.slice(0, 50))}`);
    check(listed.some(name => name.includes('⟨U+202E⟩evil⟨U+2066⟩')), 'direction marks are not shown');
    check(listed.some(name => name.startsWith('xxx') && name.length < 3000), 'the long name is missing');
    equal(await page.title(), '</title><script>alert(2)</script>', 'title');
    equal(page.complaints, [], 'complaints');
  },

  async 'shows names of every script, whole'(browser) {
    const sets = [['größe', 'zero\u200bwidth', '関数::呼ぶ', 'emoji_\u{1f525}_x', 'plain', 'e\u0301'], ['\ufefffirst of all', '\u{1f525}']];
    for (const names of sets) {
      const made = {version: 1, command: 'x', event: 'cpu-clock', frequency_hz: 99, elapsed_seconds: 1, total_samples: 0, notes: [], quality: {}, threads: [],
                    stacks: names.map((symbol, i) => ({count: 5 + i, frames: [{symbol, addr: 0}]}))};
      made.total_samples = made.stacks.reduce((sum, {count}) => sum + count, 0);
      const page = await opened(browser, render(JSON.stringify(made), {from: '.json'}));

      await page.keyboard.press('4');
      await drawn(page);
      const listed = (await rows(page)).sort((a, b) => a.self - b.self).map(({name}) => name);
      equal(listed, names.map(name => name.replace('\u200b', '⟨U+200B⟩').replace('\ufeff', '⟨U+FEFF⟩')), 'names');
    }
  },

  async 'shortens names without losing what tells them apart'() {
    const words = fs.readFileSync(require.resolve('../../src/render/words.js'), 'utf8');
    const {shortened, nameForms} = vm.runInNewContext(words + '; ({shortened, nameForms})');
    const forms = {
      main: ['main', 'main', 'main', 'main'],
      'operator new(unsigned long)': ['operator new(unsigned long)', 'operator new', 'operator new', 'operator new'],
      'a::b<int, long>::c(int)': ['a::b<int, long>::c(int)', 'a::b<…>::c', 'b<…>::c', 'c'],
      '<Vec<T> as Drop>::drop': ['<Vec<T> as Drop>::drop', '<Vec<T> as Drop>::drop', 'drop', 'drop'],
      'a::b::<impl Eq for c>::eq': ['a::b::<impl Eq for c>::eq', 'a::b::<…>::eq', 'b::<…>::eq', 'eq'],
      'encoding/json.(*decodeState).object': ['encoding/json.(*decodeState).object', 'json.(*decodeState).object', '(*decodeState).object', 'object'],
      'github.com/a/b.c.work': ['github.com/a/b.c.work', 'b.c.work', 'c.work', 'work'],
      'slices.Sort[go.shape.[]int]': ['slices.Sort[go.shape.[]int]', 'slices.Sort[go.shape.[]int]', 'slices.Sort[go.shape.[]int]', 'Sort[go.shape.[]int]'],
      'main.main.func1': ['main.main.func1', 'main.main.func1', 'main.main.func1', 'main.func1'],
      'net/http.glob..func3': ['net/http.glob..func3', 'http.glob..func3', 'http.glob..func3', 'glob..func3'],
      'finish_task_switch.isra.0': new Array(4).fill('finish_task_switch.isra.0'),
      'a.work.cold2': ['a.work.cold2', 'a.work.cold2', 'a.work.cold2', 'work.cold2'],
      '[libc.so.6+0x12]': new Array(4).fill('[libc.so.6+0x12]'),
      'a.b c.d': new Array(4).fill('a.b c.d'),
      'ns::f.cold': ['ns::f.cold', 'ns::f.cold', 'ns::f.cold', 'f.cold'],
      'a::b::grow::<u16, usize>': ['a::b::grow::<u16, usize>', 'a::b::grow::<…>', 'b::grow::<…>', 'grow::<…>'],
    };
    for (const [name, wanted] of Object.entries(forms))
      equal([...nameForms(name)], wanted, `forms of ${name}`);
    const wanted = {
      'std::vector<int, std::allocator<int> >::push_back(int const&)': ['std::vector<…>::push_back', 'vector<…>::push_back'],
      'operator()<std::string*, std::vector<int> >': ['operator()<…>', 'operator()<…>'],
      'operator< <char, std::allocator<char> >(std::string const&)': ['operator< <…>', 'operator< <…>'],
      'bool ns::operator==<int, long>(A const&)': ['bool ns::operator==<…>', 'bool ns::operator==<…>'],
      'a::operator<<(std::ostream&, int)': ['a::operator<<', 'a::operator<<'],
      'X::operator()(int) const': ['X::operator()', 'X::operator()'],
      'operator new(unsigned long)': ['operator new', 'operator new'],
      '<Vec<T> as core::iter::FromIterator<T>>::from_iter': ['<Vec<T> as core::iter::FromIterator<T>>::from_iter', 'from_iter'],
      'core::ptr::drop_in_place<alloc::string::String>': ['core::ptr::drop_in_place<…>', 'ptr::drop_in_place<…>'],
      '<module>': ['<module>', '<module>'],
      'a<b': ['a<b', 'a<b'],
    };

    for (const [name, short] of Object.entries(wanted))
      equal([shortened(name, 1), shortened(name, 2)], short, name);
  },

  async 'shows empty values and two frames'(browser) {
    const page = await opened(browser, render('a;b 1\n'));

    check((await text(page, '#detail')).startsWith('all'), await text(page, '#detail'));
    await tableIs(page, [{frames: ['a', 'b'], count: 1}], 'two frames');
    equal(page.complaints, [], 'complaints');
  },

  async 'keeps the root in sight when the window becomes smaller'(browser) {
    const deep = [{frames: Array.from({length: 60}, (_, i) => 'f' + i), count: 1}];
    const page = await opened(browser, render(folded.toText(deep)));

    await resize(page, {width: 1000, height: 500});
    await moveTo(page, ...await place(page, ['f0'], deep));
    check((await text(page, '#tip')).startsWith('f0'), await text(page, '#tip'));
  },

  async 'shows after scrolling what it would draw anew'(browser) {
    const next = folded.random(5), many = [];
    for (let i = 0; i < 40; i++)
      many.push({frames: Array.from({length: 60}, (_, depth) => 'f' + depth + '_' + Math.floor(i / (1 + next(8)))), count: 1 + next(9)});
    const page = await opened(browser, render(folded.toText(many)));
    const picture = () => page.$eval('#graph canvas', canvas => canvas.toDataURL()), plain = await picture();

    await moveTo(page, 600, 400);
    check(plain !== await picture(), 'the frame under the mouse is not marked');
    const scroll = by => page.evaluate(y => { document.querySelector('#graph .scroller').scrollTop += y; }, by);
    for (const by of [-130, -7, 45, -300, 1]) {
      await moveTo(page, 600 + by, 400); /* marks a frame */
      await scroll(by);
      await drawn(page);
      await moveTo(page, 600, 10);
    }
    await scroll(-33);
    await drawn(page);
    const moved = await picture();
    await resize(page, {width: 1199, height: 800});
    await resize(page, {width: 1200, height: 800});
    check(moved === await picture(), 'a picture drawn anew is another');
  },

  async 'prints all rows on one sheet, without what is for the mouse, and light'(browser) {
    const deep = [{frames: Array.from({length: 90}, (_, i) => 'f' + i), count: 1}];
    const page = await opened(browser, render(folded.toText(deep)), {colorScheme: 'dark'});
    const picture = () => page.$eval('#graph canvas', canvas => canvas.toDataURL());
    const scrolled = () => page.$eval('#graph .scroller', scroller => scroller.scrollTop), before = await scrolled();

    await moveTo(page, 600, 10);
    const plain = await picture();
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.emulateMedia({media: 'print', colorScheme: 'dark'});
    const {wide, high, room, sheet, drawn: size, light} = await page.$eval('#graph canvas', canvas => {
      const {width, height} = canvas.getBoundingClientRect(), [r] = canvas.getContext('2d').getImageData(1, 1, 1, 1).data;
      return {wide: width, high: height, room: document.body.clientWidth, sheet: innerHeight, drawn: [canvas.width, canvas.height], light: r};
    });
    equal(wide, room, 'width');
    check(high > sheet / 2 && high <= sheet * 0.85, `${high} high of ${sheet}`);
    equal(size, [2000, 2 * (91 * ROW + 2 * PAD)], 'pixels');
    check(light > 200, 'the paper is dark: ' + light);
    for (const id of ['#bar', '#graph .items'])
      equal(await page.isVisible(id), false, id);
    await page.emulateMedia({media: 'screen', colorScheme: 'dark'});
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await drawn(page);
    equal(await scrolled(), before, 'scrolled');
    check(await becomes(picture, plain) === plain, 'on the screen stands another picture than before');
    equal(page.complaints, [], 'complaints');
  },

  async 'survives addresses that make no sense'(browser) {
    for (const fragment of ['#z=99.99', '#v=nonsense&p=77&val=9', '#do=hide.99999~x.1~mod.5&f=1e9', '#t=5-1&off=9-1,,x', '#q=%5B', '#z=i999999']) {
      const page = await opened(browser, commonPage(), {hash: fragment});
      await tableIs(page, stacks, fragment).catch(error => {
        if (!fragment.includes('q='))
          throw error;
      });
      equal(page.complaints, [], fragment);
    }
  },

  async 'reads without script'(browser) {
    const page = await common.open(browser, commonPage(), {javaScriptEnabled: false}), wanted = folded.functions(stacks);
    const top = Object.entries(wanted).sort((a, b) => b[1].self - a[1].self)[0];

    check((await page.content()).includes(`<td>${top[1].self} samples`), 'no table of functions');
  },
};

for (const [name, body] of Object.entries(cases))
  common.test(name, body);
common.main();
