// The page of one resource.

import { breakable, copyButton, h, icon } from "./dom.js";
import { isDrawn } from "./graph.js";
import { selectorOf, smallLineage } from "./lineage.js";
import { markdown, safeAddress } from "./markdown.js";
import { badge, codeTabs, entryLink, entryList, facts, kindChip, nothing, section, statusDot, tagLinks, urlOf, valueView } from "./parts.js";
import { columnsOf, columnsTable, rowsView, runsView, statsOf, testsTable } from "./tables.js";
import { ACCESS, ago, bytes, count, figure, kindPlural, materializedHelp, moment, tone } from "./words.js";

const WITH_COLUMNS = ["model", "seed", "snapshot", "source", "analysis", "function"];
/** What needs no description. */
const UNDESCRIBED = ["test", "operation"];
const WITH_RUNS = ["model", "seed", "snapshot", "test", "unit_test", "operation"];

/** Makes the page: `{element, destroy}`. */
export function resourcePage(index, entry, detail, on) {
  const { node, table, runs } = detail;
  const small = smallLineage(index, entry, on);
  const columns = WITH_COLUMNS.includes(entry.type) ? columnsOf(node, table) : [];
  const parts = [
    section("details", "Details", null, facts(detailPairs(index, entry, detail))),
    ...ownSections(index, entry, detail),
    WITH_COLUMNS.includes(entry.type) && (columns.length || entry.type !== "analysis") ? section("columns", "Columns", columns.length || null, h("div", { class: "scroll" }, columnsTable(index, entry, columns, detail.flows))) : null,
    small ? section("lineage", "Lineage", null, small.element) : null,
    relatives(index, entry, node),
    WITH_COLUMNS.includes(entry.type) && entry.type !== "analysis" && entry.type !== "function" ? section("tests", "Tests", entry.tests.length || null, testsTable(index, entry)) : null,
    codeSection(entry, node),
    WITH_RUNS.includes(entry.type) ? section("runs", "Last runs", null, runsView(index, entry, runs)) : null,
  ].filter(Boolean);
  const about = h("div", { id: "description", class: "about" }, node.description ? markdown(node.description) : UNDESCRIBED.includes(entry.type) ? null : nothing("Nobody has described this yet.", ...whereToDescribe(node)));
  const element = h("article", { class: "page resource" }, top(index, entry, detail), about, jumps(parts), parts);
  return { element, destroy: () => small?.destroy() };
}

function whereToDescribe(node) {
  return node.original_file_path ? [" Its place is a ", h("code", {}, "description:"), " in a YAML file beside ", h("code", {}, breakable(node.original_file_path)), "."] : [];
}

function top(index, entry, { node, runs }) {
  const graph = `${urlOf(entry)}?g_v=1&g_i=${encodeURIComponent(`+${selectorOf(entry)}+`)}`;
  const trail = [entry.package, ...(entry.path ?? "").split("/").slice(0, -1)];
  return h("header", { class: "resource-top" },
    h("p", { class: "crumbs" }, h("a", { href: `#!/list/${entry.type}` }, kindPlural(entry.type)), trail.filter(Boolean).map((part) => h("span", {}, part))),
    h("div", { class: "title" }, h("h1", {}, breakable(entry.label ?? heading(index, entry))),
      h("div", { class: "actions" }, isDrawn(entry) ? h("a", { class: "button", href: graph }, icon("graph"), "Lineage") : null, copyButton(() => location.href, "Copy a link to this page"))),
    entry.label && entry.label !== entry.title ? h("p", { class: "subtitle" }, h("code", {}, entry.title)) : null,
    h("div", { class: "badges" }, kindChip(entry), entry.materialized && entry.type === "model" ? badge(entry.materialized, materializedHelp(entry.materialized)) : null,
      entry.access && entry.type === "model" && entry.access !== "protected" ? badge(entry.access, ACCESS[entry.access]) : null,
      entry.version === undefined ? null : badge(`version ${entry.version}${node.latest_version === entry.version ? ", the latest" : ""}`),
      node.config?.contract?.enforced ? badge("contract", "Its columns and types are promised, and checked at each build", "good") : null,
      node.deprecation_date ? badge(`deprecated ${String(node.deprecation_date).slice(0, 10)}`, "Use another one", "warn") : null, tagLinks(entry.tags)),
    h("p", { class: "state" }, stateWords(index, entry, runs)));
}

