/* The page: reads the data, keeps the state, and shows what the state says. */

class App {
  constructor(profile) {
    this.profile = profile;
    this.facts = profile.facts;
    this.names = new Names(profile);
    this.model = new Model(profile, this.names);
    this.look = new Look(this.names, profile.palettes);
    this.undone = [];
    this.done = [];
    this.menu = new Menu(byId('menu'));
    this.options = new Popover(byId('options'));
    this.help = new Popover(byId('help'));
    const weights = this.model.labelWeights(this.facts.value);
    const processes = new Set(this.facts.labels.filter((_, i) => weights[i] > 0).map(l => l.process + '\0' + l.pid));
    this.first = firstState(this.facts, processes.size);
    this.state = this.checked(fromFragment(location.hash, this.first));
    this.labels = weights;
    this.build();
    this.theme(this.savedTheme());
    this.render({});
  }

  /* What an address may say wrongly. */
  checked(state) {
    const below = (number, count) => number >= 0 && number < count;
    if (!below(state.value, this.facts.values.length))
      state.value = this.first.value;
    if (!below(state.palette, 5) || !below(state.level, 3) || !below(state.group, 4))
      Object.assign(state, {palette: this.first.palette, level: 1, group: this.first.group});
    if (!below(state.chosen, this.names.count))
      state.chosen = -1;
    state.steps = state.steps.filter(({what, id}) => below(id, what === 'mod' ? this.facts.mappings.length : this.names.count));
    return state;
  }

  /* ---- making the page ---- */

  build() {
    const {facts} = this;
    byId('facts').textContent = [facts.subtitle && visible(facts.subtitle), factsLine(facts)].filter(Boolean).join(' · ');
    showTruth(byId('truth'), facts);
    this.buildViews();
    this.buildCharts();
    this.buildHeat();
    this.threads = new ThreadPanel(byId('threads'), facts.labels, this.labels,
                                   {hidden: hidden => this.go({hidden: rangesOf(hidden)})});
    byId('threads-button').hidden = this.threads.groups.length + (this.threads.groups[0]?.ids.length ?? 0) <= 2;
    showKeys(byId('help'));
    this.legend();
    this.buttons();
    this.searching();
    document.addEventListener('keydown', event => this.key(event));
    window.addEventListener('popstate', () => this.fromAddress());
    window.addEventListener('hashchange', () => this.fromAddress());
    window.addEventListener('beforeprint', () => this.toPaper());
    window.addEventListener('afterprint', () => this.fromPaper());
  }

  buildViews() {
    const titles = {flame: 'Flame', icicle: 'Icicle', sandwich: 'Sandwich', table: 'Functions', lanes: 'Time'};
    this.viewButtons = {};
    VIEWS.forEach((view, i) => {
      const button = element('button', {'aria-pressed': 'false', title: `${titles[view]} (${i + 1})`}, titles[view]);
      button.addEventListener('click', () => this.go({view}));
      this.viewButtons[view] = button;
      byId('views').append(button);
    });
    this.viewButtons.lanes.hidden = !this.model.hasTimes;
  }

  buildCharts() {
    const {look} = this, own = {
      zoom: (chart, node) => chart.zoomTo(node),
      select: (chart, node) => this.showDetail(chart, node),
      menu: (chart, node, x, y) => this.openMenu(chart, node, x, y),
      hover: (chart, node, x, y) => this.showTip(chart, node, x, y),
      describe: (chart, node) => this.describe(chart, node),
    };
    const main = {...own, zoom: (chart, node) => this.zoomGraph(node), moved: () => this.renderReset()};
    this.graph = new Chart(byId('graph'), {up: true, label: 'Flame graph', look, on: main, prefix: 'g'});
    this.callers = new Chart(byId('callers'), {up: true, label: 'Callers', look, on: own, prefix: 'a'});
    this.callees = new Chart(byId('callees'), {up: false, label: 'Callees', look, on: own, prefix: 'b'});
    this.time = new Chart(byId('lanes'), {up: false, label: 'Time order', look, on: own, prefix: 'l'});
    this.graphNote = element('p', {class: 'note', hidden: ''});
    byId('graph').append(this.graphNote);
    this.timeNote = element('p', {class: 'empty', hidden: ''});
    byId('lanes').prepend(this.timeNote);
    const rows = {
      select: name => this.chooseName(name),
      open: name => this.go({view: 'sandwich', chosen: name}),
      menu: (name, x, y) => this.openNameMenu(name, x, y),
      sort: (sort, down) => this.go({sort, down}),
    };
    this.table = new FunctionTable(byId('table'), {names: this.names, on: rows, prefix: 't'});
    this.side = new FunctionTable(byId('sandwich-table'), {names: this.names, prefix: 's', on: {...rows, select: name => {
      if (name !== this.state.chosen)
        this.go({chosen: name});
    }}});
  }

