/*
 * Paints the rows of a chart.  Boxes are pixels in memory, which come to the canvas in one piece:
 * there may be tens of thousands of them, and as rectangles of the canvas they would take ten
 * times as long.  Labels and outlines are the canvas' own.
 */

const LABEL_FROM = 24;

/* Widths of characters, measured once; kerning is not worth its price. */
class TextMeasure {
  constructor(context, font) {
    this.context = context;
    this.font = font;
    this.widths = new Map();
    this.ascii = new Float32Array(128);
    context.font = font;
    for (let c = 32; c < 127; c++)
      this.ascii[c] = context.measureText(String.fromCharCode(c)).width;
    this.dots = context.measureText('…').width;
  }

  width(character) {
    const code = character.codePointAt(0);
    if (code < 128)
      return this.ascii[code];
    let w = this.widths.get(code);
    if (w === undefined) {
      this.context.font = this.font;
      this.widths.set(code, w = this.context.measureText(character).width);
    }
    return w;
  }

  /* The text, or as much as fits before "…"; '' when nothing would be said. */
  fit(text, room) {
    let sum = 0, kept = 0, at = 0;
    for (const character of text) {
      sum += this.width(character);
      if (sum <= room - this.dots)
        kept = at + character.length;
      if (sum > room)
        return kept > 2 ? text.slice(0, kept) + '…' : '';
      at += character.length;
    }
    return text;
  }

  /* The first of several texts that fits; of the last, what fits. */
  best(texts, room) {
    for (let i = 0; i + 1 < texts.length; i++)
      if (this.fit(texts[i], room) === texts[i])
        return texts[i];
    return this.fit(texts.at(-1), room);
  }
}

/* The kind of a frame, for those to whom colour says nothing: lines along the bottom, as pairs
 * (height above the bottom, thickness), and how they are dashed. */
const MARKS = {
  [KERNEL]: {lines: [[0, 2]], on: 1, off: 0},
  [INLINED]: {lines: [[1, 1]], on: 5, off: 3},
  [JIT]: {lines: [[1, 1]], on: 2, off: 2},
  [PYTHON]: {lines: [[1, 1], [3, 1]], on: 1, off: 0},
};

/* The line between neighbours, which those that are all line do not have. */
function gapBehind(wide) {
  return wide > 3 ? 1 : wide > 1.5 ? 0.5 : 0;
}

class Painter {
  constructor(canvas, look) {
    this.canvas = canvas;
    this.look = look;
    /* Kept in memory: what is put there from memory would have to wait for a graphics card. */
    this.context = canvas.getContext('2d', {alpha: false, willReadFrequently: true});
  }

  resize(width, height, ratio = window.devicePixelRatio || 1) {
    const {canvas} = this;
    this.ratio = ratio;
    this.wide = Math.round(width * ratio);
    this.high = Math.round(height * ratio);
    canvas.width = this.wide;
    canvas.height = this.high;
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
    this.image = this.context.createImageData(this.wide, this.high);
    this.pixels = new Int32Array(this.image.data.buffer);
    this.line = new Int32Array(this.wide); /* the row that is being painted */
  }

  /* Heights of the window as rows of pixels: [from, to). */
  pixelRows(from, to) {
    const clamp = y => Math.max(0, Math.min(Math.round(y * this.ratio), this.high));
    return [clamp(from), clamp(to)];
  }

  clear(from, to) {
    const [first, end] = this.pixelRows(from, to);
    this.pixels.fill(this.look.page, first * this.wide, end * this.wide);
  }

  put(from, to) {
    const [first, end] = this.pixelRows(from, to);
    this.context.putImageData(this.image, 0, 0, 0, first, this.wide, end - first);
  }

  startRow() {
    this.line.fill(this.look.page);
  }

  /* What covers a pixel in part shines through. */
  box(from, wide, colour) {
    const {line, ratio} = this, left = from * ratio, right = Math.min((from + wide) * ratio, this.wide);
    let first = Math.floor(left), last = Math.floor(right);
    if (first === last) {
      line[first] = mix(line[first], colour, (right - left) * 256);
      return;
    }
    line[first] = mix(line[first], colour, (first + 1 - left) * 256);
    for (let i = first + 1; i < last; i++)
      line[i] = colour;
    if (last < this.wide)
      line[last] = mix(line[last], colour, (right - last) * 256);
  }

  endRow(top) {
    const [first, end] = this.pixelRows(top, top + ROW - 1);
    for (let y = first; y < end; y++)
      this.pixels.set(this.line, y * this.wide);
  }

  mark(kind, from, wide, top) {
    const mark = MARKS[kind], {pixels, ratio} = this;
    if (!mark)
      return;
    const left = Math.round(from * ratio), right = Math.min(Math.round((from + wide) * ratio), this.wide);
    const on = mark.on * ratio, period = on + mark.off * ratio, bottom = top + ROW - 1;
    for (const [above, thick] of mark.lines) {
      const [, end] = this.pixelRows(0, bottom - above);
      for (let y = Math.max(0, end - Math.round(thick * ratio)); y < end; y++)
        for (let x = left; x < right; x++)
          if (mark.off === 0 || (x - left) % period < on)
            pixels[y * this.wide + x] = this.look.line(pixels[y * this.wide + x]);
    }
  }

  /* What the canvas draws itself, cut off at two heights. */
  within(from, to, draw) {
    const c = this.context;
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.save();
    c.beginPath();
    c.rect(0, from, this.wide, to - from);
    c.clip();
    c.textBaseline = 'middle';
    draw();
    c.restore();
  }

  label(texts, from, room, top, colour, alpha) {
    const c = this.context, {font} = this.look.theme;
    const measure = this.measure ??= new TextMeasure(c, font), text = measure.best(texts, room - 8);
    if (!text)
      return;
    c.font = font;
    c.fillStyle = colour;
    c.globalAlpha = alpha;
    c.fillText(text, from + 4, top + ROW / 2 - 0.5);
    c.globalAlpha = 1;
  }

  outline(from, wide, top, colour, thick) {
    const c = this.context;
    c.strokeStyle = colour;
    c.lineWidth = thick;
    c.strokeRect(from + thick / 2, top + thick / 2, Math.max(1, wide - thick), ROW - 1 - thick);
  }

  /* Moves the picture, which is quicker than drawing it; false when that leaves nothing of it, or
   * would blur it. */
  moveUp(by) {
    const pixels = by * this.ratio, c = this.context;
    if (by === 0)
      return true;
    if (Math.abs(pixels) >= this.high || pixels !== Math.round(pixels))
      return false;
    c.save();
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.globalCompositeOperation = 'copy';
    c.drawImage(this.canvas, 0, -pixels);
    c.restore();
    return true;
  }
}