function heading(index, entry) {
  if (entry.test === undefined) return entry.title;
  const of = entry.attached === undefined ? "" : ` of ${index.entries[entry.attached].title}`;
  return `${entry.test}${of}${entry.column ? `.${entry.column}` : ""}`;
}

/** One line: how it fares. */
function stateWords(index, entry, runs) {
  const words = [];
  const last = runs?.at(-1);
  if (last && WITH_RUNS.includes(entry.type)) words.push(statusDot(entry, last[1]), ago(index.runs[last[0]].at));
  const tests = entry.tests.map((at) => index.entries[at]).filter((test) => test.status);
  if (tests.length) {
    const bad = tests.filter((test) => tone(test.status) === "bad").length;
    const warned = tests.filter((test) => tone(test.status) === "warn").length;
    const good = tests.filter((test) => tone(test.status) === "good").length;
    const part = (number, word) => (number === tests.length ? `${count(number, "test")} ${word}` : `${number} of ${count(tests.length, "test")} ${word}`);
    const text = bad ? part(bad, "failed") : warned ? part(warned, "warned") : part(good, "passed");
    words.push(h("a", { href: "#tests", class: `status ${bad ? "bad" : warned ? "warn" : good ? "good" : "idle"}`, onclick: jump("tests") }, h("i", {}), text));
  }
  return words;
}

function detailPairs(index, entry, { node, table, size, age }) {
  const relation = entry.relation ? [...(entry.relation[0] ? [entry.relation[0]] : []), entry.relation[1], entry.relation[2]].join(".") : null;
  const groupEntry = entry.group && index.entries.find((one) => one.type === "group" && one.name === entry.group);
  const versions = entry.version === undefined ? [] : index.entries.filter((one) => one.type === entry.type && one.name === entry.name && one.package === entry.package && one !== entry);
  const test = entry.type === "test" || entry.type === "unit_test";
  const code = (text) => text && h("code", {}, breakable(text));
  return [
    ["In the database", relation && h("span", { class: "copyable" }, code(relation), copyButton(node.relation_name ?? relation, "Copy its name"))],
    ["Stored as", table?.metadata.type && table.metadata.type.toLowerCase()],
    ["Rows", size?.rows === undefined ? null : h("span", { title: "As the database last counted them" }, figure(size.rows))],
    ["Size", size?.bytes && bytes(size.bytes)],
    ...statsOf(table),
    ["Newest data", age?.max_loaded_at && h("span", { title: `${moment(age.max_loaded_at)}, measured ${ago(age.snapshotted_at)}` }, ago(age.max_loaded_at), " ", statusDot(entry, age.status))],
    ...(entry.type === "exposure" ? [["Kind", node.type], ["Maturity", node.maturity], ["Address", node.url && h("a", { href: safeAddress(node.url), target: "_blank", rel: "noopener noreferrer" }, node.url)]] : []),
    ["Owner", person(node.owner) ?? (groupEntry?.owner || table?.metadata.owner)],
    ["Group", groupEntry ? entryLink(groupEntry) : entry.group],
    ["Access", entry.type === "model" && entry.access && h("span", { title: ACCESS[entry.access] }, entry.access)],
    ["Other versions", versions.map((one) => entryLink(one))],
    ["Primary key", node.primary_key?.length ? node.primary_key.map((key) => code(key)) : null],
    ["Tests", test && entry.attached !== undefined ? entryLink(index.entries[entry.attached]) : null],
    ["Column", test && code(entry.column)],
    ...Object.entries(node.test_metadata?.kwargs ?? {}).filter(([key]) => key !== "model" && key !== "column_name").map(([key, value]) => [key, valueView(value)]),
    ["Severity", entry.type === "test" && node.config?.severity?.toLowerCase()],
    ["Loaded by", node.loader],
    ["Freshness", freshness(node)],
    ["Package", h("a", { href: `#!/overview/${encodeURIComponent(entry.package)}` }, entry.package)],
    ["File", node.original_file_path && h("span", { class: "copyable" }, code(node.original_file_path), copyButton(node.original_file_path, "Copy the path"))],
    ["Language", node.language && node.language !== "sql" ? node.language : null],
    ["Incremental strategy", node.config?.incremental_strategy],
    ["Unique key", node.config?.unique_key && valueView(node.config.unique_key)],
    ["Constraints", node.constraints?.length ? node.constraints.map((one) => badge(`${one.type.replace("_", " ")}${one.columns?.length ? ` (${one.columns.join(", ")})` : ""}`, one.expression ?? "")) : null],
    ...Object.entries({ ...(node.source_meta ?? {}), ...(node.meta ?? node.config?.meta ?? {}) }).map(([key, value]) => [key, valueView(value)]),
  ];
}

