// The contents beside the page: resources by file, by place in the database, by group. Branches are made when they
// are unfolded, so that large projects cost nothing.

import { fill, h, icon, remember, remembered } from "./dom.js";
import { kindDot, urlOf } from "./parts.js";
import { figure, kindPlural } from "./words.js";

const OPEN = "tidegate.tree";

const branch = (label) => ({ label, branches: new Map(), leaves: [], total: 0 });

function grow(root, path, entry) {
  let at = root;
  at.total++;
  for (const part of path) {
    if (!at.branches.has(part)) at.branches.set(part, branch(part));
    at = at.branches.get(part);
    at.total++;
  }
  at.leaves.push(entry);
}

/** Resources by package, folder and file; what has no good place in files by kind. */
function projectTree(index) {
  const root = branch("");
  const kinds = ["source", "exposure", "metric", "semantic_model", "saved_query"];
  const shown = index.entries.filter((entry) => !entry.hidden);
  for (const kind of kinds) {
    for (const entry of shown.filter((one) => one.type === kind)) grow(root, [kindPlural(kind), ...(kind === "source" ? [entry.source] : [])], entry);
  }
  const filed = shown.filter((entry) => !kinds.includes(entry.type) && !["group", "operation", "unit_test"].includes(entry.type) && entry.test === undefined);
  const own = (entry) => (entry.package === index.project ? 0 : 1);
  filed.sort((a, b) => own(a) - own(b));
  for (const entry of filed) grow(root, [entry.package, ...(entry.path ?? "").split("/").slice(0, -1)], entry);
  return root;
}

function databaseTree(index) {
  const root = branch("");
  for (const entry of index.entries) {
    if (entry.relation && !entry.hidden) grow(root, [entry.relation[0], entry.relation[1]].filter(Boolean), entry);
  }
  return root;
}

function groupTree(index) {
  const root = branch("");
  for (const entry of index.entries) if (entry.group && !entry.hidden && entry.test === undefined) grow(root, [entry.group], entry);
  return root;
}

const TABS = [
  ["Project", projectTree, (entry) => entry.title],
  ["Database", databaseTree, (entry) => entry.relation[2]],
  ["Groups", groupTree, (entry) => entry.title],
];

/** Fills the side bar. Returns `{reveal(entry)}`, which shows where an entry is. */
export function contents(place, index) {
  const trees = TABS.map(([name, make, label]) => ({ name, root: make(index), label })).filter((tree) => tree.root.total);
  const box = h("div", { class: "tree", role: "tree" });
  let current = null;
  let shown = trees[0];
  const tabs = trees.map((tree) => h("button", { type: "button", role: "tab", "aria-selected": "false", onclick: () => choose(tree) }, tree.name));
  if (trees.length) fill(place, h("div", { class: "tabs", role: "tablist", "aria-label": "Order of contents" }, tabs), box);
  else fill(place, h("p", { class: "faint pad" }, "There is nothing in this project yet."));

  function choose(tree) {
    shown = tree;
    remember(OPEN, tree.name);
    tabs.forEach((tab, at) => tab.setAttribute("aria-selected", String(trees[at] === tree)));
    box.setAttribute("aria-label", tree.name);
    fill(box, level(tree.root, tree.label, 0));
    const first = tree.root.branches.size === 1 ? [...tree.root.branches.keys()] : [index.project];
    for (const name of first) unfold([name]);
    if (current) reveal(current);
  }

  function unfold(path) {
    let list = box;
    for (const name of path) {
      const item = [...list.querySelectorAll(":scope > ul > li > button")].find((button) => button.dataset.name === name);
      if (!item) return null;
      if (item.getAttribute("aria-expanded") !== "true") item.click();
      list = item.parentElement;
    }
    return list;
  }

  function reveal(entry) {
    current = entry;
    box.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const path = entry && pathTo(shown.root, entry);
    const list = path && unfold(path);
    const link = list && [...list.querySelectorAll(":scope > ul > li > a")].find((one) => one.dataset.id === entry.id);
    if (!link) return;
    link.setAttribute("aria-current", "page");
    const [outer, inner] = [place.getBoundingClientRect(), link.getBoundingClientRect()];
    if (inner.top < outer.top + 50 || inner.bottom > outer.bottom) place.scrollTop += inner.top - outer.top - outer.height / 2;
  }

  box.addEventListener("keydown", treeKeys);
  if (shown) choose(trees.find((tree) => tree.name === remembered(OPEN)) ?? shown);
  return { reveal: (entry) => shown && reveal(entry) };
}

function pathTo(root, entry) {
  for (const [name, inner] of root.branches) {
    if (inner.leaves.includes(entry)) return [name];
    const rest = pathTo(inner, entry);
    if (rest) return [name, ...rest];
  }
  return null;
}

/** How much of the end of a long name stays in sight. */
const TAIL = 6;

/** A name that, where room is short, loses its middle: names of one folder begin alike, and differ in their ends. */
function named(name) {
  const cut = name.length > 4 * TAIL ? name.length - TAIL : name.length;
  return h("span", { class: "name" }, h("span", {}, name.slice(0, cut)), name.slice(cut) ? h("span", {}, name.slice(cut)) : null);
}

function level(root, label, depth) {
  const branches = [...root.branches.values()].map((inner) => folder(inner, label, depth));
  const leaves = [...root.leaves].sort((a, b) => label(a).localeCompare(label(b))).map((entry) => h("li", { role: "none" },
    h("a", { href: urlOf(entry), role: "treeitem", tabindex: "-1", "data-id": entry.id, style: `padding-left:${depth * 14 + 26}px`, title: label(entry) }, kindDot(entry), named(label(entry)))));
  return h("ul", { role: depth ? "group" : "none" }, branches, leaves);
}

function folder(inner, label, depth) {
  const button = h("button", { type: "button", role: "treeitem", "aria-expanded": "false", tabindex: depth ? "-1" : "0", "data-name": inner.label, style: `padding-left:${depth * 14 + 8}px` },
    icon("chevron"), h("span", {}, inner.label), h("small", {}, figure(inner.total)));
  const item = h("li", { role: "none" }, button);
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) item.lastChild.hidden = true;
    else if (item.childNodes.length > 1) item.lastChild.hidden = false;
    else item.append(level(inner, label, depth + 1));
  });
  return item;
}

function treeKeys(event) {
  const items = [...event.currentTarget.querySelectorAll("[role=treeitem]")].filter((item) => item.offsetParent);
  const at = items.indexOf(document.activeElement);
  const item = items[at];
  if (!item) return;
  const open = item.getAttribute("aria-expanded");
  const focus = (other) => other?.focus();
  switch (event.key) {
    case "ArrowDown": focus(items[at + 1]); break;
    case "ArrowUp": focus(items[at - 1]); break;
    case "Home": focus(items[0]); break;
    case "End": focus(items.at(-1)); break;
    case "ArrowRight": open === "false" ? item.click() : focus(items[at + 1]); break;
    case "ArrowLeft": open === "true" ? item.click() : focus(item.parentElement.parentElement.parentElement.querySelector(":scope > button")); break;
    default: return;
  }
  event.preventDefault();
}
