// The site's logic without a browser: Markdown, colours of code, search, selection, layout.

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.mjs";

const { parseBlocks, parseInline, safeAddress } = await load("markdown.js");
const { tokens } = await load("highlight.js");
const { marked, prepare, search } = await load("search.js");
const { select, SelectionError } = await load("selector.js");
const { layout } = await load("layout.js");
const { link } = await load("data.js");

test("Markdown blocks are told apart", () => {
  const kinds = (text) => parseBlocks(text).map((block) => block.kind);
  assert.deepEqual(kinds("# a\n\nb\nc\n\n- d\n- e\n\n> f\n\n```sql\nselect 1\n```\n\n---"), ["heading", "paragraph", "list", "quote", "code", "rule"]);
  assert.deepEqual(parseBlocks("| a | b |\n|---|:-:|\n| 1 | x \\| y |"), [{ kind: "table", head: ["a", "b"], rows: [["1", "x | y"]] }]);
  const [list] = parseBlocks("1. one\n2. two\n   - deep\n   - er\n3. three");
  assert.equal(list.items.length, 3);
  assert.equal(list.items[1][1].kind, "list");
  assert.deepEqual(kinds("Title\n=====\ntext"), ["heading", "paragraph"]);
});

test("Markdown within a line is told apart", () => {
  const kinds = (text) => parseInline(text).map((part) => part.kind);
  assert.deepEqual(kinds("a **b** _c_ `d` ~~e~~ [f](https://g.h) https://i.j."), ["text", "strong", "text", "em", "text", "code", "text", "del", "text", "link", "text", "link", "text"]);
  assert.deepEqual(kinds("snake_case_name and 2 * 3 * 4"), ["text"]);
  assert.deepEqual(parseInline("``a ` b``"), [{ kind: "code", text: "a ` b" }]);
  assert.deepEqual(parseInline("\\*not\\*").map((part) => part.text).join(""), "*not*");
});

test("HTML stays text", () => {
  const text = "<script>alert(1)</script><img src=x onerror=alert(1)>";
  assert.deepEqual(parseInline(text), [{ kind: "text", text }]);
});

test("addresses that run something are refused", () => {
  for (const bad of ["javascript:alert(1)", " JaVa\tScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"]) assert.equal(safeAddress(bad), null, bad);
  for (const good of ["https://a.b", "mailto:a@b.c", "#!/model/model.a.b", "assets/a.png", "/x?y=z:1"]) assert.equal(safeAddress(good), good);
});

test("colouring code loses no letter", () => {
  for (const code of ["select 'it''s' -- x\nfrom {{ ref('a') }} where \"b\" > 1.5e3 /* {{ c }} */", "{# open", "'open", "{% if x %}a{% endif %}", "漢字 🌊 </script>", "$$ body $$"]) {
    for (const language of ["sql", "python", "json"]) assert.equal(tokens(code, language).map(([, text]) => text).join(""), code);
  }
  const kinds = new Map(tokens("select count(a) from b -- c", "sql").map(([kind, text]) => [text.trim(), kind]));
  assert.equal(kinds.get("select"), "word");
  assert.equal(kinds.get("count"), "call");
  assert.equal(kinds.get("-- c"), "comment");
});

const entry = (id, more = {}) => ({ id, type: id.split(".")[0], name: id.split(".").at(-1), package: "shop", fqn: ["shop", ...(more.folder ?? []), id.split(".").at(-1)], ...more });

function index() {
  const entries = [
    entry("source.shop.raw.orders", { source: "raw", fqn: ["shop", "raw", "orders"] }),
    entry("model.shop.stg_orders", { parents: [0], folder: ["staging"], path: "models/staging/stg_orders.sql", materialized: "view", columns: ["order_id", "amount"] }),
    entry("model.shop.orders", { parents: [1], tags: ["daily"], path: "models/marts/orders.sql", folder: ["marts"], materialized: "table", columns: ["order_id"], summary: "Every order that was paid" }),
    entry("model.shop.customers", { parents: [1], tags: ["daily", "pii"], path: "models/marts/customers.sql", folder: ["marts"], materialized: "table", group: "people" }),
    entry("exposure.shop.board", { parents: [2, 3], summary: "orders on a wall" }),
    entry("test.shop.unique_orders_order_id", { parents: [2], attached: 2, test: "unique", column: "order_id" }),
    entry("macro.dbt.orders_macro", { hidden: true }),
  ];
  const made = { project: "shop", entries };
  link(made);
  return made;
}

