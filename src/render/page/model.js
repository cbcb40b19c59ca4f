/* From the columns of the data to trees, as the state of the page wants them. */

/* Keeps the last few results: undo and going back are then free. */
class Memory {
  constructor(room) {
    this.room = room;
    this.kept = new Map();
  }

  get(key, make) {
    if (this.kept.has(key)) {
      const value = this.kept.get(key);
      this.kept.delete(key);
      this.kept.set(key, value);
      return value;
    }
    const value = make();
    this.kept.set(key, value);
    if (this.kept.size > this.room)
      this.kept.delete(this.kept.keys().next().value);
    return value;
  }
}

class Model {
  constructor(profile, names) {
    this.profile = profile;
    this.names = names;
    this.shape = treeFromLevels(profile.up, profile.name);
    this.memory = new Memory(profile.nodes > 300000 ? 4 : 10);
    const {facts, momentTime, momentEntry} = profile;
    this.perEntry = new Uint32Array(profile.entryNode.length);
    for (let i = 0; i < momentEntry.length; i++)
      this.perEntry[momentEntry[i]]++;
    for (let i = 0; i < momentTime.length; i++)
      momentTime[i] *= facts.step;
    this.hasTimes = momentTime.length > 1;
    this.lasted = this.hasTimes ? momentTime[momentTime.length - 1] + 1e6 : 0;
    this.wholes = profile.values.map(values => values.reduce((a, b) => a + b, 0));
    this.countSamples();
  }

  countSamples() {
    const {facts} = this.profile;
    this.sampleType = facts.values.findIndex(type => type.name === 'samples');
    if (this.sampleType < 0)
      this.sampleType = facts.values.findIndex(type => type.unit === 'count');
    if (this.sampleType >= 0)
      facts.samples = this.wholes[this.sampleType];
    else if (facts.period > 0 && facts.values[facts.value]?.unit === 'nanoseconds')
      facts.samples = Math.round(this.wholes[facts.value] / facts.period);
  }

  /* How many samples one unit of the value stands for; 0 when nobody knows. */
  samplesPer(value) {
    const {facts} = this.profile;
    if (facts.values[value]?.unit === 'count' && this.sampleType === value)
      return 1;
    return facts.samples > 0 && this.wholes[value] > 0 ? facts.samples / this.wholes[value] : 0;
  }

  /* Weight of each entry that is not hidden and lies in the range. */
  entryWeights({value, hidden, range}) {
    const {profile} = this, values = profile.values[value] ?? new Float64Array(profile.entryNode.length);
    const off = numbersOf(hidden, profile.facts.labels.length), labels = profile.entryLabel;
    const weights = new Float64Array(values.length);
    if (range) {
      const {momentTime, momentEntry} = profile;
      for (let i = 0; i < momentTime.length; i++)
        if (momentTime[i] >= range[0] && momentTime[i] < range[1])
          weights[momentEntry[i]] += values[momentEntry[i]] / this.perEntry[momentEntry[i]];
    } else {
      weights.set(values);
    }
    if (off.size)
      for (let i = 0; i < weights.length; i++)
        if (off.has(labels[i]))
          weights[i] = 0;
    return weights;
  }

  tree(state) {
    const {value, hidden, range, steps, group, order, reverse} = state;
    const key = JSON.stringify([value, hidden, range, steps, group, order]);
    const tree = this.memory.get(key, () => this.build(state));
    if (!reverse)
      return tree;
    return this.memory.get(key + 'r', () => reversedTree(tree, tree.total[0] / 20000, order === 'weight'));
  }

  build(state) {
    const weights = this.entryWeights(state), plan = planOf(state.steps, this.names);
    const byWeight = state.order === 'weight';
    if (state.group) {
      const builder = new TreeBuilder();
      for (const {names, entries} of this.groups(state.group, weights))
        this.addGroup(builder, names.reduce((at, name) => builder.child(at, name), 0), entries, weights, plan);
      return builder.finish(byWeight);
    }
    const self = new Float64Array(this.shape.n), {entryNode} = this.profile;
    for (let i = 0; i < weights.length; i++)
      self[entryNode[i]] += weights[i];
    const kept = filterSelf(this.shape, self, plan);
    if (!plan.reshapes && !byWeight)
      return weighTree(this.shape, kept);
    const builder = new TreeBuilder();
    addPlanned(builder, 0, this.shape, kept, plan);
    return builder.finish(byWeight);
  }

