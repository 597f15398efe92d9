// Lineage: the small graph on a resource's page, and the large one with its filters.

import { h, fill, icon } from "./dom.js";
import { Graph, isDrawn } from "./graph.js";
import { entryLink, kindChip, statusDot, urlOf } from "./parts.js";
import { select, SelectionError, walk } from "./selector.js";
import { count, figure, kindPlural, KINDS } from "./words.js";

/** Returns what names an entry in a selection. */
export function selectorOf(entry) {
  if (entry.type === "source") return `source:${entry.source}.${entry.name}`;
  if (["exposure", "metric", "semantic_model", "saved_query"].includes(entry.type)) return `${entry.type}:${entry.name}`;
  return entry.title;
}

function graphButtons(graph) {
  const button = (name, label, act) => h("button", { class: "icon-button", type: "button", title: label, "aria-label": label, onclick: act }, icon(name));
  return h("div", { class: "graph-buttons" },
    button("plus", "Zoom in", () => graph.zoom(1.3)), button("minus", "Zoom out", () => graph.zoom(1 / 1.3)), button("fit", "Show all", () => graph.fit()));
}

/** The neighbours of an entry, one step each way; more can be unfolded. Returns null where there are none. */
export function smallLineage(index, entry, { open }) {
  const near = new Set([entry.at, ...entry.parents, ...entry.children].filter((at) => at === entry.at || isDrawn(index.entries[at])));
  if (near.size < 2) return null;
  const label = `Graph: ${entry.title} is made from ${count(entry.parents.length, "resource")} and used by ${count(entry.children.length, "resource")}`;
  const canvas = h("canvas", { tabindex: "0", role: "img", "aria-label": label });
  const expand = (other, direction) => {
    for (const at of other[direction]) if (isDrawn(index.entries[at])) near.add(at);
    graph.show(near, { focus: entry, keep: true });
  };
  const graph = new Graph(canvas, index, { pick: () => {}, open, expand }, { wheel: false });
  const tallest = Math.max(entry.parents.length, entry.children.filter((at) => isDrawn(index.entries[at])).length);
  const box = h("div", { class: "small-graph", style: `height:${Math.min(420, Math.max(170, tallest * 46 + 60))}px` }, canvas, graphButtons(graph));
  queueMicrotask(() => graph.show(near, { focus: entry }));
  return { element: box, destroy: () => graph.destroy() };
}

