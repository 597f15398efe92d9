// Pages about many resources: the first page, a package, a source, everything of one kind.

import { h } from "./dom.js";
import { markdown } from "./markdown.js";
import { badge, entryLink, nothing, statusDot, urlOf } from "./parts.js";
import { ago, count, figure, kindHelp, kindPlural, KINDS, moment, seconds, statusWord, tone } from "./words.js";

/** Kinds that the first page counts. */
const COUNTED = ["source", "seed", "model", "snapshot", "exposure", "metric", "semantic_model", "saved_query", "function", "analysis", "test", "unit_test", "macro", "group"];

/** The first page, or the one of a package. */
export function overviewPage(index, name) {
  const own = !name || name === index.project;
  const text = index.overviews[own ? "" : name];
  const shown = index.entries.filter((entry) => !entry.hidden && (own || entry.package === name));
  return h("article", { class: "page" },
    h("header", { class: "hero" }, h("h1", {}, name || index.project || "Documentation"),
      h("p", { class: "lead" }, own ? sentence(index, shown) : `A package that ${index.project} uses.`)),
    own ? health(index) : null,
    h("div", { class: "tiles" }, COUNTED.map((kind) => tile(kind, shown.filter((entry) => entry.type === kind).length))),
    text ? h("section", { class: "card" }, markdown(text)) : null,
    own ? start(index, shown) : null,
    own ? troubles(index) : null,
    h("footer", { class: "made" }, `Made from a manifest of ${moment(index.generated_at)} by Tidegate ${index.version}, in the language of dbt ${index.dbt_version}.`));
}

function sentence(index, shown) {
  const number = (kind) => shown.filter((entry) => entry.type === kind).length;
  const from = number("source") + number("seed");
  const engine = { duckdb: "DuckDB", postgres: "Postgres" }[index.adapter] ?? index.adapter;
  return `The data of this project: ${count(number("model"), "model")} made from ${count(from, "table")} of raw data${engine ? `, in ${engine}` : ""}. Search for a table or a column, or follow the lineage.`;
}

function tile(kind, number) {
  if (!number) return null;
  return h("a", { class: "tile", href: `#!/list/${kind}`, title: kindHelp(kind) }, h("strong", {}, figure(number)), h("span", {}, h("i", { class: `kind-dot kind-${kind}` }), number === 1 ? KINDS[kind][0] : kindPlural(kind)));
}

/** How the last runs ended, if any is recorded. */
function health(index) {
  const run = index.runs.at(-1);
  if (!run) return null;
  const good = Object.keys(run.counts).every((status) => ["good", "idle"].includes(tone(status)));
  const bad = Object.keys(run.counts).some((status) => tone(status) === "bad");
  const words = Object.entries(run.counts).map(([status, number]) => h("span", { class: `status ${tone(status)}` }, h("i", {}), `${figure(number)} ${statusWord(status)}`));
  return h("section", { class: `card health ${bad ? "bad" : good ? "good" : "warn"}`, "aria-label": "Last run" },
    h("div", {}, h("strong", {}, bad ? "The last run had failures" : good ? "The last run went well" : "The last run had warnings"),
      h("p", { class: "faint", title: moment(run.at) }, `${run.command}, ${ago(run.at)}, ${seconds(run.elapsed)}`)),
    h("div", { class: "statuses" }, words));
}

/** What failed or warned when it was last run. */
function troubles(index) {
  const found = index.entries.filter((entry) => !entry.hidden && entry.status && ["bad", "warn"].includes(tone(entry.status)));
  if (!found.length) return null;
  found.sort((a, b) => (tone(a.status) === "bad" ? 0 : 1) - (tone(b.status) === "bad" ? 0 : 1));
  const items = found.slice(0, 8).map((entry) => h("li", {}, entryLink(entry.attached === undefined ? entry : index.entries[entry.attached]),
    entry.attached === undefined ? null : h("a", { class: "faint", href: urlOf(entry) }, `${entry.test}${entry.column ? ` of ${entry.column}` : ""}`), statusDot(entry)));
  return h("section", { class: "card" }, h("h2", {}, "Needs attention", h("small", {}, found.length)), h("ul", { class: "entry-list" }, items),
    found.length > items.length ? h("p", { class: "faint" }, `and ${figure(found.length - items.length)} more`) : null);
}

/** Where to begin: what people use, then what is finished. */
function start(index, shown) {
  const ends = shown.filter((entry) => entry.type === "exposure");
  const models = shown.filter((entry) => entry.type === "model" && entry.package === index.project);
  const last = models.filter((entry) => !entry.children.some((at) => index.entries[at].type === "model"));
  const list = (title, note, entries) => (entries.length ? h("section", { class: "card" }, h("h2", {}, title), h("p", { class: "faint" }, note),
    h("ul", { class: "cards" }, entries.slice(0, 12).map((entry) => h("li", {}, entryLink(entry), h("p", {}, entry.summary || "No description"))))) : null);
  return h("div", {}, list("What the data is used for", "Dashboards, reports and applications that read it.", ends),
    list("Where to begin", "Models that nothing else is made from: usually the finished ones.", last),
    models.length || ends.length ? null : nothing("This project has no models yet."));
}

/** Everything of one kind. */
export function listPage(index, kind) {
  const entries = index.entries.filter((entry) => entry.type === kind && !entry.hidden);
  const label = (entry) => (entry.test !== undefined && entry.attached !== undefined ? `${index.entries[entry.attached].title} · ${entry.test}${entry.column ? ` · ${entry.column}` : ""}` : entry.title);
  const rows = (list) => list.map((entry) => h("tr", {}, h("td", {}, entryLink(entry, label(entry))), h("td", {}, entry.summary || h("span", { class: "faint" }, "–")), h("td", {}, entry.materialized && kind === "model" ? badge(entry.materialized) : null), h("td", {}, statusDot(entry))));
  const sorted = entries.map((entry) => [label(entry), entry]).sort(([a], [b]) => a.localeCompare(b)).map(([, entry]) => entry);
  const body = h("tbody", {}, rows(sorted.slice(0, 400)));
  const more = sorted.length > 400 ? h("button", { type: "button", class: "button", onclick: () => {
    body.append(...rows(sorted.slice(400)));
    more.remove();
  } }, `Show ${figure(sorted.length - 400)} more`) : null;
  return h("article", { class: "page" }, h("header", {}, h("h1", {}, kindPlural(kind)), h("p", { class: "lead" }, `${kindHelp(kind)}.`)),
    entries.length ? h("div", { class: "scroll" }, h("table", { class: "list" }, h("thead", {}, h("tr", {}, ["Name", "Description", "", "Last run"].map((name) => h("th", { scope: "col" }, name)))), body)) : nothing("There are none."), more);
}

/** All tables of a source. */
export function sourcePage(index, name, description) {
  const tables = index.entries.filter((entry) => entry.type === "source" && (entry.source === name || entry.id.split(".").slice(0, 3).join(".") === name));
  const about = h("div", {});
  if (tables.length) description(tables[0]).then((detail) => detail?.node.source_description && about.append(markdown(detail.node.source_description)));
  return h("article", { class: "page" }, h("header", {}, h("p", { class: "crumbs" }, h("a", { href: "#!/list/source" }, "Sources")), h("h1", {}, tables[0]?.source ?? name)), about,
    tables.length ? h("ul", { class: "cards" }, tables.map((entry) => h("li", {}, entryLink(entry, entry.name), statusDot(entry), h("p", {}, entry.summary || "No description")))) : nothing("There is no such source."));
}
