// Tables of a page: columns, tests, runs, rows of unit tests.

import { columnFlow } from "./column_flow.js";
import { breakable, fill, h } from "./dom.js";
import { markdown } from "./markdown.js";
import { badge, nothing, statusDot, tagLinks, urlOf, valueView } from "./parts.js";
import { ago, bytes, count, figure, moment, seconds, statusWord, tone } from "./words.js";

/** From so many columns on they can be filtered. */
const MANY_COLUMNS = 16;

/** The columns of manifest and catalog together: those of the database first, in its order. */
export function columnsOf(node, table) {
  const known = new Map(Object.values(node.columns ?? {}).map((column) => [column.name.toLowerCase(), column]));
  const stored = Object.values(table?.columns ?? {}).sort((a, b) => a.index - b.index);
  const found = stored.map((column) => {
    const described = known.get(column.name.toLowerCase());
    known.delete(column.name.toLowerCase());
    return { ...described, name: column.name, type: column.type, description: described?.description || column.comment || "", stored: true };
  });
  return [...found, ...[...known.values()].map((column) => ({ ...column, type: column.data_type ?? "", missing: stored.length > 0 }))];
}

const CONSTRAINTS = { primary_key: "primary key", not_null: "not null", unique: "unique", foreign_key: "foreign key", check: "check", custom: "constraint" };

function constraintBadge(constraint) {
  const detail = constraint.expression ?? (constraint.to ? `${constraint.to} (${(constraint.to_columns ?? []).join(", ")})` : "");
  return badge(CONSTRAINTS[constraint.type] ?? constraint.type, `Constraint${detail ? `: ${detail}` : " kept by the database"}`, "constraint");
}

function testBadge(test) {
  const title = test.status ? `${test.name}: ${statusWord(test.status)}` : `${test.name}: not run yet`;
  return h("a", { class: `badge test ${test.status ? tone(test.status) : "idle"}`, href: urlOf(test), title }, h("i", {}), test.test ?? test.name);
}

/** The table of columns, with a filter when they are many. */
export function columnsTable(index, entry, columns, flows) {
  if (!columns.length) return nothing("No columns are known: none are described, and the database was not asked or has no such relation.");
  const tests = entry.tests.map((at) => index.entries[at]).filter((test) => test.attached === entry.at && test.column);
  const rows = columns.map((column) => columnRow(column, tests.filter((test) => test.column.toLowerCase() === column.name.toLowerCase()), columnFlow(index, column, flows)));
  const typed = columns.some((column) => column.type);
  const tested = tests.length || columns.some((column) => column.constraints?.length);
  const table = h("table", { class: "columns" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Column"), typed ? h("th", { scope: "col" }, "Type") : null,
    h("th", { scope: "col" }, "Description"), tested ? h("th", { scope: "col" }, "Rules") : null)), h("tbody", {}, rows.map((make) => make(typed, tested))));
  if (columns.length < MANY_COLUMNS) return table;
  const bodies = [...table.tBodies[0].rows];
  const found = h("span", { class: "faint", role: "status" });
  const filter = h("input", { type: "search", placeholder: `Filter ${columns.length} columns`, "aria-label": "Filter columns", oninput: () => {
    const wanted = filter.value.toLowerCase();
    let hits = 0;
    bodies.forEach((row) => {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      hits += row.hidden ? 0 : 1;
    });
    fill(found, wanted ? `${hits} of ${columns.length}` : "");
  } });
  return h("div", {}, h("div", { class: "filter" }, filter, found), table);
}

function columnRow(column, tests, flow) {
  return (typed, tested) => h("tr", { id: `column-${column.name}` },
    h("th", { scope: "row" }, h("code", {}, breakable(column.name)), column.missing ? badge("not in the database", "It is described, but the table does not have it", "warn") : null),
    typed ? h("td", { class: "type" }, column.type ? h("code", {}, column.type) : null) : null,
    h("td", { class: "told" }, column.description ? markdown(column.description) : h("span", { class: "faint" }, "–"), columnExtras(column), flow),
    tested ? h("td", { class: "rules" }, (column.constraints ?? []).map(constraintBadge), tests.map(testBadge)) : null);
}