  groups(group, weights) {
    const {entryLabel} = this.profile, found = new Map();
    for (let i = 0; i < weights.length; i++) {
      if (weights[i] === 0)
        continue;
      const label = this.names.labels[entryLabel[i]];
      const names = group === GROUP_THREAD ? [label[GROUP_PROCESS], label[GROUP_THREAD]] : [label[group]];
      const key = names.join();
      if (!found.has(key))
        found.set(key, {names, entries: []});
      found.get(key).entries.push(i);
    }
    return found.values();
  }

  /* The part of the tree that some entries are in, then as usual. */
  addGroup(builder, root, entries, weights, plan) {
    const {shape, profile} = this, place = this.place ??= new Int32Array(shape.n).fill(-1), nodes = [0];
    place[0] = 0;
    for (const entry of entries)
      for (let i = profile.entryNode[entry]; place[i] < 0; i = shape.parent[i]) {
        place[i] = 0;
        nodes.push(i);
      }
    const sorted = Int32Array.from(nodes).sort(), n = sorted.length;
    const part = {n, parent: new Int32Array(n), name: new Int32Array(n), end: new Int32Array(n).fill(n)};
    const self = new Float64Array(n), open = [];
    for (let k = 0; k < n; k++) {
      const i = sorted[k];
      place[i] = k;
      part.parent[k] = place[shape.parent[i]];
      part.name[k] = shape.name[i];
      while (open.length && shape.end[sorted[open.at(-1)]] <= i)
        part.end[open.pop()] = k;
      open.push(k);
    }
    for (const entry of entries)
      self[place[profile.entryNode[entry]]] += weights[entry];
    for (const i of sorted)
      place[i] = -1;
    addPlanned(builder, root, part, filterSelf(part, self, plan), plan);
  }

  /* Weight of every label set, all of the time. */
  labelWeights(value) {
    const {entryLabel, values, facts} = this.profile, weights = new Array(facts.labels.length).fill(0);
    for (let i = 0; i < entryLabel.length; i++)
      weights[entryLabel[i]] += values[value]?.[i] ?? 0;
    return weights;
  }

  /* Times of the samples of visible threads. */
  times({hidden}) {
    return this.memory.get('times' + hidden, () => {
      const {momentTime, momentEntry, entryLabel, facts} = this.profile, off = numbersOf(hidden, facts.labels.length);
      return off.size ? momentTime.filter((_, i) => !off.has(entryLabel[momentEntry[i]])) : momentTime;
    });
  }

  /* Samples of each visible thread in the range; at most so many in all. */
  lanes({hidden, range}, most = 300000) {
    const {momentTime, momentEntry, entryLabel, entryNode, facts} = this.profile, byLabel = new Map();
    const off = numbersOf(hidden, facts.labels.length);
    for (let i = 0; i < momentTime.length; i++) {
      const label = entryLabel[momentEntry[i]];
      if (off.has(label) || range && !(momentTime[i] >= range[0] && momentTime[i] < range[1]))
        continue;
      if (!byLabel.has(label))
        byLabel.set(label, {name: this.names.labels[label][GROUP_THREAD], times: [], nodes: []});
      byLabel.get(label).times.push(momentTime[i]);
      byLabel.get(label).nodes.push(entryNode[momentEntry[i]]);
    }
    const lanes = [...byLabel.values()].sort((a, b) => b.times.length - a.times.length), kept = [];
    let sum = 0, left = 0;
    for (const lane of lanes) {
      sum += lane.times.length;
      if (sum <= most || !kept.length)
        kept.push(lane);
      else
        left++;
    }
    return {lanes: kept, left};
  }

  timeTree(state) {
    return this.memory.get(JSON.stringify(['time', state.hidden, state.range]), () => {
      const {lanes, left} = this.lanes(state), period = this.samplePeriod();
      const [start, stop] = state.range ?? [0, this.lasted];
      return {...timeTree(lanes, this.shape, start, stop, period * 1.6), left, lanes: lanes.length};
    });
  }

  samplePeriod() {
    const {facts, momentTime} = this.profile;
    if (facts.frequency > 0)
      return 1e9 / facts.frequency;
    const gaps = [];
    for (let i = 1; i < Math.min(momentTime.length, 5000); i++)
      gaps.push(momentTime[i] - momentTime[i - 1]);
    return Math.max(1e5, gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 1e7);
  }
}
