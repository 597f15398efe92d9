// Query + index (+ texts) → ranked hits. Every word of the query has to be found somewhere in a resource; where it
// is found decides the rank: names before columns and tags, these before descriptions, code last.

/** Where a hit can be, and what that counts. */
const FIELDS = { name: 100, column: 46, tag: 44, description: 26, code: 10 };

/** How much a kind of resource counts: what people look for most stands first. */
const WEIGHT = { model: 1, source: 0.97, exposure: 0.97, metric: 0.97, seed: 0.94, snapshot: 0.94, semantic_model: 0.9,
  saved_query: 0.9, function: 0.85, group: 0.8, analysis: 0.75, macro: 0.62, unit_test: 0.5, test: 0.45, operation: 0.3 };

/** Makes what searching needs of each entry, once. */
export function prepare(entries) {
  return entries.map((entry) => ({
    entry,
    name: entry.title.toLowerCase(),
    label: (entry.label ?? "").toLowerCase(),
    columns: entry.columns.map((column) => column.toLowerCase()),
    tags: entry.tags.map((tag) => tag.toLowerCase()),
    summary: entry.summary.toLowerCase(),
  })).filter(({ entry }) => !entry.hidden);
}

/** Adds descriptions and code, when they are there. */
export function addTexts(prepared, texts) {
  for (const item of prepared) {
    const text = texts[item.entry.at];
    if (!text) continue;
    item.texts = text;
    item.summary = `${text[0]}\n${text[1]}`.toLowerCase();
    item.code = text[2].toLowerCase();
  }
}

/** Finds resources. `only` is a field, or null for all. Returns hits, the best first: `{entry, score, field, text}`. */
export function search(prepared, query, only = null) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const hits = [];
  for (const item of prepared) {
    const hit = match(item, words, only);
    if (hit) hits.push(hit);
  }
  return hits.sort((a, b) => b.score - a.score || a.entry.title.length - b.entry.title.length
    || (a.entry.title < b.entry.title ? -1 : 1));
}

function match(item, words, only) {
  let score = 0;
  let best = null;
  for (const word of words) {
    let found = null;
    for (const field in FIELDS) {
      if (only && field !== only) continue;
      const hit = inField(item, field, word);
      if (hit && (!found || hit.score > found.score)) found = hit;
      // Nothing further down counts more.
      if (found && found.score >= FIELDS[field]) break;
    }
    if (!found) return null;
    score += found.score;
    if (!best || found.score < best.score) best = found;
  }
  return { entry: item.entry, score: (score / words.length) * (WEIGHT[item.entry.type] ?? 0.5), field: best.field, text: best.text };
}

function inField(item, field, word) {
  const top = FIELDS[field];
  switch (field) {
    case "name": {
      const part = Math.max(quality(item.name, word), item.label ? quality(item.label, word) * 0.95 : 0);
      return part > 0 ? { field, score: top * part, text: null } : null;
    }
    case "column": return inList(field, item.columns, item.entry.columns, word);
    case "tag": return inList(field, item.tags, item.entry.tags, word);
    case "description": return inText(field, item.summary, word, () => (item.texts ? `${item.texts[0]}\n${item.texts[1]}` : item.entry.summary));
    default: return item.code ? inText(field, item.code, word, () => item.texts[2]) : null;
  }
}

/** 1 for the whole text, less for a start, a word in it, a part of a word; 0 for none. */
function quality(text, word) {
  const at = text.indexOf(word);
  if (at < 0) return 0;
  if (text.length === word.length) return 1;
  if (at === 0) return 0.84;
  for (let next = at; next >= 0; next = text.indexOf(word, next + 1)) {
    if (/[^\p{L}\p{N}]/u.test(text[next - 1])) return text.length === next + word.length ? 0.8 : 0.74;
  }
  return 0.56;
}

function inList(field, lowered, shown, word) {
  let best = null;
  lowered.forEach((text, at) => {
    const part = quality(text, word);
    if (part > 0 && (!best || part > best.part)) best = { part, at };
  });
  return best && { field, score: FIELDS[field] * best.part, text: shown[best.at] };
}

function inText(field, text, word, shown) {
  const at = text.indexOf(word);
  if (at < 0) return null;
  const whole = !/[\p{L}\p{N}_]/u.test(text[at - 1] ?? " ") && !/[\p{L}\p{N}_]/u.test(text[at + word.length] ?? " ");
  return { field, score: FIELDS[field] * (whole ? 1 : 0.7), text: around(shown(), at, word.length) };
}

/** Cuts out what stands around a hit. */
function around(text, at, length) {
  const from = Math.max(0, at - 50);
  const to = Math.min(text.length, at + length + 90);
  return `${from > 0 ? "…" : ""}${text.slice(from, to).replace(/\s+/g, " ").trim()}${to < text.length ? "…" : ""}`;
}

/** Cuts a text into parts that are hit by a query and parts that are not, for marking: `[text, hit]`. */
export function marked(text, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [[text, false]];
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return text.split(new RegExp(`(${escaped.join("|")})`, "gi")).map((part, at) => [part, at % 2 === 1]).filter(([part]) => part);
}
