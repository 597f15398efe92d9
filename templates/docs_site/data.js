// What the page knows: the index inside it, and details that are loaded when they are asked for.
//
// Details lie in `docs_data/` beside the page, or inside it in a one-file site. Where neither is, they are taken
// from `manifest.json` and `catalog.json`, whose entries they are.

/** Everything by id and place; filled by `loadSite`. */
export const site = { entries: [], byId: new Map(), runs: [], overviews: {}, project: "" };

const loaded = new Map();

async function unpack(bytes) {
  // Some servers unpack by themselves what they send.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return new TextDecoder().decode(bytes);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

function embedded(name) {
  const block = document.querySelector(`script[data-file="${name}"]`);
  if (!block) return null;
  const letters = atob(block.textContent);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

async function fetched(name) {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Loads a file of details once. */
function load(name) {
  if (!loaded.has(name)) {
    const reading = (async () => {
      const bytes = embedded(name) ?? await fetched(`docs_data/${name}?v=${encodeURIComponent(site.stamp)}`);
      return JSON.parse(await unpack(bytes));
    })();
    loaded.set(name, reading);
    reading.catch(() => loaded.delete(name));
  }
  return loaded.get(name);
}

/** Reads the index and links its entries: children, tests of columns, members. */
export async function loadSite() {
  Object.assign(site, JSON.parse(await unpack(embedded("index"))));
  link(site);
}

/** Completes a parsed index. */
export function link(index) {
  index.byId = new Map();
  const { entries } = index;
  entries.forEach((entry, at) => {
    Object.assign(entry, { at, children: [], tests: [], parents: entry.parents ?? [], columns: entry.columns ?? [],
      tags: entry.tags ?? [], fqn: entry.fqn ?? [], summary: entry.summary ?? "" });
    entry.title = titleOf(entry);
    index.byId.set(entry.id, entry);
  });
  for (const entry of entries) {
    for (const parent of entry.parents) entries[parent].children.push(entry.at);
    if (entry.type === "test" || entry.type === "unit_test") {
      const tested = entry.attached === undefined ? entry.parents : [entry.attached];
      for (const at of tested) entries[at].tests.push(entry.at);
    }
  }
}

function titleOf(entry) {
  if (entry.type === "source") return `${entry.source}.${entry.name}`;
  return entry.version === undefined ? entry.name : `${entry.name}.v${entry.version}`;
}

/** Returns a resource's details: its entries in manifest (`node`) and catalog (`table`), its runs, its users. */
export async function detailOf(entry) {
  try {
    return (await load(`${Math.floor(entry.at / site.shard)}.json.gz`))[entry.id];
  } catch (problem) {
    const found = await fromArtifacts(entry);
    if (found) return found;
    throw problem;
  }
}

async function fromArtifacts(entry) {
  const manifest = await artifact("manifest.json");
  const catalog = await artifact("catalog.json");
  if (!manifest) return null;
  const maps = ["nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests",
    "functions", "groups", "macros"];
  const find = (file, names) => names.map((name) => file?.[name]?.[entry.id]).find(Boolean);
  const node = find(manifest, maps);
  const users = (name) => Object.values(manifest[name] ?? {});
  const uses = (other) => other.depends_on?.macros?.includes(entry.id);
  const used_by = entry.type === "macro"
    ? [...users("nodes"), ...users("macros")].filter(uses).map((other) => other.unique_id) : [];
  return node && { node, table: find(catalog, ["nodes", "sources"]), used_by };
}

async function artifact(name) {
  if (!loaded.has(name)) loaded.set(name, fetch(name).then((answer) => (answer.ok ? answer.json() : null), () => null));
  return loaded.get(name);
}

/** Returns description, columns and code of every entry, for searching; null where they cannot be had. */
export async function loadTexts() {
  try {
    return await load("search.json.gz");
  } catch {
    return null;
  }
}
