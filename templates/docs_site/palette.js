// Search as you type: a dialog over the page, and the page of all results.

import { fill, h, icon } from "./dom.js";
import { loadTexts } from "./data.js";
import { kindDot, urlOf } from "./parts.js";
import { addTexts, marked, prepare, search } from "./search.js";
import { count, figure, kindName, kindPlural, KINDS } from "./words.js";

const SHOWN = 12;
const WHERE = [[null, "Everything"], ["name", "Names"], ["column", "Columns"], ["description", "Descriptions"], ["tag", "Tags"], ["code", "SQL"]];
const WHERE_NOTE = { column: "column", tag: "tag", description: "", code: "SQL" };

/** The searcher of a site; texts come in when they are first needed. */
export class Searcher {
  constructor(index) {
    this.prepared = prepare(index.entries);
    this.texts = null;
  }

  /** Loads the texts once; then calls back. */
  complete(then) {
    this.texts ??= loadTexts().then((texts) => texts && addTexts(this.prepared, texts));
    this.texts.then(then);
  }

  find(query, field = null) {
    return search(this.prepared, query, field);
  }
}

function hitLine(hit, query) {
  const mark = (text) => marked(text, query).map(([part, on]) => (on ? h("mark", {}, part) : part));
  const note = hit.text && hit.field !== "name" ? [WHERE_NOTE[hit.field] ? h("b", {}, `${WHERE_NOTE[hit.field]} `) : null, mark(hit.text)] : [hit.entry.summary.slice(0, 140)];
  return [kindDot(hit.entry), h("span", { class: "hit-name" }, mark(hit.entry.title)), h("span", { class: "hit-kind" }, kindName(hit.entry.type)), h("span", { class: "hit-note" }, note)];
}

/** Makes the dialog. Returns `{open(query)}`. */
export function searchDialog(searcher, go) {
  let hits = [];
  let at = 0;
  let field = null;
  const input = h("input", { type: "text", placeholder: "Search tables, columns, descriptions, SQL, tags", "aria-label": "Search", role: "combobox", "aria-expanded": "true", "aria-controls": "hits", autocomplete: "off", spellcheck: "false" });
  const list = h("ul", { id: "hits", role: "listbox", "aria-label": "Results" });
  const foot = h("p", { class: "search-foot", role: "status" });
  const fields = WHERE.map(([name, label]) => h("button", { type: "button", "aria-pressed": String(name === null), onclick: () => {
    field = name;
    fields.forEach((button, number) => button.setAttribute("aria-pressed", String(WHERE[number][0] === name)));
    input.focus();
    update();
  } }, label));
  const dialog = h("dialog", { id: "search", "aria-label": "Search" }, h("form", { method: "dialog" }, icon("search"), input, h("kbd", {}, "esc")), h("div", { class: "search-fields", role: "group", "aria-label": "Search in" }, fields), list, foot);
  document.body.append(dialog);

  function update() {
    const query = input.value.trim();
    hits = query ? searcher.find(query, field) : [];
    at = 0;
    fill(list, hits.slice(0, SHOWN).map((hit, number) => h("li", { role: "option", id: `hit-${number}`, "aria-selected": String(number === 0) }, h("a", { href: urlOf(hit.entry), tabindex: "-1", onclick: () => dialog.close() }, hitLine(hit, query)))));
    const all = () => h("a", { href: `#!/search?q=${encodeURIComponent(query)}${field ? `&in=${field}` : ""}`, onclick: () => dialog.close() }, `All ${figure(hits.length)} results`);
    fill(foot, !query ? "Type a part of a name, or several words. Arrows choose, Enter opens." : !hits.length ? "Nothing found." : hits.length > SHOWN ? all() : count(hits.length, "result"));
    choose(0);
  }

  function choose(next) {
    const items = list.children;
    if (!items.length) return input.removeAttribute("aria-activedescendant");
    at = (next + items.length) % items.length;
    [...items].forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
    items[at].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", `hit-${at}`);
  }

  input.addEventListener("input", update);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(at + 1);
    else if (event.key === "ArrowUp") choose(at - 1);
    else if (event.key === "Enter" && event.target === input) {
      if (hits[at]) {
        dialog.close();
        go(hits[at].entry);
      }
    } else return;
    event.preventDefault();
  });
  return {
    close: () => dialog.close(),
    open(query) {
      if (!dialog.open) dialog.showModal();
      if (query !== undefined) input.value = query;
      input.select();
      update();
      searcher.complete(() => dialog.open && input.value && at === 0 && update());
    },
  };
}

/** The page of all results. */
export function resultsPage(searcher, query, field) {
  const box = h("div", {}, h("p", { class: "loading" }, "Searching…"));
  searcher.complete(() => {
    const hits = searcher.find(query, field);
    const kinds = Object.keys(KINDS).map((kind) => [kind, hits.filter((hit) => hit.entry.type === kind)]).filter(([, list]) => list.length);
    fill(box, kinds.map(([kind, list]) => h("section", { class: "results card" }, h("h2", {}, kindPlural(kind), h("small", {}, list.length)), h("ul", {}, list.slice(0, 100).map((hit) => h("li", {}, h("a", { href: urlOf(hit.entry) }, hitLine(hit, query))))),
      list.length > 100 ? h("p", { class: "faint" }, `and ${figure(list.length - 100)} more: add a word`) : null)), kinds.length ? null : h("p", { class: "nothing" }, "Nothing found."));
  });
  const where = WHERE.find(([name]) => name === field)?.[1];
  return h("article", { class: "page" }, h("header", {}, h("h1", {}, `“${query}”`), h("p", { class: "lead" }, field ? `Found in ${where.toLowerCase()}` : "Found in names, columns, descriptions, tags and SQL")), box);
}
