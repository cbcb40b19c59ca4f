'use strict';
/*
 * page_bench.js PAGE.html [-n N] [--size WxH] [--only WORD] [--profile DIR]
 *
 * How long a page of fiq's takes to load, and from an input event to the frame that shows what
 * came of it: medians of N, and the largest.  Beside them stand the processor time of the page's
 * main thread, and how long a frame takes in which nothing happens, measured at the same moments:
 * on a busy machine that is part of every figure but the processor time.
 * With --profile a CPU profile of each action is left in DIR, for the browser's developer tools.
 * Nothing is asserted here.
 */
const fs = require('fs');
const path = require('path');
const {chromium} = require('playwright-core');

const args = process.argv.slice(2);
const option = (name, otherwise) => args.includes(name) ? args[args.indexOf(name) + 1] : otherwise;
const file = path.resolve(args[0]), runs = Number(option('-n', 9)), only = option('--only', '');
const [width, height] = option('--size', '1280x800').split('x').map(Number), profiles = option('--profile', null);

const median = list => [...list].sort((a, b) => a - b)[list.length >> 1];

/* In the page: the time from the next event of a type to the end of the frame after which
 * `changed` holds.  What changed is seen by the address, the status lines and the active item. */
function installClock() {
  const seen = () => [location.hash, ...['detail', 'matched'].map(id => document.getElementById(id).textContent),
                      document.querySelector('#views [aria-pressed=true]')?.textContent,
                      document.querySelector('.heat-box canvas')?.width, document.getElementById('heat').hidden,
                      document.querySelector('#graph .items')?.getAttribute('aria-activedescendant')].join('\n');
  const afterFrame = done => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now());
    channel.port2.postMessage(0);
  });
  window.armClock = type => {
    const before = seen();
    window.measured = new Promise((done, fail) => {
      window.addEventListener(type, event => {
        const began = event.timeStamp, look = () => afterFrame(now => {
          if (seen() !== before)
            done(now - began);
          else if (now - began > 4000)
            fail(new Error('nothing came of it'));
          else
            look();
        });
        look();
      }, {capture: true, once: true});
    });
  };
  window.idleFrame = () => new Promise(done => {
    const began = performance.now();
    afterFrame(now => done(now - began));
  });
}

async function timed(page, cdp, type, act) {
  await page.evaluate(kind => window.armClock(kind), type);
  const before = await busy(cdp);
  await act();
  const took = await page.evaluate(() => window.measured);
  return {took, worked: await busy(cdp) - before};
}

/* Milliseconds of processor time of the main thread. */
async function busy(cdp) {
  const {metrics} = await cdp.send('Performance.getMetrics');
  return metrics.find(({name}) => name === 'TaskDuration').value * 1000;
}

const settle = page => page.waitForTimeout(350);

async function measure(page, cdp, name, type, act, back = async () => {}) {
  if (!name.includes(only))
    return;
  const times = [], idle = [], work = [];
  if (profiles)
    await cdp.send('Profiler.start');
  for (let i = 0; i < runs; i++) {
    await settle(page);
    idle.push(await page.evaluate(() => window.idleFrame()));
    const {took, worked} = await timed(page, cdp, type, () => act(i));
    times.push(took);
    work.push(worked);
    await back(i);
  }
  if (profiles) {
    const {profile} = await cdp.send('Profiler.stop');
    fs.mkdirSync(profiles, {recursive: true});
    fs.writeFileSync(path.join(profiles, name.replace(/\W+/g, '-') + '.cpuprofile'), JSON.stringify(profile));
  }
  line(name, times, idle, work);
}

function line(name, times, idle = [], work = []) {
  const ms = value => (value === undefined ? '' : value.toFixed(1)).padStart(8);
  const middle = list => ms(list.length ? median(list) : undefined);
  console.log(name.padEnd(26) + middle(times) + ms(Math.max(...times)) + middle(work) + middle(idle));
}

