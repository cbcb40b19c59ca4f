/*
 * Trees of names.  Nodes lie in depth-first order: the subtree of i is i to end[i], so that sums,
 * searches and drawing pass over arrays and skip what they do not need.  Node 0 is the root,
 * whose name is -1.  x is where a node starts, in the unit of total.
 */

const ROOT_NAME = -1;

function treeFromLevels(up, names) {
  const n = names.length, parent = new Int32Array(n), depth = new Int32Array(n);
  const end = new Int32Array(n).fill(n);
  const path = [0];
  let level = 0;
  for (let i = 1; i < n; i++) {
    for (let down = level, to = level + 1 - up[i]; down >= to; down--)
      end[path[down]] = i;
    level += 1 - up[i];
    parent[i] = path[level - 1];
    path[level] = i;
    depth[i] = level;
  }
  const name = Int32Array.from(names);
  name[0] = ROOT_NAME;
  return {n, parent, name, depth, end};
}

/* The same shape with other weights. */
function weighTree(shape, self) {
  const {n, parent} = shape;
  const total = Float64Array.from(self), x = new Float64Array(n), next = new Float64Array(n);
  for (let i = n - 1; i > 0; i--)
    total[parent[i]] += total[i];
  for (let i = 1; i < n; i++) {
    const p = parent[i];
    x[i] = next[i] = next[p];
    next[p] += total[i];
  }
  return {...shape, self, total, x, rows: rowsOf(shape, total)};
}

function rowsOf(shape, total) {
  let rows = 0;
  for (let i = 0; i < shape.n; i++)
    if (shape.depth[i] > rows && total[i] > 0)
      rows = shape.depth[i];
  return rows + 1;
}

/* Nodes in any order with parents first, found by (parent, name). */
class TreeBuilder {
  constructor(room = 1024) {
    this.n = 1;
    this.parent = new Int32Array(room);
    this.name = new Int32Array(room);
    this.self = new Float64Array(room);
    this.name[0] = ROOT_NAME;
    this.mask = 0;
    this.rehash();
  }

  grow() {
    const larger = old => {
      const array = new old.constructor(old.length * 2);
      array.set(old);
      return array;
    };
    this.parent = larger(this.parent);
    this.name = larger(this.name);
    this.self = larger(this.self);
    this.rehash();
  }

  rehash() {
    const size = this.parent.length * 2;
    let slots = 1;
    while (slots < size)
      slots *= 2;
    this.slots = new Int32Array(slots);
    this.mask = slots - 1;
    for (let i = 1; i < this.n; i++)
      this.slots[this.slot(this.parent[i], this.name[i])] = i;
  }

  slot(parent, name) {
    let at = Math.imul(Math.imul(parent, 0x9e3779b1) ^ Math.imul(name + 1, 0x85ebca6b), 0xc2b2ae35);
    at = (at ^ at >>> 15) & this.mask;
    for (;;) {
      const i = this.slots[at];
      if (i === 0 || this.parent[i] === parent && this.name[i] === name)
        return at;
      at = at + 1 & this.mask;
    }
  }

  child(parent, name) {
    const at = this.slot(parent, name), found = this.slots[at];
    if (found)
      return found;
    if (this.n === this.parent.length) {
      this.grow();
      return this.child(parent, name);
    }
    const i = this.n++;
    this.parent[i] = parent;
    this.name[i] = name;
    this.slots[at] = i;
    return i;
  }

  /* Children by name number, or the heaviest first. */
  finish(byWeight) {
    const {n, parent, name, self} = this;
    const total = self.slice(0, n);
    for (let i = n - 1; i > 0; i--)
      total[parent[i]] += total[i];
    const order = Int32Array.from({length: n - 1}, (_, i) => i + 1);
    if (byWeight)
      order.sort((a, b) => total[b] - total[a] || name[a] - name[b]);
    else
      sortByName(order, name);
    const first = new Int32Array(n), sibling = new Int32Array(n);
    for (let k = n - 2; k >= 0; k--) {
      const i = order[k];
      sibling[i] = first[parent[i]];
      first[parent[i]] = i;
    }
    return this.number(first, sibling, total);
  }

  number(first, sibling, total) {
    const {n} = this, place = new Int32Array(n), stack = [];
    const tree = {n, parent: new Int32Array(n), name: new Int32Array(n), depth: new Int32Array(n),
                  end: new Int32Array(n).fill(n)};
    const self = new Float64Array(n);
    let at = 0, next = 0, level = 0;
    for (;;) {
      const i = next++;
      place[at] = i;
      tree.name[i] = this.name[at];
      tree.parent[i] = at ? place[this.parent[at]] : 0;
      tree.depth[i] = level;
      self[i] = this.self[at];
      if (first[at]) {
        stack.push(at);
        at = first[at];
        level++;
        continue;
      }
      tree.end[i] = next;
      while (at && !sibling[at]) {
        at = stack.pop();
        level--;
        tree.end[place[at]] = next;
      }
      if (!at)
        break;
      at = sibling[at];
    }
    const weighed = weighTree(tree, self);
    weighed.place = place;
    return weighed;
  }
}