test("selections are read as dbt reads them", () => {
  const site = index();
  const names = (text) => [...select(site, text)].sort((a, b) => a - b).map((at) => site.entries[at].name);
  assert.deepEqual(names("orders"), ["orders"]);
  assert.deepEqual(names("stg_orders+1"), ["stg_orders", "orders", "customers"]);
  assert.deepEqual(names("+board"), ["orders", "stg_orders", "orders", "customers", "board"]);
  assert.deepEqual(names("1+board"), ["orders", "customers", "board"]);
  assert.deepEqual(names("tag:daily,group:people"), ["customers"]);
  assert.deepEqual(names("source:raw exposure:board"), ["orders", "board"]);
  assert.deepEqual(names("source:raw.orders+1"), ["orders", "stg_orders"]);
  assert.deepEqual(names("staging"), ["stg_orders"]);
  assert.deepEqual(names("marts.*"), ["orders", "customers"]);
  assert.deepEqual(names("models/marts"), ["orders", "customers"]);
  assert.deepEqual(names("config.materialized:view resource_type:exposure"), ["stg_orders", "board"]);
  assert.deepEqual(names("@customers").filter((name) => name === "board"), ["board"]);
  assert.throws(() => names("state:modified"), SelectionError);
});

test("search ranks names before columns before descriptions, models before tests", () => {
  const prepared = prepare(index().entries);
  const names = (query, field) => search(prepared, query, field).map((hit) => hit.entry.id.split(".").slice(0, 3).join("."));
  assert.equal(names("orders")[0], "model.shop.orders");
  assert.ok(names("order").indexOf("model.shop.stg_orders") < names("order").indexOf("test.shop.unique_orders_order_id"));
  assert.deepEqual(names("daily paid"), ["model.shop.orders"]);
  assert.deepEqual(names("amount"), ["model.shop.stg_orders"]);
  assert.deepEqual(names("wall", "name"), []);
  assert.ok(!names("orders").includes("macro.dbt.orders_macro"), "built-in macros are not in the way");
  assert.deepEqual(marked("An Order (x", "order (x"), [["An ", false], ["Order", true], [" ", false], ["(x", true]]);
});

test("edges go right and nodes do not overlap", () => {
  for (const size of [12, 900]) {
    const nodes = Array.from({ length: size }, (_, key) => ({ key, width: 90 + (key % 5) * 20, height: 32 }));
    const edges = nodes.slice(3).map(({ key }) => [Math.floor(key / 3) - 1, key]).filter(([from, to]) => from >= 0 && from !== to);
    const { places, width, height } = layout(nodes, edges);
    for (const [from, to] of edges) assert.ok(places.get(from).x < places.get(to).x, `${from} to ${to}`);
    const boxes = nodes.map((node) => ({ ...node, ...places.get(node.key) }));
    for (const a of boxes) {
      for (const b of boxes) {
        const apart = a.key >= b.key || Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= 31.9;
        assert.ok(apart, `${a.key} and ${b.key} of ${size}`);
      }
    }
    assert.ok(width > 0 && height > 0);
  }
  assert.deepEqual([...layout([], []).places], []);
});

test("nodes without edges are all placed, in a block", () => {
  const { places, width, height } = layout(Array.from({ length: 50 }, (_, key) => ({ key, width: 100, height: 32 })), []);
  assert.equal(new Set([...places.values()].map(({ x, y }) => `${x} ${y}`)).size, 50);
  assert.ok(width / height > 0.7 && width / height < 4);
});