/* From the start of navigation to the end of the frame in which the graph stands. */
async function load(browser) {
  const page = await browser.newPage({viewport: {width, height}});
  page.on('pageerror', error => { throw error; });
  await page.addInitScript(() => {
    window.loaded = new Promise(done => {
      const look = () => {
        const ready = document.readyState !== 'loading' && !document.getElementById('data') && document.querySelector('#graph canvas')?.width > 300;
        if (!ready)
          return requestAnimationFrame(look);
        requestAnimationFrame(() => setTimeout(() => done(performance.now())));
      };
      requestAnimationFrame(look);
    });
  });
  await page.goto('file://' + file, {waitUntil: 'commit'});
  return {page, took: await page.evaluate(() => window.loaded)};
}

/* Lengths of frames while the wheel turns. */
async function scrolling(page) {
  await page.mouse.move(width / 2, height / 2);
  const gaps = page.evaluate(() => new Promise(done => {
    const all = [];
    let last = performance.now();
    const look = now => {
      all.push(now - last);
      last = now;
      all.length < 150 ? requestAnimationFrame(look) : done(all.slice(5));
    };
    requestAnimationFrame(look);
  }));
  for (let i = 0; i < 120; i++) {
    await page.mouse.wheel(0, i % 60 < 30 ? -40 : 40);
    await page.waitForTimeout(8);
  }
  return gaps;
}

/* Places of the graph where a click zooms: not at once into the whole. */
async function targets(page) {
  const box = await page.locator('#graph .items').boundingBox();
  const found = [];
  for (let row = 2; row < 30 && found.length < 12; row += 2)
    for (let x = 0.45; x > 0.02 && found.length < 12; x /= 3) {
      const [left, top] = [box.x + box.width * x, box.y + box.height - 14 - 19 * row];
      await page.mouse.move(left, top);
      if (await page.$eval('#graph .scroller', scroller => scroller.style.cursor === 'pointer'))
        found.push([left, top]);
    }
  return found;
}

async function main() {
  const browser = await chromium.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu']});
  const loads = [];
  let page = null;
  for (let i = 0; i < Math.min(runs, 7); i++) {
    await page?.close();
    let took;
    ({page, took} = await load(browser));
    loads.push(took);
  }
  console.log(' '.repeat(26) + '  median     max     cpu    idle   ms');
  line('load', loads);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Profiler.enable');
  await cdp.send('Performance.enable', {timeDomain: 'threadTicks'});
  await page.evaluate(installClock);
  const key = name => () => page.keyboard.press(name), step = (name, ...rest) => measure(page, cdp, name, ...rest);
  const places = await targets(page);

  await step('zoom by click', 'click', i => page.mouse.click(...places[i % places.length]), async () => {
    await page.keyboard.press('Escape');
  });
  await page.mouse.click(...places[0]);
  await step('Escape', 'keydown', key('Escape'), async i => page.mouse.click(...places[(i + 1) % places.length]));
  await page.keyboard.press('Escape');
  const letters = 'func.*_1[0-9]3', type = letter => page.keyboard.press(letter);
  await page.keyboard.press('/');
  for (let i = 0; i < letters.length; i += 2) {
    await step(`type ${JSON.stringify(letters[i])} after "${letters.slice(0, i)}"`, 'keydown', () => type(letters[i]), async () => {
      await page.keyboard.press('Backspace');
    });
    await page.keyboard.insertText(letters.slice(i, i + 2));
  }
  await page.keyboard.press('Enter');
  await page.locator('#graph .items').focus();
  await step('n', 'keydown', key('n'));
  await step('N', 'keydown', key('N'));
  const searched = async () => {
    await page.keyboard.press('/');
    await page.keyboard.insertText('func.*_1');
  };
  await searched();
  await step('clear the search', 'keydown', key('Escape'), searched);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.mouse.move(2, 2);
  for (const [view, number] of [['icicle', '2'], ['sandwich', '3'], ['functions', '4'], ['time', '5']]) {
    if (await page.locator('#views button').nth(number - 1).isHidden())
      continue;
    await step(`to ${view}`, 'keydown', key(number), key('1'));
    if (number === '2' || number === '4') {
      await page.keyboard.press(number);
      await settle(page);
      await step(`${view} to flame`, 'keydown', key('1'), key(number));
      await page.keyboard.press('1');
    }
  }
  await step('merge from the leaf', 'keydown', key('r'), key('r'));
  if (await page.locator('#heat-button').isVisible())
    await step('heatmap', 'keydown', key('h'), key('h'));
  const gaps = await scrolling(page);
  line('scrolling, a frame', gaps);
  await browser.close();
}

main();