/* Counting sort: names are small numbers. */
function sortByName(order, name) {
  let most = 0;
  for (let k = 0; k < order.length; k++)
    most = Math.max(most, name[order[k]]);
  const starts = new Int32Array(most + 2), sorted = new Int32Array(order.length);
  for (let k = 0; k < order.length; k++)
    starts[name[order[k]] + 1]++;
  for (let i = 0; i <= most; i++)
    starts[i + 1] += starts[i];
  for (let k = 0; k < order.length; k++)
    sorted[starts[name[order[k]]]++] = order[k];
  order.set(sorted);
}

/*
 * What a user made of a tree:
 *   drop f     samples that pass through f do not count
 *   focus f    only samples that pass through f count
 *   start f    the same, and what lies outside of f is not shown
 *   hide f     the frame is taken out, what it called belongs to its caller
 *   rec f      f within f is the outer f
 *   flat       a function that calls itself directly is one frame
 *   mod m      neighbouring frames of a module are one frame, named like it
 */
function planOf(steps, names) {
  const plan = {drop: new Set(), focus: [], start: -1, to: null, joins: null, rec: new Set(), flat: false};
  const rename = () => {
    plan.to ??= Int32Array.from({length: names.count}, (_, i) => i);
    plan.joins ??= new Uint8Array(names.count);
  };
  for (const {what, id} of steps) {
    switch (what) {
    case 'drop': plan.drop.add(id); break;
    case 'focus': plan.focus.push(id); break;
    case 'start': plan.focus.push(id); plan.start = id; break;
    case 'rec': plan.rec.add(id); break;
    case 'flat': plan.flat = true; break;
    case 'hide': rename(); plan.to[id] = -1; break;
    case 'mod': {
      rename();
      const as = names.moduleName(id);
      if (as >= plan.to.length)
        return planOf(steps, names); /* the name is new */
      plan.joins[as] = 1;
      for (let i = 0; i < names.baseCount; i++)
        if (names.mapping(i) === id && plan.to[i] !== -1)
          plan.to[i] = as;
      break;
    }
    }
  }
  plan.reshapes = plan.to !== null || plan.start >= 0 || plan.rec.size > 0 || plan.flat;
  return plan;
}

/* Self weights that remain after drop and focus. */
function filterSelf(shape, self, plan) {
  if (!plan.drop.size && !plan.focus.length)
    return self;
  const {n, parent, name, end} = shape, kept = new Float64Array(n);
  const wanted = plan.focus.length, met = new Uint32Array(n);
  const bit = new Map(plan.focus.map((id, k) => [id, 1 << k]));
  const all = wanted ? (2 ** wanted - 1) >>> 0 : 0;
  let i = 0;
  while (i < n) {
    if (plan.drop.has(name[i])) {
      i = end[i];
      continue;
    }
    met[i] = (i ? met[parent[i]] : 0) | (bit.get(name[i]) ?? 0);
    if ((met[i] & all) >>> 0 === all)
      kept[i] = self[i];
    i++;
  }
  return kept;
}

/* Adds the nodes of `shape` that have weight to a builder, below `root`, after the plan. */
function addPlanned(builder, root, shape, self, plan) {
  const {n, parent, name, end} = shape;
  const total = Float64Array.from(self), to = new Int32Array(n);
  const inside = plan.start >= 0 ? new Uint8Array(n) : null;
  const open = new Map(); /* rec: function -> [outermost node of shape that is still open] */
  for (let i = n - 1; i > 0; i--)
    total[parent[i]] += total[i];
  to[0] = root;
  builder.self[root] += self[0];
  for (let i = 1; i < n;) {
    if (total[i] === 0) {
      i = end[i];
      continue;
    }
    const under = to[parent[i]];
    let as = plan.to ? plan.to[name[i]] : name[i];
    if (inside) {
      inside[i] = inside[parent[i]] || name[i] === plan.start ? 1 : 0;
      if (!inside[i])
        as = -1;
    }
    if (as === -1) {
      to[i] = under;
    } else if (builder.name[under] === as && under !== root && (plan.flat || plan.joins?.[as])) {
      to[i] = under;
    } else if (plan.rec.has(name[i])) {
      const outer = open.get(name[i]);
      if (outer !== undefined && i < end[outer]) {
        to[i] = to[outer];
      } else {
        open.set(name[i], i);
        to[i] = builder.child(under, as);
      }
    } else {
      to[i] = builder.child(under, as);
    }
    builder.self[to[i]] += self[i];
    i++;
  }
}

