/* How things look: the colours of themes and palettes, and what is written into boxes. */

const FONT = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif';
const THEMES = {
  light: {page: '#ffffff', text: '#1f2226', soft: '#5c6066', accent: '#1f5fbf', match: '#6a2fb5', onMatch: '#ffffff',
          onBox: '#16181b', line: 'rgba(0,0,0,0.55)', sliver: '#cfcfca', pale: 0.38, heat: [[246, 246, 244], [250, 189, 110], [200, 52, 38], [74, 10, 40]]},
  dark: {page: '#17191c', text: '#e7e7e4', soft: '#a3a7ad', accent: '#8ab4f8', match: '#c9a2ff', onMatch: '#17191c',
         onBox: '#f3f3f0', line: 'rgba(255,255,255,0.6)', sliver: '#43474d', pale: 0.38, heat: [[31, 34, 38], [122, 40, 60], [226, 106, 52], [255, 228, 150]]},
};
const PALETTE_MODULE = 3;

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
    return `rgb(${p[at]},${p[at + 1]},${p[at + 2]})`;
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