function columnExtras(column) {
  const meta = Object.entries(column.meta ?? {});
  if (!column.tags?.length && !meta.length) return null;
  return h("div", { class: "badges" }, tagLinks(column.tags ?? []), meta.map(([key, value]) => h("span", { class: "badge" }, `${key}: `, valueView(value))));
}

/** The tests of a resource, those that failed first. */
export function testsTable(index, entry) {
  const order = { bad: 0, warn: 1, idle: 2, good: 3 };
  const tests = entry.tests.map((at) => index.entries[at]);
  if (!tests.length) return nothing("Nothing is tested here yet.");
  tests.sort((a, b) => order[tone(a.status)] - order[tone(b.status)] || (a.column ?? "").localeCompare(b.column ?? "") || a.name.localeCompare(b.name));
  return h("table", { class: "tests" }, h("thead", {}, h("tr", {}, ["Test", "Column", "Last result"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, tests.map((test) => h("tr", {}, h("td", {}, h("a", { href: urlOf(test), title: test.name }, test.test ?? test.name), test.type === "unit_test" ? badge("unit test") : null),
      h("td", {}, test.column ? h("code", {}, test.column) : h("span", { class: "faint" }, "–")), h("td", {}, statusDot(test) ?? h("span", { class: "faint" }, "not run"))))));
}

/** The last runs: a bar for each, then the last one in words. */
export function runsView(index, entry, runs) {
  if (!runs?.length) return nothing("No run is recorded. Each build adds one.");
  const longest = Math.max(...runs.map(([, , time]) => time), 0.001);
  const tested = entry.type === "test" || entry.type === "unit_test";
  const line = ([at, status, time, number, message]) => {
    const run = index.runs[at];
    const amount = number === null || (tested && !number) ? "" : tested ? count(number, "failing row") : count(number, "row");
    return { run, status, time, amount, message };
  };
  const bars = runs.map((run) => {
    const { run: of, status, time, amount } = line(run);
    const title = `${statusWord(status)} · ${seconds(time)}${amount ? ` · ${amount}` : ""} · ${of.command}, ${moment(of.at)}`;
    return h("i", { class: tone(status), style: `height:${Math.max(12, Math.round((time / longest) * 100))}%`, title });
  });
  const rows = [...runs].reverse().map((run) => {
    const { run: of, status, time, amount, message } = line(run);
    return h("tr", {}, h("td", { title: moment(of.at) }, ago(of.at)), h("td", {}, of.command), h("td", {}, statusDot(entry, status)), h("td", { class: "number" }, seconds(time)),
      h("td", {}, amount, message ? h("div", { class: "message" }, message) : null));
  });
  return h("div", {}, h("div", { class: "bars", role: "img", "aria-label": `${count(runs.length, "run")}, the last one ${statusWord(runs.at(-1)[1])}` }, bars),
    h("table", { class: "runs" }, h("thead", {}, h("tr", {}, ["When", "Command", "Result", "Time", ""].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows)));
}

/** Figures of the catalog that are meant to be shown: `[[label, value]]`. */
export function statsOf(table) {
  return Object.values(table?.stats ?? {}).filter((stat) => stat.include).map((stat) => {
    const size = /byte|size/i.test(stat.id) && typeof stat.value === "number";
    return [stat.label, h("span", { title: stat.description ?? "" }, size ? bytes(stat.value) : typeof stat.value === "number" ? figure(stat.value) : String(stat.value))];
  });
}

/** Rows of a unit test: dicts as a table, text as code. */
export function rowsView(rows) {
  if (!Array.isArray(rows) || rows.some((row) => typeof row !== "object" || row === null)) return h("pre", { class: "json" }, typeof rows === "string" ? rows : JSON.stringify(rows, null, 2));
  if (!rows.length) return nothing("No rows.");
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, names.map((name) => h("td", {}, row[name] === undefined ? h("span", { class: "faint" }, "–") : valueView(row[name]))))))));
}
