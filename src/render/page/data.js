/*
 * The columns of the profile, as html_data.c wrote them: base64 of zlib of
 *
 *   length, JSON of the facts; then columns, each behind its length in bytes (u32, little endian).
 *
 * Numbers are LEB128.  Names are sorted, so that the order of their numbers is the alphabet's.
 * Nodes come in depth-first order, children by name, and each says how many levels it goes up
 * from the node before it.  Entries are what was measured: (node, labels, values).  Moments say
 * when, and belong to an entry.
 */

function fromBase64(text) {
  if (Uint8Array.fromBase64)
    return Uint8Array.fromBase64(text);
  const raw = atob(text.trim());
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++)
    bytes[i] = raw.charCodeAt(i);
  return bytes;
}

async function inflate(bytes) {
  if (typeof DecompressionStream === 'undefined')
    throw new Error('this browser is too old: it lacks DecompressionStream (2023)');
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

class Columns {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  next() {
    const b = this.bytes, at = this.at;
    const size = (b[at] | b[at + 1] << 8 | b[at + 2] << 16) + b[at + 3] * 0x1000000;
    this.at = at + 4 + size;
    if (this.at > b.length)
      throw new Error('the data of this page is cut short');
    return b.subarray(at + 4, this.at);
  }

  numbers(count, Kind = Uint32Array) {
    const bytes = this.next(), out = new Kind(count);
    let at = 0;
    for (let i = 0; i < count; i++) {
      let byte = bytes[at++], value = byte & 127;
      for (let scale = 128; byte > 127; scale *= 128) {
        byte = bytes[at++];
        value += (byte & 127) * scale;
      }
      out[i] = value;
    }
    return out;
  }

  /* All are decoded in one piece, which is ten times as quick as one by one; a text is then a part
   * of it. */
  texts(count) {
    const lengths = this.numbers(count), bytes = this.next();
    const all = new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes), starts = new Uint32Array(count + 1);
    const made = new Array(count);
    if (all.length === bytes.length)
      for (let i = 0; i < count; i++)
        starts[i + 1] = starts[i] + lengths[i];
    else
      for (let i = 0, at = 0; i < count; i++) {
        starts[i + 1] = starts[i] + unitsOf(bytes, at, at + lengths[i]);
        at += lengths[i];
      }
    if (starts[count] !== all.length)
      throw new Error('the names of this page are damaged');
    return {count, get: i => made[i] ??= all.slice(starts[i], starts[i + 1])};
  }
}

/* How many units of a string some bytes of UTF-8 become: one a character, two from four bytes. */
function unitsOf(bytes, from, to) {
  let units = 0;
  for (let i = from; i < to; i++)
    units += (bytes[i] & 0xc0) === 0x80 ? 0 : bytes[i] >= 0xf0 ? 2 : 1;
  return units;
}

async function readProfile(text) {
  const columns = new Columns(await inflate(fromBase64(text)));
  const facts = JSON.parse(new TextDecoder().decode(columns.next()));
  const {names, files, nodes, entries, moments} = facts.counts;
  const profile = {
    facts,
    palettes: columns.next(),
    texts: columns.texts(names),
    kinds: columns.next(),
    shades: columns.next(),
    mappings: columns.numbers(names),
    fileTexts: columns.texts(files),
    files: columns.numbers(names),
    nodes,
    up: columns.numbers(nodes),
    name: columns.numbers(nodes, Int32Array),
    entryNode: columns.numbers(entries),
    entryLabel: columns.numbers(entries),
    values: [],
  };
  for (let i = 1; i < entries; i++)
    profile.entryNode[i] += profile.entryNode[i - 1];
  for (const type of facts.values) {
    if (type.times === undefined)
      profile.values.push(columns.numbers(entries, Float64Array));
    else
      profile.values.push(profile.values[0].map(value => value * type.times));
  }
  profile.momentTime = columns.numbers(moments, Float64Array);
  profile.momentEntry = columns.numbers(moments);
  for (let i = 1; i < moments; i++)
    profile.momentTime[i] += profile.momentTime[i - 1];
  return profile;
}
