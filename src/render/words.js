/*
 * What the page and the scripts in pictures say alike: names of functions where there is little
 * room, as label.c writes them without script, and numbers of things.
 */

/* "samples", or "sample" where it is one. */
function things(number, name) {
  return number === 1 ? name.replace(/s$/, '') : name;
}

/* Where the parameter list of a C++ name starts, or its length: "f(int) const" is 1. */
function parametersAt(name) {
  const tail = /\)(?: const| volatile| noexcept| &{1,2}|&{1,2}| \[[^\]]*\])*$/.exec(name);
  if (!tail)
    return name.length;
  let depth = 0;
  for (let i = tail.index; i >= 0; i--) {
    const c = name[i];
    if (c === ')')
      depth++;
    else if (c === '(' && --depth === 0) {
      const before = name.slice(0, i);
      return i === 0 || /[\s:]$/.test(before) || /operator$/.test(before) ? name.length : i;
    }
  }
  return name.length;
}

/* An operator's name, with the space that keeps "operator< <int>" from being another. */
const OPERATOR = /^operator\s?(?:\(\)|\[\]|<=>|<<=?|>>=?|->\*?|<=|>=|<|>|[-+*/%^&|~!=]{1,2})?(?: (?=<))?/;

/* "vector<pair<int, int>>::at" to "vector<…>::at"; operators and "<T as Trait>::f" stay. */
function withoutTemplates(name) {
  let out = '', depth = 0, opened = 0, operator = -1;
  for (let i = 0; i < name.length; i++) {
    const c = name[i];
    if (c === 'o' && depth === 0 && name.startsWith('operator', i)) {
      const sign = OPERATOR.exec(name.slice(i, i + 16))[0];
      out += sign;
      i += sign.length - 1;
      operator = i;
    } else if (c === '<' && (depth > 0 || operator === i - 1 && i > 0 || /[\w:}]/.test(name[i - 1] ?? '') && name[i + 1] !== '/')) {
      if (depth++ === 0)
        opened = i;
    } else if (c === '>' && depth > 0 && name[i - 1] !== '-') {
      if (--depth === 0)
        out += i - opened > 3 ? '<…>' : name.slice(opened, i + 1);
    } else if (depth === 0) {
      out += c;
    }
  }
  return depth ? name : out;
}

/* Behind the "<T as Trait>" at the start of a name. */
function behindType(name) {
  let depth = 0;
  for (let i = 0; i < name.length; i++) {
    if (name[i] === '<')
      depth++;
    else if (name[i] === '>' && name[i - 1] !== '-' && --depth === 0)
      return name.startsWith('::', i + 1) ? name.slice(i + 3) : name;
  }
  return name;
}

/* Parts of a path of names.  What Rust writes in angle brackets is none by itself: "grow::<…>". */
function partsOf(name) {
  return name.split(/::(?!<)/);
}

/* Last two parts of a path of names: "std::fs::File::open" to "File::open"; what a type does for
 * a trait is told by its last part: "<T as Trait>::f" to "f". */
function lastParts(name) {
  if (name.startsWith('<'))
    return behindType(name);
  return partsOf(name).slice(-2).join('::');
}

function shortened(name, level) {
  if (level === 0 || name.length > 4096)
    return name;
  const short = withoutTemplates(name.slice(0, parametersAt(name)));
  return level === 1 ? short : lastParts(short);
}

/* Where the parts of a name with dots begin, as Go and Java have them: behind the directories, and
 * behind each dot that is in no brackets.  Nowhere in what is no such name. */
function dottedAt(name) {
  const starts = [0];
  let depth = 0;
  for (let i = 0; i < name.length; i++) {
    const c = name[i];
    if ('([{'.includes(c))
      depth++;
    else if (')]}'.includes(c))
      depth -= depth && 1;
    else if (depth === 0 && c === '/')
      starts.splice(0, starts.length, i + 1);
    else if (depth === 0 && c === '.')
      starts.push(i + 1);
    else if (depth === 0 && c < '\x7f' && !/[\w\-~%*]/.test(c))
      return [];
  }
  return starts;
}

/* Parts that tell nothing by themselves: what compilers append, and Go's functions without a name. */
const APPENDED = /^(?:\d.*|(?:part|isra|constprop|cold|llvm|lto_priv|localalias|func|gowrap|deferwrap)\d*)?$/;

/* "a/b.(*T).f" without directories, its last two parts, the last one: "b.(*T).f", "(*T).f", "f". */
function dottedForms(name) {
  const starts = name.length > 4096 ? [] : dottedAt(name);
  const part = i => name.slice(starts[i], (starts[i + 1] ?? name.length + 1) - 1);
  let last = starts.length - 1;
  if (last < 1)
    return null;
  while (last > 0 && APPENDED.test(part(last)))
    last--;
  return [starts[0], starts[Math.max(last - 1, 0)], starts[last]].map(at => name.slice(at));
}

/* From the whole name to its last part, each for where the one before does not fit. */
function nameForms(name) {
  const short = shortened(name, 1), dotted = dottedForms(short);
  if (dotted)
    return [name, ...dotted];
  const parts = lastParts(short);
  return [name, short, parts, partsOf(parts).at(-1) || parts];
}