  buildHeat() {
    const section = byId('heat'), head = element('div', {class: 'heat-head'});
    const field = text => {
      const input = element('input', {type: 'number', step: 'any', min: 0, inputmode: 'decimal'});
      head.append(element('label', {}, text, input, 's'));
      input.addEventListener('change', () => this.typedRange());
      return input;
    };
    this.rangeFrom = field('From');
    this.rangeTo = field('to');
    this.allTimes = element('button', {}, 'All');
    this.allTimes.addEventListener('click', () => this.go({range: null}));
    this.heatSay = element('span', {});
    head.append(this.allTimes, this.heatSay);
    section.append(head);
    this.heat = new Heatmap(section, {look: this.look, on: {
      range: range => this.go({range}),
      say: text => { this.heatSay.textContent = text || 'Click two cells to see only what is between them.'; },
    }});
    byId('heat-button').hidden = !this.model.hasTimes;
  }

  typedRange() {
    const from = Number(this.rangeFrom.value) * 1e9;
    const to = this.rangeTo.value === '' ? this.model.lasted : Number(this.rangeTo.value) * 1e9;
    if (from < to)
      this.go({range: from <= 0 && to >= this.model.lasted ? null : [from, to]});
  }

  legend() {
    const seen = new Set();
    for (let i = 0; i < this.names.baseCount; i++)
      seen.add(this.names.kind(i));
    for (const kind of [KERNEL, INLINED, JIT, PYTHON])
      if (seen.has(kind))
        byId('legend').append(element('span', {class: 'k' + kind}, KINDS[kind]));
  }