/** The large graph. `state` is `{include, exclude}`, `on` has `change(state)`, `close()` and `open(entry)`. */
export function largeLineage(index, state, on) {
  const off = new Set();
  const hidden = new Set();
  const extra = new Set();
  let focus = null;
  const input = (label, value, hint) => h("input", { type: "text", value, placeholder: hint, "aria-label": label, spellcheck: "false", autocomplete: "off" });
  const include = input("Select", state.include, "all, or: orders+  +tag:daily  source:raw");
  const exclude = input("Exclude", state.exclude, "nothing");
  const message = h("p", { class: "graph-message", role: "status" });
  const legend = h("div", { class: "legend", role: "group", "aria-label": "Kinds shown" });
  const card = h("aside", { class: "graph-card", hidden: true });
  const list = h("details", { class: "graph-list" }, h("summary", {}, "As a list"));
  const canvas = h("canvas", { tabindex: "0", role: "application", "aria-label": "Lineage graph: arrows move along it, Enter opens a page, plus and minus zoom" });
  const graph = new Graph(canvas, index, {
    pick: (entry) => showCard(entry),
    open: on.open,
    expand: (entry, direction) => {
      for (const at of entry[direction]) if (isDrawn(index.entries[at])) extra.add(at);
      focus = entry;
      show(true);
    },
  });

  function chosen() {
    const all = include.value.trim() ? select(index, include.value) : new Set(index.entries.map((entry) => entry.at));
    for (const at of extra) all.add(at);
    if (exclude.value.trim()) for (const at of select(index, exclude.value)) all.delete(at);
    return new Set([...all].filter((at) => isDrawn(index.entries[at]) && !hidden.has(at)));
  }

  function show(keep = false) {
    let places;
    try {
      places = chosen();
    } catch (problem) {
      if (!(problem instanceof SelectionError)) throw problem;
      fill(message, problem.message);
      message.classList.add("wrong");
      return;
    }
    const kinds = new Map();
    for (const at of places) kinds.set(index.entries[at].type, (kinds.get(index.entries[at].type) ?? 0) + 1);
    fillLegend(kinds);
    for (const at of places) if (off.has(index.entries[at].type)) places.delete(at);
    message.classList.remove("wrong");
    fill(message, places.size ? count(places.size, "node") : "Nothing is selected");
    graph.show(places, { focus: focus && places.has(focus.at) ? focus : null, keep });
    fillList(places);
  }

  function fillLegend(kinds) {
    const names = Object.keys(KINDS).filter((kind) => kinds.has(kind));
    fill(legend, names.map((kind) => h("button", { type: "button", class: "legend-item", "aria-pressed": String(!off.has(kind)), onclick: () => {
      off.has(kind) ? off.delete(kind) : off.add(kind);
      show();
    } }, h("i", { class: `kind-dot kind-${kind}` }), `${kindPlural(kind)} `, h("small", {}, figure(kinds.get(kind))))));
  }

  function fillList(places) {
    const shown = [...places].slice(0, 500).map((at) => h("li", {}, entryLink(index.entries[at])));
    fill(list, h("summary", {}, "As a list"), h("ul", {}, shown), places.size > 500 ? h("p", {}, `… and ${count(places.size - 500, "more", "more")}`) : null);
  }

  function set(text, entry) {
    include.value = text;
    extra.clear();
    hidden.clear();
    focus = entry;
    changed();
  }

  function changed() {
    on.change({ include: include.value.trim(), exclude: exclude.value.trim() });
    show();
    if (focus) graph.pick(focus);
  }

  function drawn(entry, direction) {
    return [...walk(index, [entry.at], direction)].filter((at) => at !== entry.at && isDrawn(index.entries[at])).length;
  }

  function showCard(entry) {
    card.hidden = !entry;
    if (!entry) return;
    const name = selectorOf(entry);
    const act = (label, title, run) => h("button", { type: "button", class: "button", title, onclick: run }, label);
    fill(card, h("button", { class: "icon-button small close", type: "button", "aria-label": "Close", onclick: () => { card.hidden = true; graph.pick(null); } }, icon("close")),
      h("p", {}, kindChip(entry), statusDot(entry)), h("h3", {}, entryLink(entry)),
      entry.summary ? h("p", { class: "graph-summary" }, entry.summary) : h("p", { class: "faint" }, "No description"),
      h("p", { class: "faint" }, `${count(drawn(entry, "parents"), "ancestor")}, ${count(drawn(entry, "children"), "descendant")}`),
      h("div", { class: "actions" }, h("a", { class: "button primary", href: urlOf(entry) }, "Open page"),
        act("Focus", `Select +${name}+`, () => set(`+${name}+`, entry)), act("Ancestors", `Select +${name}`, () => set(`+${name}`, entry)),
        act("Descendants", `Select ${name}+`, () => set(`${name}+`, entry)), act("Hide", "Leave it out", () => { hidden.add(entry.at); card.hidden = true; show(true); })));
  }

  const form = h("form", { class: "graph-form", onsubmit: (event) => { event.preventDefault(); focus = null; extra.clear(); hidden.clear(); changed(); } },
    h("label", {}, "Select", include), h("label", {}, "Exclude", exclude), h("button", { class: "button primary" }, "Update"));
  const element = h("section", { class: "large-graph", role: "dialog", "aria-label": "Lineage", "aria-modal": "false" },
    h("div", { class: "graph-bar" }, form, message,
      h("button", { class: "icon-button", type: "button", title: "Full screen", "aria-label": "Full screen", onclick: () => (document.fullscreenElement ? document.exitFullscreen() : element.requestFullscreen()) }, icon("expand")),
      h("button", { class: "icon-button", type: "button", title: "Close (Esc)", "aria-label": "Close", onclick: on.close }, icon("close"))),
    h("div", { class: "graph-stage" }, canvas, graphButtons(graph), card, h("div", { class: "graph-foot" }, legend, list)));
  const only = index.entries.find((entry) => [`+${selectorOf(entry)}+`, `+${selectorOf(entry)}`, `${selectorOf(entry)}+`].includes(state.include.trim()));
  focus = only ?? null;
  queueMicrotask(() => {
    show();
    if (focus) graph.pick(focus);
  });
  return { element, graph, destroy: () => graph.destroy(), canvas };
}
