/*
 * How names are shown.  They come from programs that others wrote: what would change the text
 * around it, or cannot be seen, is shown as its number; nothing is ever read as HTML.
 */

const KINDS = ['native', 'kernel', 'inlined', 'JIT', 'Python', 'mark', 'label'];
const KERNEL = 1, INLINED = 2, JIT = 3, PYTHON = 4, MARK = 5, LABEL = 6;

const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g;

function visible(text) {
  return text.replace(UNSEEN, c => '⟨U+' + c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0') + '⟩');
}

function cut(text, most) {
  return text.length <= most ? text : text.slice(0, most) + `… (${count(text.length)} characters)`;
}

const LEVELS = ['full', 'short', 'brief'];

/* Base name of a path; "[kernel.kallsyms]" as it is. */
function baseName(path) {
  return path.startsWith('[') ? path : path.slice(path.lastIndexOf('/') + 1) || path;
}

/* ---- numbers ---- */

const thin = '\u202f'; /* between groups of digits and before units */

function count(number) {
  return Math.round(number).toString().replace(/\B(?=(\d{3})+(?!\d))/g, thin);
}

/* 12.3 %; what is there never shows as 0, what is not all never as 100. */
function percent(part, whole) {
  const p = whole > 0 ? 100 * part / whole : 0;
  if (p > 0 && p < 0.05)
    return '<0.1' + thin + '%';
  if (p < 100 && p >= 99.95)
    return '>99.9' + thin + '%';
  return (p === 100 ? '100' : p.toFixed(1)) + thin + '%';
}

function scaled(value, steps) {
  let i = 0;
  while (i + 1 < steps.length && value >= steps[i + 1][0])
    i++;
  const number = value / steps[i][0];
  const digits = steps[i][0] === 1 || number >= 100 ? 0 : number >= 10 ? 1 : 2;
  return number.toFixed(digits) + thin + steps[i][1];
}

const TIME_STEPS = [[1, 'ns'], [1e3, 'µs'], [1e6, 'ms'], [1e9, 's']];
const BYTE_STEPS = [[1, 'B'], [1024, 'KiB'], [1 << 20, 'MiB'], [2 ** 30, 'GiB'], [2 ** 40, 'TiB']];

function duration(ns) {
  if (ns < 120e9)
    return scaled(ns, TIME_STEPS);
  const s = Math.round(ns / 1e9), two = n => String(n).padStart(2, '0');
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)} min`
                  : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)} h`;
}

function amount(value, unit) {
  switch (unit) {
  case 'nanoseconds': return scaled(value, TIME_STEPS);
  case 'microseconds': return scaled(value * 1e3, TIME_STEPS);
  case 'milliseconds': return scaled(value * 1e6, TIME_STEPS);
  case 'seconds': return scaled(value * 1e9, TIME_STEPS);
  case 'bytes': return scaled(value, BYTE_STEPS);
  default: return count(value);
  }
}

/* Half of the 95 % interval (Wilson) of a share that `hits` of `all` samples show, in points. */
function uncertainty(hits, all) {
  if (!(all > 0))
    return NaN;
  const z = 1.96, p = Math.min(1, hits / all);
  return 100 * z * Math.sqrt(p * (1 - p) / all + z * z / (4 * all * all)) / (1 + z * z / all);
}

function plusMinus(hits, all) {
  const u = uncertainty(hits, all);
  return Number.isNaN(u) ? '' : '±' + thin + (u < 0.1 ? '0.1' : u < 10 ? u.toFixed(1) : u.toFixed(0));
}