/*
 * Who calls: from nodes upwards, as a tree that starts at the callees.  `level` holds groups of
 * nodes that became one node of the builder.  Goes level by level, and no further where a branch
 * is below `least`: there may be millions of them, and none would be seen.  Those end early;
 * their weight stays.
 */
function addCallers(builder, tree, level, least) {
  const {parent, name} = tree;
  while (level.length) {
    const further = [];
    for (const {node, at, weights} of level) {
      const byName = new Map();
      for (let k = 0; k < at.length; k++) {
        const up = parent[at[k]], weight = weights[k];
        if (up === 0) {
          builder.self[node] += weight;
          continue;
        }
        const next = byName.get(name[up]);
        if (next === undefined) {
          byName.set(name[up], {at: [up], weights: [weight], sum: weight});
        } else {
          next.at.push(up);
          next.weights.push(weight);
          next.sum += weight;
        }
      }
      for (const [called, next] of byName) {
        next.node = builder.child(node, called);
        if (next.sum >= least)
          further.push(next);
        else
          builder.self[next.node] += next.sum;
      }
    }
    level = further;
  }
}

function callersTree(tree, nodes, weights, rootName, least, byWeight) {
  const builder = new TreeBuilder();
  builder.name[0] = rootName;
  addCallers(builder, tree, [{node: 0, at: nodes, weights}], least);
  return builder.finish(byWeight);
}

/* The whole tree from the leaves: the root's children are the functions by self. */
function reversedTree(tree, least, byWeight) {
  const builder = new TreeBuilder(), byName = new Map();
  for (let i = 1; i < tree.n; i++) {
    const weight = tree.self[i];
    if (weight === 0)
      continue;
    const group = byName.get(tree.name[i]);
    if (group === undefined) {
      byName.set(tree.name[i], {node: builder.child(0, tree.name[i]), at: [i], weights: [weight], sum: weight});
    } else {
      group.at.push(i);
      group.weights.push(weight);
      group.sum += weight;
    }
  }
  builder.self[0] += tree.self[0];
  const level = [];
  for (const group of byName.values())
    if (group.sum >= least)
      level.push(group);
    else
      builder.self[group.node] += group.sum;
  addCallers(builder, tree, level, least);
  return builder.finish(byWeight);
}

/* Adds a tree whose root is the node `at`. */
function graft(builder, at, tree, from = 0) {
  const to = new Int32Array(tree.end[from] - from);
  to[0] = at;
  builder.self[at] += tree.self[from];
  for (let i = from + 1; i < tree.end[from]; i++) {
    if (tree.total[i] === 0)
      continue;
    to[i - from] = builder.child(to[tree.parent[i] - from], tree.name[i]);
    builder.self[to[i - from]] += tree.self[i];
  }
}

/* Outermost nodes of a function: each sample through it is in exactly one. */
function outermost(tree, name) {
  const found = [];
  for (let i = 1; i < tree.n;) {
    if (tree.name[i] === name) {
      found.push(i);
      i = tree.end[i];
    } else {
      i++;
    }
  }
  return found;
}

function calleesTree(tree, nodes, rootName, byWeight) {
  const builder = new TreeBuilder();
  builder.name[0] = rootName;
  for (const node of nodes)
    graft(builder, 0, tree, node);
  return builder.finish(byWeight);
}

/* Self and total of every name below a node; recursion counts once. */
function functionSums(tree, from, nameCount) {
  const self = new Float64Array(nameCount), total = new Float64Array(nameCount);
  const openUntil = new Int32Array(nameCount);
  for (let i = Math.max(from, 1); i < tree.end[from];) {
    if (tree.total[i] === 0) {
      i = tree.end[i];
      continue;
    }
    const name = tree.name[i];
    self[name] += tree.self[i];
    if (i >= openUntil[name]) {
      total[name] += tree.total[i];
      openUntil[name] = tree.end[i];
    }
    i++;
  }
  return {self, total};
}

/* ---- search ---- */

/* How many matching nodes come before each: a subtree has matches when the two ends differ.
 * `before`, when there is one, is taken for the result. */
function countMatches({n, total, name}, matched, before = new Int32Array(n + 1)) {
  let sum = 0;
  for (let i = 1; i < n; i++) {
    before[i] = sum;
    if (matched[name[i]] === 1 && total[i] > 0)
      sum++;
  }
  before[n] = sum;
  return before;
}

/* Weight of the samples below `from` whose stack, callers included, holds a match. */
function matchedWeight({parent, name, total, end}, matched, from) {
  for (let i = from; i; i = parent[i])
    if (matched[name[i]])
      return total[from];
  let sum = 0;
  for (let i = from + 1, stop = end[from]; i < stop;) {
    const weight = total[i];
    if (weight === 0) {
      i = end[i];
    } else if (matched[name[i]] === 1) {
      sum += weight;
      i = end[i];
    } else {
      i++;
    }
  }
  return sum;
}