  buttons() {
    const press = (id, action) => byId(id).addEventListener('click', action);
    press('threads-button', () => this.toggleThreads());
    press('heat-button', () => this.go({heat: !this.state.heat}));
    press('options-button', () => this.openOptions());
    press('help-button', () => this.openHelp());
    press('theme', () => this.theme(this.look.dark ? 'light' : 'dark', true));
    press('undo', () => this.undo());
    press('redo', () => this.redo());
    press('reset', () => this.resetAll());
    press('next', () => this.toMatch(1));
    press('previous', () => this.toMatch(-1));
    press('caseful', () => this.go({caseful: !this.state.caseful}, {quiet: true}));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.theme(this.savedTheme()));
  }

  /* ---- light and dark ---- */

  savedTheme() {
    let saved = null;
    try {
      saved = localStorage.getItem('fiq-theme');
    } catch { /* not allowed here: then what the system says */ }
    return saved ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  }

  theme(theme, save) {
    document.documentElement.dataset.theme = theme;
    this.look.setTheme(theme);
    if (save)
      try {
        localStorage.setItem('fiq-theme', theme);
      } catch { /* for this time only */ }
    this.redraw();
  }

  redraw() {
    for (const chart of this.charts())
      chart.later();
    this.heat.draw();
  }

  charts() {
    return [this.graph, this.callers, this.callees, this.time];
  }

  /* ---- on paper, which is light ---- */

  toPaper() {
    this.screen = document.documentElement.dataset.theme;
    this.theme('light');
    for (const chart of this.charts())
      chart.toPaper();
  }

  fromPaper() {
    for (const chart of this.charts())
      chart.fromPaper();
    this.theme(this.screen);
  }

  /* ---- changing the state ---- */

  /* quiet: replaces the address instead of adding to the history, and is not undone alone. */
  go(change, {quiet = false} = {}) {
    const before = this.state, next = {...before, ...change};
    if (toFragment(next, this.first) === toFragment(before, this.first))
      return;
    this.state = next;
    if (!quiet) {
      this.done.push(before);
      this.undone = [];
    }
    this.toAddress(quiet);
    this.render(before);
  }

  toAddress(replace) {
    const fragment = toFragment(this.state, this.first);
    try {
      history[replace ? 'replaceState' : 'pushState'](null, '', '#' + fragment);
    } catch { /* a frame without history */ }
  }

  fromAddress() {
    const before = this.state, state = this.checked(fromFragment(location.hash, this.first));
    if (toFragment(state, this.first) === toFragment(before, this.first))
      return;
    this.state = state;
    this.render(before);
  }

  undo() {
    this.step(this.done, this.undone);
  }

  redo() {
    this.step(this.undone, this.done);
  }

  step(from, to) {
    const state = from.pop();
    if (!state)
      return;
    const before = this.state;
    to.push(before);
    this.state = {...state, query: before.query, caseful: before.caseful};
    this.toAddress(false);
    this.render(before);
  }

  addStep(what, id) {
    const {steps} = this.state;
    if (!steps.some(step => step.what === what && step.id === id))
      this.go({steps: [...steps, {what, id}]});
  }

  zoomGraph(node) {
    const zoom = zoomText(this.graph.tree, node);
    if (zoom === this.state.zoom) /* what was magnified meanwhile is as it was */
      this.graph.zoomTo(node);
    else
      this.go({zoom});
  }

  resetAll() {
    this.go({steps: [], hidden: '', range: null, zoom: ''});
    if (this.graph.isMagnified)
      this.graph.zoomTo(this.zoomed);
  }

  /* ---- showing it ---- */

  render(before) {
    const {state} = this;
    this.names.setLevel(state.level);
    if (state.palette !== this.look.palette)
      this.look.setPalette(state.palette);
    this.tree = this.model.tree(state);
    this.plain = state.reverse ? this.model.tree({...state, reverse: false}) : this.tree;
    this.zoomed = zoomNode(this.tree, state.zoom);
    this.whole = this.model.wholes[state.value] ?? 0;
    this.findMatches(before);
    this.renderSections();
    this.renderControls();
    this.renderSteps();
    this.renderView();
    this.renderHeat(before);
    this.renderMatched();
  }

  renderSections() {
    const {view, heat} = this.state, show = (id, on) => { byId(id).hidden = !on; };
    show('graph', view === 'flame' || view === 'icicle');
    show('sandwich', view === 'sandwich');
    show('table', view === 'table');
    show('lanes', view === 'lanes');
    show('heat', heat && this.model.hasTimes);
  }

  renderControls() {
    const {state} = this;
    for (const view of VIEWS)
      this.viewButtons[view].setAttribute('aria-pressed', view === state.view);
    byId('caseful').setAttribute('aria-pressed', state.caseful);
    byId('heat-button').setAttribute('aria-expanded', state.heat);
    byId('undo').disabled = !this.done.length;
    byId('redo').disabled = !this.undone.length;
    this.renderReset();
    if (byId('query') !== document.activeElement)
      byId('query').value = state.query;
    this.threads.show(numbersOf(state.hidden, this.facts.labels.length));
  }

  renderReset() {
    const {steps, hidden, range, zoom} = this.state;
    byId('reset').hidden = !(steps.length || hidden || range || zoom || this.graph?.isMagnified);
  }

  /* What is left out, each with a button that takes it back. */
  renderSteps() {
    const {state, names} = this, host = byId('steps'), parts = [];
    const words = {focus: 'only through', start: 'starts at', drop: 'without samples in', hide: 'hidden:',
                   rec: 'recursion of', flat: 'direct recursion', mod: 'one frame for'};
    const chip = (text, undo) => {
      const button = element('button', {'aria-label': 'Take back: ' + cut(text, 200), title: 'Take back'}, '×');
      button.addEventListener('click', undo);
      parts.push(element('span', {class: 'step'}, element('span', {title: cut(text, 1000)}, text), button));
    };
    if (state.hidden) {
      const off = numbersOf(state.hidden, this.facts.labels.length).size;
      chip(`${count(off)} threads hidden`, () => this.go({hidden: ''}));
    }
    if (state.range)
      chip(`${(state.range[0] / 1e9).toFixed(3)} to ${(state.range[1] / 1e9).toFixed(3)}${thin}s`, () => this.go({range: null}));
    for (const step of state.steps) {
      const about = step.what === 'flat' ? 'collapsed' : step.what === 'mod' ? names.shown(names.moduleName(step.id)) : names.shown(step.id);
      chip(`${words[step.what]} ${about}`, () => this.go({steps: state.steps.filter(other => other !== step)}));
    }
    if (state.reverse)
      chip('merged from the leaf', () => this.go({reverse: false, zoom: ''}));
    host.replaceChildren(...parts);
    host.hidden = !parts.length;
  }

  renderView() {
    const {state} = this;
    switch (state.view) {
    case 'sandwich': this.renderSandwich(); break;
    case 'table': this.renderTable(this.table); break;
    case 'lanes': this.renderLanes(); break;
    default: this.renderGraph();
    }
  }

  renderGraph() {
    const {graph, tree, state} = this, up = state.view === 'flame';
    const same = graph.tree === tree && graph.up === up && graph.zoomed === this.zoomed;
    graph.up = up;
    if (graph.tree !== tree)
      graph.selected = -1;
    graph.show(tree, this.zoomed, same);
    graph.hits = this.hits(tree);
    this.graphNote.hidden = tree.total[0] > 0;
    this.graphNote.textContent = this.whole > 0 ? 'Nothing is left in this view. Press u to undo.' : 'This profile holds no samples.';
    this.showDetail(graph, graph.selected);
  }

  /* The table counts what the graph shows: from the zoomed frame on. */
  renderTable(table) {
    const {state} = this, from = state.reverse ? 0 : this.zoomed, tree = this.plain;
    const sums = this.model.memory.get('sums' + JSON.stringify([state.value, state.hidden, state.range, state.steps, state.group, from]),
                                       () => functionSums(tree, from, this.names.count));
    table.selected = state.view === 'sandwich' ? state.chosen : table.selected;
    table.show({sums, whole: tree.total[from], samplesPer: this.model.samplesPer(state.value),
                unit: this.facts.values[state.value]?.unit, keep: state.query ? this.look.matched : null,
                sortKey: state.sort, down: state.down});
    this.sums = sums;
  }

  renderSandwich() {
    const {state, names, plain} = this, byWeight = state.order === 'weight';
    this.renderTable(this.side);
    if (state.chosen < 0 || !(this.sums.total[state.chosen] > 0))
      state.chosen = this.side.rows[0] ?? -1;
    this.side.selected = state.chosen;
    this.side.markSelected();
    const name = state.chosen;
    if (name < 0)
      return;
    const key = JSON.stringify([state.value, state.hidden, state.range, state.steps, state.group, state.order, name]);
    const {callers, callees} = this.model.memory.get('sandwich' + key, () => {
      const nodes = outermost(plain, name), weights = nodes.map(node => plain.total[node]);
      const whole = weights.reduce((a, b) => a + b, 0);
      return {callers: callersTree(plain, nodes, weights, name, whole / 20000, byWeight),
              callees: calleesTree(plain, nodes, name, byWeight)};
    });
    byId('callers-title').textContent = 'Callers of ' + names.shown(name);
    byId('callees-title').textContent = 'Called by ' + names.shown(name);
    for (const [chart, tree] of [[this.callers, callers], [this.callees, callees]]) {
      if (chart.tree !== tree)
        chart.show(tree, 0);
      chart.hits = this.hits(tree);
      chart.later();
    }
    this.showDetail(this.callees, 0);
  }

  renderLanes() {
    const tree = this.model.timeTree(this.state), chart = this.time;
    const note = tree.left ? `${count(tree.left)} threads are not shown here; choose threads or a range.` : '';
    this.timeNote.hidden = !note;
    this.timeNote.textContent = note;
    if (chart.tree !== tree)
      chart.show(tree, 0);
    chart.hits = this.hits(tree);
    chart.later();
    this.showDetail(chart, chart.selected);
  }

  renderHeat(before) {
    const {state} = this;
    if (!state.heat || !this.model.hasTimes)
      return;
    const set = (input, ns) => { input.value = ns === null ? '' : String(Number((ns / 1e9).toFixed(4))); };
    set(this.rangeFrom, state.range && state.range[0] > 0 ? state.range[0] : null);
    set(this.rangeTo, state.range && state.range[1] < this.model.lasted ? state.range[1] : null);
    this.allTimes.disabled = !state.range;
    if (before.range !== state.range || before.hidden !== state.hidden || !this.heat.counts || before.heat !== state.heat)
      this.heat.show(this.model.times(state), this.model.lasted, state.range, this.model.samplePeriod());
    this.heat.on.say('');
  }

  /* ---- search ---- */

  searching() {
    const query = byId('query');
    query.addEventListener('input', () => {
      clearTimeout(this.typing);
      const wait = this.searchTook > 50 ? 100 : 0; /* until one has typed on */
      this.typing = setTimeout(() => this.search(query.value), wait);
    });
    query.addEventListener('keydown', event => {
      if (event.key === 'Enter') {
        this.go({query: query.value}, {quiet: true});
        this.toMatch(event.shiftKey ? -1 : 1);
      } else if (event.key === 'Escape') {
        query.value = '';
        this.go({query: ''}, {quiet: true});
        this.focusView();
      } else {
        return;
      }
      event.stopPropagation();
    });
  }

  search(query) {
    const began = performance.now();
    this.go({query}, {quiet: true});
    this.searchTook = performance.now() - began;
  }

  /* Which names match; null when nothing is searched for. */
  findMatches(before) {
    const {query, caseful} = this.state;
    if (query === before.query && caseful === before.caseful && this.look.matched !== undefined)
      return;
    const field = byId('query');
    this.look.matched = null;
    this.badQuery = '';
    field.removeAttribute('aria-invalid');
    if (!query)
      return;
    let pattern;
    try {
      pattern = new RegExp(query, caseful ? 'u' : 'iu');
    } catch {
      try {
        pattern = new RegExp(query, caseful ? '' : 'i');
      } catch (error) {
        this.badQuery = 'not a regular expression';
        field.setAttribute('aria-invalid', 'true');
        return;
      }
    }
    const matched = this.look.matched = new Uint8Array(this.names.count);
    for (let i = 0; i < matched.length; i++)
      matched[i] = pattern.test(this.names.text(i)) ? 1 : 0;
    this.matchNumber = (this.matchNumber ?? 0) + 1;
    this.matchedSums = [];
  }

  hits(tree) {
    const {matched} = this.look;
    if (!matched)
      return null;
    if (tree.matchNumber !== this.matchNumber) {
      tree.hits = countMatches(tree, matched, tree.hits);
      tree.matchNumber = this.matchNumber;
    }
    return tree.hits;
  }

  /* Shares of samples, counted in the tree of calls whatever is shown. */
  renderMatched() {
    const {matched} = this.look, out = byId('matched'), {view, reverse} = this.state;
    byId('next').disabled = byId('previous').disabled = !matched;
    if (!matched) {
      out.textContent = this.badQuery;
      return;
    }
    const tree = view === 'sandwich' || view === 'lanes' ? this.plain : this.tree;
    const from = tree === this.tree ? this.zoomed : reverse ? 0 : this.zoomed;
    const inView = this.matchedWeight(tree, from), inAll = this.matchedOfAll();
    out.textContent = `matched ${percent(inView, tree.total[from])} of the view, ${percent(inAll, this.whole)} of all`;
    out.title = `${amount(inView, this.unit())} of ${amount(tree.total[from], this.unit())}`;
  }

  /* Nothing left out, not zoomed. */
  matchedOfAll() {
    const plain = {...this.state, steps: [], hidden: '', range: null, reverse: false, group: this.state.group, order: 'name'};
    return this.matchedWeight(this.model.tree(plain), 0);
  }

  /* The same is asked for again and again while one looks around. */
  matchedWeight(tree, from) {
    let found = this.matchedSums.find(sum => sum.tree === tree && sum.from === from);
    if (!found)
      this.matchedSums.push(found = {tree, from, weight: matchedWeight(tree, this.look.matched, from)});
    return found.weight;
  }

  /* To the next or previous match after what is selected, in the order of the picture. */
  toMatch(step) {
    const {view} = this.state;
    if (!this.look.matched)
      return byId('query').focus();
    if (view === 'table' || view === 'sandwich') {
      const table = view === 'table' ? this.table : this.side;
      const at = table.rows.indexOf(table.selected) + step, rows = table.rows.length;
      if (rows)
        table.select(table.rows[(at + rows) % rows], true);
      return;
    }
    const chart = view === 'lanes' ? this.time : this.graph, tree = chart.tree;
    const isMatch = i => tree.total[i] > 0 && this.look.matched[tree.name[i]] === 1;
    const from = chart.zoomed, end = tree.end[from], n = end - from - 1;
    if (n <= 0)
      return;
    let at = chart.selected > from && chart.selected < end ? chart.selected : step > 0 ? from : end;
    for (let k = 0; k < n; k++) {
      at += step;
      if (at >= end)
        at = from + 1;
      if (at <= from)
        at = end - 1;
      if (isMatch(at)) {
        chart.select(at, true);
        return;
      }
    }
  }

  /* ---- one frame ---- */

  unit() {
    return this.facts.values[this.state.value]?.unit;
  }

  numbers(chart, node) {
    const tree = chart.tree, unit = this.unit();
    if (tree.isTime)
      return `${duration(tree.total[node])} from ${(tree.x[node] / 1e9).toFixed(3)}${thin}s`;
    const view = tree.total[chart === this.graph ? this.zoomed : 0], per = this.model.samplesPer(this.state.value);
    const total = tree.total[node], whole = this.whole;
    const what = unit === 'count' ? ' ' + things(total, visible(this.facts.values[this.state.value].name)) : '';
    const parts = [`${amount(total, unit)}${what}`];
    if (Math.abs(view - whole) > 1e-9 * whole)
      parts.push(`${percent(total, view)} of the view`);
    parts.push(`${percent(total, whole)} of all${per && total < whole ? ' ' + plusMinus(total * per, whole * per) : ''}`);
    if (tree.self[node] > 0 && node)
      parts.push(`self ${amount(tree.self[node], unit)}, ${percent(tree.self[node], whole)}`);
    return parts.join(' · ');
  }

  about(name) {
    const {names} = this, parts = [];
    if (name < 0)
      return '';
    if (names.kind(name))
      parts.push(KINDS[names.kind(name)]);
    if (names.isUnnamed(name))
      parts.push('no name known');
    if (names.modulePath(name))
      parts.push(names.modulePath(name));
    if (names.file(name))
      parts.push(names.file(name));
    return parts.join(' · ');
  }

  describe(chart, node) {
    const name = chart.tree.name[node];
    return `${cut(this.names.shown(name), 200)}, ${this.numbers(chart, node)}`;
  }

  showDetail(chart, node) {
    const detail = byId('detail'), {tree} = chart;
    if (!tree || node < 0)
      node = chart === this.graph ? this.zoomed : 0;
    if (!tree || !(tree.total[0] > 0))
      return detail.replaceChildren();
    const name = tree.name[node];
    detail.replaceChildren(element('b', {}, cut(this.names.shown(name), 400)), '  ' + this.numbers(chart, node));
    if (name >= 0)
      this.current = {chart, node, name};
  }

  chooseName(name) {
    this.current = {chart: null, node: -1, name};
    const {sums, names} = this;
    byId('detail').replaceChildren(element('b', {}, cut(names.shown(name), 400)),
      `  self ${amount(sums.self[name], this.unit())}, total ${amount(sums.total[name], this.unit())}  ${this.about(name)}`);
  }

  showTip(chart, node, x, y) {
    const tip = byId('tip');
    if (node < 0 || this.menu.popover.isOpen) {
      tip.hidden = true;
      return;
    }
    const name = chart.tree.name[node];
    if (tip.hidden || this.tipped !== chart.prefix + node) {
      this.tipped = chart.prefix + node;
      tip.replaceChildren(element('b', {}, cut(visible(this.names.text(name)), 1500)), element('div', {}, this.numbers(chart, node)));
      const about = this.about(name);
      if (about)
        tip.append(element('div', {class: 'soft'}, cut(about, 400)));
      tip.hidden = false;
      this.tipWide = tip.offsetWidth;
      this.tipHigh = tip.offsetHeight;
    }
    const below = y + 18 + this.tipHigh < innerHeight;
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - this.tipWide - 6)) + 'px';
    tip.style.top = Math.max(4, below ? y + 18 : y - this.tipHigh - 12) + 'px';
  }

  /* ---- what can be done with a frame ---- */

  nameItems(name) {
    const {names} = this, mapping = names.mapping(name), items = [];
    items.push(['Sandwich: callers and callees', () => this.go({view: 'sandwich', chosen: name}), 's']);
    items.push(['Focus: only samples through it', () => this.addStep('focus', name), 'f']);
    items.push(['Start here: drop its callers', () => this.addStep('start', name)]);
    items.push(['Hide the frame', () => this.addStep('hide', name), 'x']);
    items.push(['Drop samples through it', () => this.addStep('drop', name), 'd']);
    items.push(null);
    items.push(['Collapse recursion of it', () => this.addStep('rec', name)]);
    items.push(['Collapse all direct recursion', () => this.addStep('flat', 0)]);
    if (mapping)
      items.push([`Collapse module ${cut(names.module(name), 40)}`, () => this.addStep('mod', mapping)]);
    items.push(null);
    items.push(['Search for it', () => this.searchFor(name)]);
    items.push(['Copy name', () => this.copy(names.text(name), 'name'), 'c']);
    return items;
  }

  openMenu(chart, node, x, y) {
    const name = chart.tree.name[node], items = [];
    byId('tip').hidden = true;
    if (node !== chart.zoomed)
      items.push(['Zoom', () => chart.on.zoom(chart, node), 'Enter']);
    if (name >= 0 && this.names.kind(name) !== LABEL)
      items.push(...this.nameItems(name), ['Copy stack', () => this.copyStack(chart, node), 'C']);
    if (this.done.length)
      items.push(null, ['Undo', () => this.undo(), 'u']);
    if (items.length)
      this.menu.open(cut(this.names.shown(name), 80), items, x, y);
  }

  openNameMenu(name, x, y) {
    this.menu.open(cut(this.names.shown(name), 80), this.nameItems(name), x, y);
  }

  searchFor(name) {
    const text = this.names.text(name).slice(0, 300).replace(/[\\^$.*+?()[\]{}|\/]/g, '\\$&');
    byId('query').value = `^${text}$`;
    this.go({query: `^${text}$`}, {quiet: true});
  }

  async copy(text, what) {
    byId('say').textContent = '';
    byId('say').textContent = await copyText(text) ? `Copied the ${what}.` : 'The browser does not let this page copy.';
    this.flash(byId('say').textContent);
  }

  sayNoTimes() {
    byId('say').textContent = 'This profile does not say when its samples were taken; fiq keeps that with --timestamps.';
    this.flash(byId('say').textContent);
  }

  flash(text) {
    byId('detail').textContent = text;
  }

  /* Outermost first, a line each; as a caller would be read. */
  copyStack(chart, node) {
    const {tree} = chart, lines = [];
    for (let i = node; i || tree.name[i] >= 0; i = tree.parent[i]) {
      lines.push(this.names.text(tree.name[i]));
      if (!i)
        break;
    }
    const leafFirst = chart === this.callers || this.state.reverse && chart === this.graph;
    this.copy((leafFirst ? lines : lines.reverse()).join('\n'), 'stack');
  }

  /* ---- panels ---- */

  toggleThreads() {
    const panel = byId('threads'), button = byId('threads-button');
    if (button.hidden)
      return;
    panel.hidden = !panel.hidden;
    button.setAttribute('aria-expanded', !panel.hidden);
    if (!panel.hidden)
      panel.querySelector('input')?.focus();
  }

  openOptions() {
    if (this.options.isOpen)
      return this.options.close();
    showOptions(byId('options'), this.state, this.facts, change => this.go({...change, ...('reverse' in change ? {zoom: ''} : {})}));
    this.openPanel(this.options, byId('options-button'));
    byId('options').querySelector('select, input')?.focus();
  }

  openHelp() {
    if (this.help.isOpen)
      return this.help.close();
    byId('help').tabIndex = -1;
    this.openPanel(this.help, byId('help-button'));
    byId('help').focus();
  }

  openPanel(popover, button) {
    const rect = button.getBoundingClientRect();
    popover.open(button);
    popover.placeAt(rect.left, rect.bottom + 6);
  }

  /* Gives the keyboard to what is looked at, and the key that led there with it. */
  focusView(event) {
    const {view} = this.state;
    const part = {table: this.table, sandwich: this.side, lanes: this.time}[view] ?? this.graph;
    (part.items ?? part.table).focus({preventScroll: true});
    if (event)
      part.key(event);
  }

  /* ---- keys that work everywhere ---- */

  key(event) {
    const find = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f';
    if (find || event.key === '/' && !isTyping(event.target)) {
      event.preventDefault();
      byId('query').focus();
      byId('query').select();
      return;
    }
    if (event.key === 'Escape')
      return this.escape();
    if (isTyping(event.target) || event.altKey)
      return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() === 'z') {
        event.preventDefault();
        (event.shiftKey ? () => this.redo() : () => this.undo())();
      }
      return;
    }
    const action = this.keys(event)[event.key];
    if (!action)
      return;
    event.preventDefault();
    action();
  }

  escape() {
    if (this.help.isOpen)
      return this.help.close();
    if (this.options.isOpen)
      return this.options.close();
    if (this.state.zoom)
      return this.go({zoom: ''});
    for (const chart of [this.callers, this.callees, this.time])
      if (chart.tree && chart.host.offsetParent && (chart.zoomed || chart.isMagnified))
        return chart.zoomTo(0);
    if (this.graph.isMagnified)
      return this.graph.zoomTo(this.zoomed);
    if (this.state.query)
      this.go({query: ''}, {quiet: true});
  }

  keys(event) {
    const {current} = this, onButton = event.target.matches?.('button, a, summary, input, select'), onName = action => current ? () => action(current.name) : null;
    const view = i => () => this.viewButtons[VIEWS[i]].hidden ? this.sayNoTimes() : this.go({view: VIEWS[i]});
    return {
      1: view(0), 2: view(1), 3: view(2), 4: view(3), 5: view(4),
      '?': () => this.openHelp(), n: () => this.toMatch(1), N: () => this.toMatch(-1),
      u: () => this.undo(), U: () => this.redo(), t: () => this.toggleThreads(),
      h: () => this.model.hasTimes ? this.go({heat: !this.state.heat}) : this.sayNoTimes(), o: () => this.openOptions(),
      r: () => this.go({reverse: !this.state.reverse, zoom: ''}), Home: () => this.resetAll(),
      s: () => this.go({view: 'sandwich', chosen: current?.name ?? this.state.chosen}),
      f: onName(name => this.addStep('focus', name)), x: onName(name => this.addStep('hide', name)),
      d: onName(name => this.addStep('drop', name)), c: onName(name => this.copy(this.names.text(name), 'name')),
      C: current?.chart ? () => this.copyStack(current.chart, current.node) : null,
      ArrowUp: () => this.focusView(event), ArrowDown: () => this.focusView(event),
      ArrowLeft: () => this.focusView(event), ArrowRight: () => this.focusView(event),
      Enter: onButton ? null : () => this.focusView(event),
    };
  }
}

/* The title may hold what changes the direction of text, too. */
document.title = visible(document.title);
byId('title').textContent = document.title;

try {
  new App(await readProfile(byId('data').textContent));
  byId('data').remove();
} catch (error) {
  byId('facts').textContent = 'This page cannot be shown: ' + error.message;
  throw error;
}