function person(owner) {
  if (!owner || typeof owner !== "object") return null;
  const emails = [owner.email ?? []].flat();
  if (!owner.name && !emails.length) return null;
  return h("span", {}, owner.name, emails.map((email) => [" ", h("a", { href: safeAddress(`mailto:${email}`) }, email)]));
}

function freshness(node) {
  const age = (limit) => limit?.count && count(limit.count, limit.period);
  const [warn, error] = [age(node.freshness?.warn_after), age(node.freshness?.error_after)];
  return warn || error ? [warn && `warns after ${warn}`, error && `fails after ${error}`].filter(Boolean).join(", ") : null;
}

/** What only some kinds have. */
function ownSections(index, entry, { node, used_by: usedBy }) {
  switch (entry.type) {
    case "macro": return [section("arguments", "Arguments", node.arguments?.length || null, argumentsTable(node.arguments)), section("used", "Used by", usedBy?.length || null, entryList((usedBy ?? []).map((id) => index.byId.get(id)).filter((one) => one && !one.hidden), "Nothing uses it."))];
    case "function": return [section("arguments", "Arguments", node.arguments?.length || null, argumentsTable(node.arguments), facts([["Returns", node.returns && [h("code", {}, node.returns.data_type), " ", node.returns.description]]]))];
    case "unit_test": return [...node.given.map((given, at) => section(`given-${at}`, `Given ${given.input}`, null, rowsView(given.rows ?? given.fixture))), section("expect", "Expected", null, rowsView(node.expect?.rows ?? node.expect?.fixture))];
    case "metric": return [section("definition", "Definition", null, facts([["Kind", node.type], ["Filter", node.filter && valueView(node.filter)], ["Time grain", node.time_granularity], ...pairsOf(node.type_params)]))];
    case "semantic_model": return ["entities", "dimensions", "measures"].map((key) => section(key, key[0].toUpperCase() + key.slice(1), node[key]?.length || null, namedTable(node[key])));
    case "saved_query": return [section("query", "Query", null, facts(pairsOf(node.query_params))), node.exports?.length ? section("exports", "Exports", node.exports.length, namedTable(node.exports.map((one) => ({ name: one.name, ...one.config })))) : null];
    case "group": return [section("members", "Members", null, entryList(index.entries.filter((one) => one.group === entry.name && !one.hidden && one.test === undefined), "Nothing belongs to it."))];
    default: return [];
  }
}

