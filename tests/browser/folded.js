'use strict';
/* What folded stacks say, worked out without any of fiq's code. */

/* A small generator, the same everywhere for a seed. */
function random(seed) {
  let state = seed >>> 0;
  return below => {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 >>> 0;
    return Math.floor(((state ^ state >>> 13) >>> 0) / 2 ** 32 * below);
  };
}

function randomStacks(seed, stacks = 60, functions = 14) {
  const next = random(seed), seen = new Map();
  for (let i = 0; i < stacks; i++) {
    const frames = ['main'];
    for (let depth = next(9); depth > 0; depth--)
      frames.push('f' + next(functions));
    const key = frames.join(';');
    seen.set(key, (seen.get(key) ?? 0) + 1 + next(50));
  }
  return [...seen].map(([key, count]) => ({frames: key.split(';'), count}));
}

const toText = stacks => stacks.map(({frames, count}) => `${frames.join(';')} ${count}\n`).join('');
const sum = stacks => stacks.reduce((all, {count}) => all + count, 0);
const startsWith = (frames, path) => path.every((frame, i) => frames[i] === frame);

/* Of the stacks below `path`, those with a frame that matches, as a share. */
function matched(stacks, pattern, path = []) {
  const view = stacks.filter(({frames}) => startsWith(frames, path));
  return sum(view.filter(({frames}) => frames.some(frame => pattern.test(frame)))) / sum(view);
}

/* {name: {self, total}}; a function counts once in a stack. */
function functions(stacks) {
  const found = {};
  for (const {frames, count} of stacks) {
    for (const name of new Set(frames))
      (found[name] ??= {self: 0, total: 0}).total += count;
    found[frames.at(-1)].self += count;
  }
  return found;
}

/* Where the box of a path is: its start and width as shares of the whole; callers before it in
 * the alphabet lie left of it. */
function box(stacks, path) {
  let left = 0;
  for (let depth = 0; depth < path.length; depth++)
    left += sum(stacks.filter(({frames}) => startsWith(frames, path.slice(0, depth)) && frames.length > depth && frames[depth] < path[depth]));
  return {left: left / sum(stacks), width: sum(stacks.filter(({frames}) => startsWith(frames, path))) / sum(stacks), depth: path.length};
}

/* All paths, outermost first. */
function paths(stacks) {
  const found = new Map();
  for (const {frames} of stacks)
    for (let depth = 1; depth <= frames.length; depth++)
      found.set(frames.slice(0, depth).join(';'), frames.slice(0, depth));
  return [...found.values()];
}

module.exports = {random, randomStacks, toText, sum, matched, functions, box, paths, startsWith};
