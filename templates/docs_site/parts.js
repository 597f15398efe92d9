// Small parts that pages are put together from.

import { breakable, copyButton, fill, h } from "./dom.js";
import { highlighted } from "./highlight.js";
import { figure, kindHelp, kindName, statusWord, tone } from "./words.js";

/** Returns the address of an entry's page: dbt's own. */
export function urlOf(entry) {
  return `#!/${entry.type}/${encodeURIComponent(entry.id)}`;
}

export const kindDot = (entry) => h("i", { class: `kind-dot kind-${entry.type}`, title: kindName(entry.type) });

export const kindChip = (entry) => h("span", { class: `kind-chip kind-${entry.type}`, title: kindHelp(entry.type) }, kindName(entry.type));

export const badge = (text, title, extra = "") => h("span", { class: `badge ${extra}`, title }, text);

export const tagLinks = (tags) => tags.map((tag) => h("a", { class: "badge tag", href: `#!/search?q=${encodeURIComponent(tag)}&in=tag`, title: "Everything with this tag" }, tag));

/** A status as a coloured dot with its word. */
export function statusDot(entry, status = entry.status) {
  if (!status || status === "no-op") return null;
  return h("span", { class: `status ${tone(status)}`, title: `Last time: ${statusWord(status, entry.type)}` }, h("i", {}), statusWord(status, entry.type));
}

/** A link to an entry, with its kind. */
export function entryLink(entry, text = entry.title) {
  return h("a", { class: "entry-link", href: urlOf(entry), title: entry.summary || null }, kindDot(entry), h("span", {}, breakable(text)));
}

/** A part of the page with a heading that can be linked to. */
export function section(id, title, note, ...children) {
  return h("section", { id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title, note === null || note === undefined ? null : h("small", {}, note)), children);
}

/** Names with values; those without a value are left out. */
export function facts(pairs) {
  const filled = pairs.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "" && !(Array.isArray(value) && !value.length));
  if (!filled.length) return null;
  return h("dl", { class: "facts" }, filled.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

export const nothing = (...text) => h("p", { class: "nothing" }, text);

/** Any JSON value, as shortly as it can be read. */
export function valueView(value) {
  if (value === null || value === undefined) return h("span", { class: "faint" }, "none");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return figure(value);
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.map(String).join(", ");
  return h("pre", { class: "json" }, highlighted(JSON.stringify(value, null, 2), "json"));
}

/** Code in tabs: `[[name, text, language]]`; empty ones are left out. */
export function codeTabs(id, tabs) {
  const shown = tabs.filter(([, text]) => text);
  if (!shown.length) return null;
  const pane = h("div", { class: "code", role: "tabpanel", tabindex: "0", "aria-label": "Code" });
  const bar = h("div", { class: "code-bar" });
  const buttons = shown.map(([name, text, language]) => h("button", { type: "button", role: "tab", onclick: () => choose(name, text, language) }, name));
  let current = "";
  function choose(name, text, language) {
    current = text;
    buttons.forEach((button, at) => button.setAttribute("aria-selected", String(shown[at][0] === name)));
    const lines = text.replace(/\n$/, "").split("\n").length;
    const numbers = Array.from({ length: lines }, (_, at) => at + 1).join("\n");
    fill(pane, h("pre", { class: "numbers", "aria-hidden": "true" }, numbers), h("pre", {}, highlighted(text, language)));
  }
  fill(bar, h("div", { class: "tabs", role: "tablist" }, buttons), copyButton(() => current, "Copy code"));
  choose(...shown[0]);
  return h("div", { class: "code-box", id }, bar, pane);
}

/** A list of entries in groups by kind, folded when it is long. */
export function entryList(entries, empty) {
  if (!entries.length) return nothing(empty);
  const items = entries.map((entry) => h("li", {}, entryLink(entry), statusDot(entry)));
  const few = items.slice(0, 12);
  const list = h("ul", { class: "entry-list" }, few);
  if (items.length <= few.length) return list;
  const more = h("button", { type: "button", class: "button", onclick: () => {
    list.append(...items.slice(few.length));
    more.remove();
  } }, `Show ${items.length - few.length} more`);
  return h("div", {}, list, more);
}
