// dbt's selection syntax over the index: `orders+`, `2+tag:daily`, `@stg_orders`, `source:raw,resource_type:source`.
//
// Words are united, parts between commas intersected. Methods that ask for more than the index has (`state:`,
// `result:`, `selector:` ...) are refused by name.

const PART = /^(@)?((?:\d*)\+)?(?:([a-z_]+(?:\.[\w.-]+)?):)?(.*?)(\+(?:\d*))?$/;

/** Why a selection cannot be read. */
export class SelectionError extends Error {}

/** Returns the places of the entries that a selection names. */
export function select(index, text) {
  const found = new Set();
  for (const word of text.trim().split(/\s+/).filter(Boolean)) {
    let common = null;
    for (const part of word.split(",")) {
      const taken = selectPart(index, part);
      common = common ? new Set([...common].filter((at) => taken.has(at))) : taken;
    }
    for (const at of common) found.add(at);
  }
  return found;
}

function selectPart(index, part) {
  const [, ats, before, method, value, after] = PART.exec(part);
  if (!value) throw new SelectionError(`“${part}” names nothing`);
  const matches = matcher(method, value);
  const found = new Set(index.entries.filter((entry) => !isMacro(entry) && matches(entry, index)).map((entry) => entry.at));
  if (ats) {
    const below = walk(index, found, "children", Infinity);
    return walk(index, new Set([...found, ...below]), "parents", Infinity);
  }
  const depth = (sign) => (sign.replace("+", "") === "" ? Infinity : Number(sign.replace("+", "")));
  const all = new Set(found);
  if (before) for (const at of walk(index, found, "parents", depth(before))) all.add(at);
  if (after) for (const at of walk(index, found, "children", depth(after))) all.add(at);
  return all;
}

const isMacro = (entry) => entry.type === "macro" || entry.type === "group";

/** Returns what is reached from some entries, themselves included, along `parents` or `children`. */
export function walk(index, from, direction, depth = Infinity) {
  const reached = new Set(from);
  let edge = [...from];
  for (let step = 0; step < depth && edge.length; step++) {
    const next = [];
    for (const at of edge) {
      for (const other of index.entries[at][direction]) {
        if (reached.has(other)) continue;
        reached.add(other);
        next.push(other);
      }
    }
    edge = next;
  }
  return reached;
}

function matcher(method, value) {
  const like = pattern(value);
  const [name, key] = split(method ?? (/[/\\]/.test(value) ? "path" : /\.(sql|py|csv|yml)$/.test(value) ? "file" : "fqn"));
  const ofKind = (kind) => (entry) => entry.type === kind && (like(entry.name) || like(`${entry.package}.${entry.name}`));
  switch (name) {
    case "fqn": return (entry) => ofFqn(entry, value, like);
    case "tag": return (entry, index) => [...entry.tags, ...attachedTags(entry, index)].some(like);
    case "path": return (entry) => pathPattern(value)(entry.path ?? "");
    case "file": return (entry) => like((entry.path ?? "").split("/").pop()) || like((entry.path ?? "").split("/").pop().replace(/\.\w+$/, ""));
    case "package": return (entry, index) => like(entry.package) || (value === "this" && entry.package === index.project);
    case "resource_type": return (entry) => like(entry.type);
    case "group": return (entry) => like(entry.group ?? "");
    case "access": return (entry) => entry.type === "model" && like(entry.access ?? "protected");
    case "source": return (entry) => entry.type === "source" && ofSource(entry, value);
    case "exposure": case "metric": case "semantic_model": case "saved_query": case "unit_test": return ofKind(name);
    case "test_name": return (entry) => entry.type === "test" && like((entry.test ?? entry.name).split(".").pop());
    case "test_type": return (entry) => ofTestType(entry, value);
    case "config": return (entry) => ofConfig(entry, key, like);
    default: throw new SelectionError(`the method “${name}” cannot be used here`);
  }
}

function split(method) {
  const at = method.indexOf(".");
  return at < 0 ? [method, ""] : [method.slice(0, at), method.slice(at + 1)];
}

function attachedTags(entry, index) {
  return entry.attached === undefined ? [] : index.entries[entry.attached].tags;
}

function ofFqn(entry, value, like) {
  if (!entry.fqn.length || entry.type === "source") return false;
  const last = entry.version === undefined ? entry.name : `${entry.name}.v${entry.version}`;
  if (like(last) || like(entry.name) || like(`${entry.name}_v${entry.version}`)) return true;
  const parts = value.split(".");
  const begins = (fqn) => parts.length <= fqn.length && parts.every((part, at) => pattern(part)(fqn[at]));
  return begins(entry.fqn) || begins(entry.fqn.slice(1));
}

function ofSource(entry, value) {
  const parts = value.split(".").map(pattern);
  const names = [[entry.source], [entry.source, entry.name], [entry.package, entry.source, entry.name]];
  return names.some((name) => name.length === parts.length && parts.every((like, at) => like(name[at])));
}

function ofTestType(entry, value) {
  if (value === "unit") return entry.type === "unit_test";
  if (entry.type !== "test") return false;
  return value === "data" || (value === "generic" ? entry.test !== undefined : value === "singular" && entry.test === undefined);
}

function ofConfig(entry, key, like) {
  const known = { materialized: entry.materialized, access: entry.access, group: entry.group, schema: entry.relation?.[1], database: entry.relation?.[0] };
  if (key === "tags") return entry.tags.some(like);
  if (!(key in known)) throw new SelectionError(`“config.${key}” cannot be used here`);
  return like(known[key] ?? "");
}

/** Makes a test of file-like patterns: `*`, `?`, `[ab]`. */
function pattern(value) {
  if (!/[*?[]/.test(value)) return (text) => text === value;
  const source = value.replace(/[.+^${}()|\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".").replace(/\[!/g, "[^");
  try {
    const expression = new RegExp(`^${source}$`, "u");
    return (text) => expression.test(text);
  } catch {
    throw new SelectionError(`“${value}” is no pattern`);
  }
}

/** A path takes what lies below it, too. */
function pathPattern(value) {
  const clean = value.replace(/\/+$/, "");
  const like = pattern(clean);
  return (path) => path.startsWith(`${clean}/`) || like(path) || path.split("/").some((_, at, parts) => at && like(parts.slice(0, at).join("/")));
}
