/* How things look: the colours of themes and palettes, and what is written into boxes. */

const FONT = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif';
const THEMES = {
  light: {page: '#ffffff', text: '#1f2226', soft: '#5c6066', accent: '#1f5fbf', match: '#6a2fb5', onMatch: '#ffffff',
          onBox: '#16181b', sliver: '#cfcfca', pale: 97, heat: [[246, 246, 244], [250, 189, 110], [200, 52, 38], [74, 10, 40]]},
  dark: {page: '#17191c', text: '#e7e7e4', soft: '#a3a7ad', accent: '#8ab4f8', match: '#c9a2ff', onMatch: '#17191c',
         onBox: '#f3f3f0', sliver: '#43474d', pale: 97, heat: [[31, 34, 38], [122, 40, 60], [226, 106, 52], [255, 228, 150]]},
};
const PALETTE_MODULE = 3;

/* Colours are numbers as pixels of a canvas hold them: alpha, blue, green, red.  Signed ones: as
 * they are above -2^24, an engine need not allocate them. */
function packed(red, green, blue) {
  return 0xff000000 | blue << 16 | green << 8 | red;
}

function packedHex(text) {
  const number = parseInt(text.slice(1), 16);
  return packed(number >> 16, number >> 8 & 255, number & 255);
}

/* `share` of 256 of one colour over another; two channels at a time. */
function mix(under, over, share) {
  share = Math.round(share);
  const rest = 256 - share;
  const redBlue = ((under & 0xff00ff) * rest + (over & 0xff00ff) * share) >>> 8 & 0xff00ff;
  const green = ((under & 0xff00) * rest + (over & 0xff00) * share) >>> 8 & 0xff00;
  return 0xff000000 | redBlue | green;
}

class Look {
  constructor(names, palettes) {
    this.names = names;
    this.palettes = palettes;
    this.matched = null;
    this.setTheme('light');
    this.setPalette(0);
  }

  setTheme(theme) {
    this.dark = theme === 'dark';
    this.theme = {...THEMES[theme], font: '12px ' + FONT, small: '11px ' + FONT};
    this.page = packedHex(this.theme.page);
    this.match = packedHex(this.theme.match);
    this.sliver = packedHex(this.theme.sliver);
    this.filled = [];
  }

  setPalette(palette) {
    this.palette = palette;
    this.filled = [];
  }

  fill(id) {
    return this.filled[id + 1] ??= this.colour(this.names.shade(id, this.palette === PALETTE_MODULE));
  }

  colour(shade) {
    const at = ((this.palette * 2 + (this.dark ? 1 : 0)) * 256 + shade) * 3, p = this.palettes;
    return packed(p[at], p[at + 1], p[at + 2]);
  }

  pale(colour) {
    return mix(this.page, colour, this.theme.pale);
  }

  /* What a thin line makes of the colour below it. */
  line(colour) {
    return mix(colour, this.dark ? packed(255, 255, 255) : packed(0, 0, 0), 150);
  }

  kind(id) {
    return this.names.kind(id);
  }

  labels(id) {
    return this.names.labelsOf(id);
  }

  heat(share) {
    const steps = this.theme.heat, at = Math.sqrt(share) * (steps.length - 1), i = Math.min(steps.length - 2, Math.floor(at));
    const mix = k => Math.round(steps[i][k] + (steps[i + 1][k] - steps[i][k]) * (at - i));
    return `rgb(${mix(0)},${mix(1)},${mix(2)})`;
  }
}
