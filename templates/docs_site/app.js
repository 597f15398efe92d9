// Starts the page: addresses to pages, keys, light and dark, renewal while it is served.

import { detailOf, loadSite, site } from "./data.js";
import { fill, h, icon, remember, remembered, toast } from "./dom.js";
import { largeLineage } from "./lineage.js";
import { listPage, overviewPage, sourcePage } from "./overview.js";
import { resultsPage, searchDialog, Searcher } from "./palette.js";
import { urlOf } from "./parts.js";
import { resourcePage } from "./resource.js";
import { contents } from "./tree.js";
import { KINDS } from "./words.js";

const main = document.getElementById("main");
const sidebar = document.getElementById("sidebar");
const state = { page: null, path: null, lineage: null, tree: null, dialog: null, searcher: null };

/** `#!/model/ID?g_v=1` → `{path: ["model", "ID"], query}`. dbt's addresses, those of its older versions included. */
function readAddress(hash) {
  const [path, query] = hash.replace(/^#!?\/?/, "").split("?");
  const decode = (part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return { path: path.split("#")[0].split("/").filter(Boolean).map(decode), anchor: path.split("#")[1], query: new URLSearchParams(query ?? "") };
}

const go = (entry) => { location.hash = urlOf(entry); };

async function show() {
  const { path, query, anchor } = readAddress(location.hash);
  state.dialog.close();
  const address = path.join("/") + (path[0] === "search" ? `?${query}` : "");
  if (address !== state.path) {
    state.path = address;
    await showPage(path, query);
    if (state.path !== address) return;
  }
  const part = anchor ?? query.get("section");
  if (part) document.getElementById(part)?.scrollIntoView();
  showLineage(path, query);
}

async function showPage(path, query) {
  const address = state.path;
  document.body.classList.remove("menu-open");
  const [kind, name] = path;
  const entry = site.byId.get(name) ?? null;
  let made;
  try {
    made = await makePage(kind, name, entry, query);
  } catch (problem) {
    made = { element: h("article", { class: "page" }, h("h1", {}, entry?.title ?? "Not shown"), h("p", { class: "nothing" }, "The details cannot be loaded: ", h("code", {}, String(problem.message ?? problem)),
      ". The folder docs_data, or manifest.json, has to lie beside this page, and the page has to come from a web server: `docs serve` is one. A page that needs neither is made with `docs generate --static`.")) };
  }
  if (state.path !== address) return made.destroy?.();
  state.page?.destroy?.();
  state.page = made;
  fill(main, made.element);
  document.title = [entry?.title ?? KINDS[name]?.[1], site.project].filter(Boolean).join(" · ");
  window.scrollTo(0, 0);
  if (document.activeElement?.closest("#sidebar") === null) main.focus({ preventScroll: true });
  state.tree.reveal(entry);
}

async function makePage(kind, name, entry, query) {
  if (entry) {
    const detail = await detailOf(entry);
    return resourcePage(site, entry, detail, { open: go });
  }
  if (kind === "source_list" && name) return { element: sourcePage(site, name, detailOf) };
  if (kind === "list" && KINDS[name]) return { element: listPage(site, name) };
  if (kind === "search") return { element: resultsPage(state.searcher, query.get("q") ?? "", query.get("in")) };
  if (!kind || kind === "overview" || kind === "graph") return { element: overviewPage(site, name) };
  return { element: h("article", { class: "page" }, h("h1", {}, "Not here"), h("p", { class: "nothing" }, "There is no ", h("code", {}, name ?? kind), " in this project. It may have been renamed or removed: "), h("button", { class: "button", type: "button", onclick: () => state.dialog.open((name ?? kind).split(".").pop()) }, "Search for it")) };
}

function showLineage(path, query) {
  const wanted = query.has("g_v") || path[0] === "graph";
  if (!wanted) {
    state.lineage?.destroy();
    state.lineage?.element.remove();
    state.lineage = null;
    document.body.classList.remove("graph-open");
    return;
  }
  const include = query.get("g_i") ?? "";
  const exclude = query.get("g_e") ?? "";
  if (state.lineage?.include === include && state.lineage.exclude === exclude) return;
  showLineage(["none"], new URLSearchParams());
  const base = path[0] === "graph" ? "#!/graph" : `#!/${path.map(encodeURIComponent).join("/")}`;
  const close = () => { location.hash = path[0] === "graph" ? "#!/overview" : base; };
  const change = (next) => {
    const changed = new URLSearchParams({ g_v: "1", ...(next.include && { g_i: next.include }), ...(next.exclude && { g_e: next.exclude }) });
    Object.assign(state.lineage, next);
    history.replaceState(null, "", `${base}?${changed}`);
  };
  state.lineage = { ...largeLineage(site, { include, exclude }, { open: go, close, change }), include, exclude, close };
  document.getElementById("frame").append(state.lineage.element);
  document.body.classList.add("graph-open");
  state.lineage.canvas.focus();
}

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new Event("themechange"));
}

