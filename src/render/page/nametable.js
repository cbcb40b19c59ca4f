/* The names that the page knows: those of functions, then those we make of labels and modules. */

class Names {
  constructor(profile) {
    const {facts} = profile;
    this.profile = profile;
    this.baseCount = profile.texts.count;
    this.extra = []; /* {text, kind, mapping} behind the names of functions */
    this.byText = new Map();
    this.level = 1;
    this.shortened = [];
    this.labelled = [];
    this.modules = facts.mappings.map(path => visible(baseName(path)));
    this.labels = facts.labels.map(label => [
      -1,
      this.add(label.process || 'process', LABEL),
      this.add(ThreadPanel.processText(label), LABEL),
      this.add(ThreadPanel.threadText(label), LABEL),
    ]);
    this.moduleNames = facts.mappings.map((path, i) => this.add(`[${this.modules[i]}]`, MARK, i));
    this.count = this.baseCount + this.extra.length;
  }

  add(text, kind, mapping = 0) {
    const key = kind + ':' + mapping + text;
    let id = this.byText.get(key);
    if (id === undefined) {
      id = this.baseCount + this.extra.push({text, kind, mapping}) - 1;
      this.byText.set(key, id);
    }
    return id;
  }

  text(id) {
    return id < 0 ? 'all' : id < this.baseCount ? this.profile.texts.get(id) : this.extra[id - this.baseCount].text;
  }

  shown(id) {
    if (id < 0)
      return 'all';
    return this.shortened[id] ??= cut(visible(shortened(this.text(id), this.level)), 2000);
  }

  /* What is written into a box: as shown, or the last parts of it where that is too long. */
  labelsOf(id) {
    return this.labelled[id + 1] ??= this.makeLabels(this.shown(id), this.kind(id));
  }

  makeLabels(shown, kind) {
    if (kind === LABEL || kind === MARK)
      return [shown];
    const dotted = dottedForms(shown);
    if (dotted)
      return [shown, ...dotted];
    if (!shown.includes('::'))
      return [shown];
    if (shown.startsWith('<'))
      return [shown, lastParts(shown)];
    return [shown, lastParts(shown), partsOf(shown).at(-1) || shown];
  }

  setLevel(level) {
    if (level !== this.level)
      [this.shortened, this.labelled] = [[], []];
    this.level = level;
  }

  kind(id) {
    return id < 0 ? MARK : id < this.baseCount ? this.profile.kinds[id] & 15 : this.extra[id - this.baseCount].kind;
  }

  isUnnamed(id) {
    return id >= 0 && id < this.baseCount && (this.profile.kinds[id] & 16) !== 0;
  }

  mapping(id) {
    return id < 0 ? 0 : id < this.baseCount ? this.profile.mappings[id] : this.extra[id - this.baseCount].mapping;
  }

  module(id) {
    return this.modules[this.mapping(id)] ?? '';
  }

  modulePath(id) {
    return visible(this.profile.facts.mappings[this.mapping(id)] ?? '');
  }

  file(id) {
    const number = id >= 0 && id < this.baseCount ? this.profile.files[id] : 0;
    return number ? visible(this.profile.fileTexts.get(number - 1)) : '';
  }

  moduleName(mapping) {
    return this.moduleNames[mapping];
  }

  /* Index into the palettes: hue and shade. */
  shade(id, byModule) {
    if (id < 0)
      return 0;
    if (id < this.baseCount)
      return this.profile.shades[2 * id + (byModule ? 1 : 0)];
    return (this.kind(id) === LABEL ? 2 : 1) << 4;
  }
}