/** Takes out what is empty or off, for showing; of what has nothing but a name the name is left. */
function compact(value) {
  if (Array.isArray(value)) return value.map(compact);
  if (!value || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, compact(inner)]).filter(([, inner]) => inner !== null && inner !== false && !(Array.isArray(inner) && !inner.length));
  return entries.length === 1 && entries[0][0] === "name" ? entries[0][1] : Object.fromEntries(entries);
}

/** The parts of an object as names and values. */
function pairsOf(value) {
  const whole = compact(value ?? {});
  return typeof whole === "string" ? [["name", whole]] : Object.entries(whole).map(([key, inner]) => [key.replaceAll("_", " "), valueView(inner)]);
}

function argumentsTable(list) {
  if (!list?.length) return nothing("None are described.");
  return h("table", {}, h("thead", {}, h("tr", {}, ["Name", "Type", "Description"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, list.map((one) => h("tr", {},
    h("th", { scope: "row" }, h("code", {}, one.name)), h("td", {}, (one.type ?? one.data_type) && h("code", {}, one.type ?? one.data_type)), h("td", {}, one.description && markdown(one.description))))));
}

function namedTable(list) {
  if (!list?.length) return nothing("There are none.");
  const rest = (one) => Object.entries(compact({ ...one, name: null })).filter(([key]) => !["name", "type", "agg", "description", "label", "metadata", "config"].includes(key));
  return h("table", {}, h("thead", {}, h("tr", {}, ["Name", "Kind", "Description"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, list.map((one) => h("tr", {},
    h("th", { scope: "row" }, h("code", {}, one.name)), h("td", {}, one.type ?? one.agg ?? one.export_as), h("td", {}, one.description && markdown(one.description), h("div", { class: "badges" }, rest(one).map(([key, value]) => h("span", { class: "badge" }, `${key.replaceAll("_", " ")}: `, valueView(value)))))))));
}

/** What it is made from and what is made from it. */
function relatives(index, entry, node) {
  if (entry.type === "group" || entry.type === "macro") {
    const macros = macrosOf(index, node);
    return macros.length ? section("depends", "Depends on", macros.length, entryList(macros, "")) : null;
  }
  if (entry.type === "test" || entry.type === "unit_test") return section("depends", "Depends on", null, entryList([...new Set(entry.parents)].map((at) => index.entries[at]), "Nothing."));
  const get = (places) => [...new Set(places)].map((at) => index.entries[at]);
  const parents = get(entry.parents);
  const children = get(entry.children).filter((one) => one.type !== "test" && one.type !== "unit_test");
  const macros = macrosOf(index, node).filter((one) => !one.hidden);
  const column = (id, title, note, list, empty) => h("div", {}, h("h3", { id }, title, h("small", {}, list.length || "")), h("p", { class: "faint" }, note), entryList(list, empty));
  return section("relatives", "Made from, used by", null, h("div", { class: "columns-3" },
    column("depends", "Depends on", "What it is made from.", parents, "Nothing: the data begins here."),
    column("used", "Used by", "What is made from it.", children, "Nothing uses it."),
    macros.length ? column("macros", "Macros", "Pieces of SQL it shares.", macros, "") : null));
}

function macrosOf(index, node) {
  return (node.depends_on?.macros ?? []).map((id) => index.byId.get(id)).filter(Boolean);
}

function codeSection(entry, node) {
  const language = node.language === "python" ? "python" : "sql";
  const code = codeTabs("sql", [["Source", node.raw_code || node.macro_sql, language], ["Compiled", node.compiled_code, language]]);
  return code ? section("code", "Code", null, code) : null;
}

function jump(id) {
  return (event) => {
    event.preventDefault();
    document.getElementById(id)?.scrollIntoView({ block: "start" });
  };
}

/** Links to the parts of the page. */
function jumps(parts) {
  return h("nav", { class: "jumps", "aria-label": "On this page" }, parts.map((part) => h("a", { href: `#${part.id}`, onclick: jump(part.id) }, part.querySelector("h2").firstChild.textContent)));
}