function toggleTheme() {
  const dark = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const next = dark === "dark" ? "light" : "dark";
  remember("tidegate.theme", next);
  setTheme(next);
}

const KEYS = [[["/"], "search; also Ctrl K"], [["↑", "↓", "Enter"], "choose and open a result"], [["g"], "lineage of this page"], [["h"], "first page"],
  [["t"], "light or dark"], [["Esc"], "close"], [["←", "→", "↑", "↓"], "in the graph: go along the lineage"], [["+", "−", "0"], "in the graph: zoom in, out, show all"], [["?"], "this help"]];

function helpDialog() {
  const dialog = h("dialog", { id: "help", "aria-label": "Help" }, h("h2", {}, "Keys"), h("dl", {}, KEYS.map(([keys, what]) => h("div", {}, h("dt", {}, keys.map((key) => h("kbd", {}, key))), h("dd", {}, what)))),
    h("h2", {}, "Selecting in the graph"), h("dl", {}, [["orders+", "orders and what is made from it"], ["+orders", "and what it is made from"], ["2+orders+1", "so many steps"], ["tag:daily source:raw", "one or the other"], ["tag:daily,package:shop", "both"]].map(([key, what]) => h("div", {}, h("dt", {}, h("code", {}, key)), h("dd", {}, what)))),
    h("form", { method: "dialog" }, h("button", { class: "button primary" }, "Close")));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  return dialog;
}

function furnish() {
  const wave = h("span", { class: "logo", "aria-hidden": "true" });
  fill(document.getElementById("brand"), wave, h("strong", {}, site.project || "Documentation"));
  fill(document.getElementById("search-open"), icon("search"), h("span", {}, "Search"), h("kbd", {}, "/"));
  const menu = document.getElementById("menu");
  fill(menu, icon("menu"));
  menu.addEventListener("click", () => menu.setAttribute("aria-expanded", String(document.body.classList.toggle("menu-open"))));
  const help = helpDialog();
  const button = (name, label, act, text) => h("button", { class: text ? "button" : "icon-button", type: "button", title: label, "aria-label": label, onclick: act }, icon(name), text);
  const theme = button("moon", "Light or dark (t)", toggleTheme);
  theme.append(icon("sun"));
  theme.classList.add("theme");
  fill(document.getElementById("tools"), h("a", { class: "button", href: "#!/graph?g_v=1", title: "Lineage of everything" }, icon("graph"), h("span", {}, "Lineage")), theme, button("help", "Help (?)", () => help.showModal()));
  state.searcher = new Searcher(site);
  state.dialog = searchDialog(state.searcher, go);
  state.tree = contents(sidebar, site);
  document.getElementById("search-open").addEventListener("click", () => state.dialog.open());
  document.addEventListener("keydown", (event) => key(event, help));
}

function key(event, help) {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault();
    return state.dialog.open();
  }
  if (event.key === "Escape" && !document.querySelector("dialog[open]") && state.lineage && !document.fullscreenElement) return state.lineage.close();
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  switch (event.key) {
    case "/": state.dialog.open(); break;
    case "?": help.showModal(); break;
    case "t": toggleTheme(); break;
    case "h": location.hash = "#!/overview"; break;
    case "g": showGraph(); break;
    default: return;
  }
  event.preventDefault();
}

/** Opens the lineage of the resource that is shown, or of everything. */
function showGraph() {
  const { path } = readAddress(location.hash);
  const link = document.querySelector(".resource-top .actions a.button");
  if (link) link.click();
  else if (!site.byId.has(path[1])) location.hash = "#!/graph?g_v=1";
}

/** While `docs serve` shows the page, it asks which build is shown and loads itself anew after the next one. */
function watch() {
  const place = document.querySelector("meta[name=live]")?.content;
  if (!place) return;
  let shown = null;
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(place).catch(() => null);
    const text = await answer?.text();
    if (!answer?.ok) return text && toast(`The documentation cannot be renewed: ${text}`);
    if (shown !== null && shown !== text) location.reload();
    shown = text;
  }, 1000);
}

setTheme(remembered("tidegate.theme"));
try {
  await loadSite();
  furnish();
  window.addEventListener("hashchange", show);
  await show();
  document.documentElement.dataset.ready = "yes";
  performance.mark("shown");
  watch();
} catch (problem) {
  fill(main, h("article", { class: "page" }, h("h1", {}, "The documentation cannot be shown"), h("p", { class: "nothing" }, String(problem.message ?? problem)),
    h("p", {}, typeof DecompressionStream === "undefined" ? "This browser is too old: it cannot unpack the data." : "")));
  throw problem;
}
