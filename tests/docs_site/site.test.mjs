// The documentation site in Chromium, on a project whose texts try to break out of it.

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { browser, open, project, serve, tidegate } from "./site.mjs";

const ORDERS = "#!/model/model.shop.orders";
const WIDE = "#!/model/model.shop.wide_table_with_a_name_that_goes_on_and_on_and_never_seems_to_end";
let shop, server, chromium;

before(async () => {
  shop = project();
  [server, chromium] = await Promise.all([serve(shop.folder), browser()]);
});

after(async () => {
  await chromium?.close();
  const code = await server?.stop();
  shop?.remove();
  assert.equal(code, 0, "docs serve ends well after Ctrl-C");
});

/** Opens a page, does something, and wants no error, no request to other hosts, and no foreign script run. */
async function visit(hash, act, address = server.address) {
  const { page, problems } = await open(chromium.context, address + hash);
  try {
    await act(page);
    assert.equal(await page.evaluate(() => window.hacked), undefined, "a text of the project ran as a script");
    assert.deepEqual(problems, []);
  } finally {
    await page.close();
  }
}

const heading = (page) => page.textContent("#main h1");

/** Goes to an address within the page that is open. */
async function go(page, hash) {
  await page.evaluate((next) => { location.hash = next; }, hash);
  await page.waitForFunction(() => !document.querySelector(".loading"));
}

test("the first page introduces the project", () => visit("", async (page) => {
  assert.equal(await heading(page), "shop");
  assert.equal(await page.title(), "shop");
  assert.match(await page.textContent("main"), /All that is sold/);
  assert.match(await page.textContent(".health"), /had failures/);
  assert.equal(await page.locator('.prose img[src="assets/tide.svg"]').count(), 1);
  await page.waitForFunction(() => document.querySelector(".prose img").naturalWidth === 120);
  await page.click(".prose a");
  await page.waitForSelector(".resource");
  assert.equal(await heading(page), "orders");
}));

test("search finds as one types, and Enter opens", () => visit("", async (page) => {
  await page.keyboard.press("/");
  await page.keyboard.type("amount_ce");
  await page.waitForSelector("#hits li");
  assert.match(await page.textContent("#hits li"), /orders.*column amount_cents/s);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".resource");
  assert.equal(await page.evaluate(() => location.hash), ORDERS);
  await page.keyboard.press("/");
  await page.keyboard.type("largest");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#search[open]").count(), 0);
  await page.keyboard.press("Control+k");
  for (const [words, name] of [["who bought", "orders"], ["hundredths", "cents_are_hundredths"], ["daily", "orders"], ["* 100", "cents"]]) {
    await page.fill("#search input", words);
    await page.waitForFunction((wanted) => document.querySelector("#hits .hit-name")?.textContent === wanted, name);
  }
}));

test("a deep link opens a model with all that is known", () => visit(ORDERS, async (page) => {
  const text = await page.textContent(".resource");
  assert.match(text, /warehouse\.main\.orders/);
  assert.match(text, /The <i>sales<\/i> team/);
  assert.match(await page.textContent("#details"), /Rows3/);
  const row = page.locator("#column-id");
  assert.match(await row.textContent(), /INTEGER/);
  assert.deepEqual(await row.locator(".badge.test.good").allTextContents(), ["unique", "not_null"]);
  assert.equal(await row.locator(".badge.constraint").textContent(), "not null");
  assert.match(await page.locator("#column-customer .badge.test").getAttribute("class"), /warn/);
  assert.match(await page.textContent(".state"), /built.*1 of 5 tests warned/);
  assert.match(await page.textContent("#relatives"), /stg_orders.*orders_then.*cents/s);
  await page.click("#code [role=tab]:text('Compiled')");
  assert.match(await page.textContent("#code pre:last-child"), /\(amount \* 100\) as amount_cents from "warehouse"\."main"\."stg_orders"/);
  assert.ok(await page.locator("#code .t-word").count() > 2);
  assert.equal(await page.locator("#runs .bars i").count(), 1);
  assert.equal(await page.locator("#sidebar [aria-current=page]").textContent(), "orders");
}));

test("every resource has a page, and nothing in it runs", () => visit("", async (page) => {
  const manifest = JSON.parse(readFileSync(join(shop.folder, "target/manifest.json"), "utf8"));
  const maps = ["nodes", "sources", "exposures", "unit_tests", "groups", "functions"].flatMap((name) => Object.values(manifest[name]));
  const entries = [...maps, ...Object.values(manifest.macros).filter((one) => one.package_name === "shop")];
  assert.ok(entries.length > 14);
  for (const { unique_id: id, resource_type: type } of entries) {
    await go(page, `#!/${type}/${id}`);
    await page.waitForFunction(() => document.querySelector(".resource h1"));
    assert.equal(await page.locator("main script, main iframe, main [onerror], main [onmouseover]").count(), 0, id);
    assert.equal(await page.locator("main h1").count(), 1, id);
    const schemes = await page.locator("main a[href]").evaluateAll((links) => links.map((link) => link.protocol));
    assert.deepEqual(schemes.filter((scheme) => !["http:", "https:", "mailto:"].includes(scheme)), [], id);
  }
  for (const hash of ["#!/list/model", "#!/list/test", "#!/source_list/crm", "#!/source_list/source.shop.crm", "#!/search?q=orders", "#!/overview/shop"]) {
    await go(page, hash);
    assert.ok((await heading(page)).length, hash);
  }
  await go(page, "#!/model/model.shop.renamed");
  assert.equal(await heading(page), "Not here");
}));

test("a function tells what it takes and returns", () => visit("#!/function/function.shop.taxed", async (page) => {
  assert.equal(await heading(page), "taxed");
  const shown = await page.locator("main").innerText();
  for (const part of ["An amount with its tax.", "percent", "integer", "Euros too", "amount * (1 + percent)"]) {
    assert.ok(shown.includes(part), part);
  }
}));

test("lineage can be selected, followed by keys, and kept in the address", () => visit(`${ORDERS}?g_v=1&g_i=%2Borders%2B`, async (page) => {
  await page.waitForFunction(() => document.querySelector(".graph-message")?.textContent === "7 nodes");
  const update = async (text) => {
    await page.fill(".graph-form input >> nth=0", text);
    await page.keyboard.press("Enter");
  };
  await update("orders+1,resource_type:snapshot stg_orders");
  assert.equal(await page.textContent(".graph-message"), "2 nodes");
  assert.match(await page.evaluate(() => decodeURIComponent(location.hash)), /g_v=1&g_i=orders\+1/);
  await update("state:modified");
  assert.match(await page.textContent(".graph-message.wrong"), /“state” cannot be used here/);
  await update("");
  assert.equal(await page.textContent(".graph-message"), "9 nodes");
  await page.click(".legend-item:has-text('Seeds')");
  assert.equal(await page.textContent(".graph-message"), "8 nodes");
  await update("orders");
  await page.focus(".large-graph canvas");
  await page.keyboard.press("ArrowRight");
  await page.waitForSelector(".graph-card:not([hidden])");
  assert.match(await page.textContent(".graph-card h3"), /orders/);
  await page.click(".graph-card button:text('Ancestors')");
  assert.equal(await page.inputValue(".graph-form input >> nth=0"), "+orders");
  await page.focus(".large-graph canvas");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("main h1").textContent === "stg_orders");
  assert.equal(await page.locator(".large-graph").count(), 0);
  await page.keyboard.press("g");
  await page.waitForSelector(".large-graph");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".large-graph", { state: "detached" });
}));

test("the graph is drawn, in the colours of its kinds", () => visit("#!/graph?g_v=1", async (page) => {
  await page.waitForFunction(() => {
    const canvas = document.querySelector(".large-graph canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colors = new Set();
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] === 255) colors.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
    return ["47,111,208", "43,138,75", "138,109,29", "196,84,26"].every((color) => colors.has(color));
  });
}));

test("dark and light: by the system, by the button, kept", () => visit(ORDERS, async (page) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await ground();
  assert.notEqual(light, dark);
  await page.click(".theme");
  assert.equal(await ground(), light);
  await page.reload();
  await page.waitForSelector("html[data-ready]");
  assert.equal(await ground(), light);
  await page.keyboard.press("t");
  assert.equal(await ground(), dark);
  await page.evaluate(() => localStorage.clear());
}));

test("text can be read on its ground, light and dark", () => visit("", async (page) => {
  const poor = await page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement("i"));
    const rgb = (name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
    };
    const light = (name) => rgb(name).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
    const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    const pairs = [["on-accent", "accent"], ["good", "good-soft"], ["warn", "warn-soft"], ["bad", "bad-soft"], ["accent", "accent-soft"], ["text", "mark"]];
    for (const ground of ["ground", "surface", "sunken"]) for (const text of ["text", "muted", "accent", "good", "warn", "bad", "code-word", "code-string", "code-number", "code-call", "code-jinja"]) pairs.push([text, ground]);
    const found = [];
    for (const theme of ["light", "dark"]) {
      document.documentElement.dataset.theme = theme;
      for (const [text, ground] of pairs) if (contrast(text, ground) < 4.5) found.push(`${theme}: ${text} on ${ground} ${contrast(text, ground).toFixed(2)}`);
    }
    return found;
  });
  assert.deepEqual(poor, []);
}));

test("everything that can be pressed has a name", () => visit(`${ORDERS}?g_v=1`, async (page) => {
  const nameless = await page.evaluate(() => [...document.querySelectorAll("button, a, input, canvas, dialog, img")].filter((one) => !(one.getAttribute("aria-label") || one.textContent.trim() || one.alt || one.labels?.length)).map((one) => one.outerHTML.slice(0, 120)));
  assert.deepEqual(nameless, []);
}));

test("the contents can be walked by keys", () => visit("", async (page) => {
  await page.focus("#sidebar [role=treeitem]");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "crm.people");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".resource");
  assert.equal(await heading(page), "crm.people");
}));

test("200 columns can be filtered, and nothing is wider than a telephone", () => visit(WIDE, async (page) => {
  assert.equal(await page.locator(".columns tbody tr").count(), 200);
  await page.fill("#columns input", "number_199");
  assert.equal(await page.locator(".columns tbody tr:visible").count(), 1);
  await page.setViewportSize({ width: 390, height: 800 });
  for (const hash of ["#!/overview", ORDERS, WIDE, "#!/exposure/exposure.shop.board", "#!/list/model", "#!/unit_test/unit_test.shop.orders.cents_are_hundredths"]) {
    await go(page, hash);
    await page.waitForTimeout(60);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${hash} is too wide`);
  }
  await page.click("#menu");
  await page.waitForFunction(() => document.getElementById("sidebar").getBoundingClientRect().left === 0);
}));

test("one file is enough", () => {
  const place = mkdtempSync(join(tmpdir(), "tidegate-static-"));
  copyFileSync(join(shop.folder, "target/static_index.html"), join(place, "docs.html"));
  return visit(ORDERS, async (page) => {
    assert.match(await page.textContent("#columns"), /amount_cents/);
    await page.keyboard.press("/");
    await page.keyboard.type("who bought");
    await page.waitForFunction(() => document.querySelector("#hits .hit-name")?.textContent === "orders");
  }, pathToFileURL(join(place, "docs.html")).href).finally(() => rmSync(place, { recursive: true }));
});

test("the three files that scripts publish for dbt are enough", async () => {
  const files = Object.fromEntries(["index.html", "manifest.json", "catalog.json"].map((name) => [name, readFileSync(join(shop.folder, "target", name))]));
  const bucket = createServer((asked, answer) => {
    const file = files[asked.url.slice(1).split(/[?#]/)[0] || "index.html"];
    answer.writeHead(file ? 200 : 404, { "content-type": "text/html" });
    answer.end(file);
  }).listen(0);
  const { page } = await open(chromium.context, `http://localhost:${bucket.address().port}/${ORDERS}`);
  try {
    assert.match(await page.textContent("#columns"), /amount_centsINTEGER/);
  } finally {
    await page.close();
    bucket.close();
  }
});

test("an open page renews itself after a build", () => visit(ORDERS, async (page) => {
  await page.waitForTimeout(1200);
  const file = join(shop.folder, "models/properties.yml");
  writeFileSync(file, readFileSync(file, "utf8").replace("One row for each order.", "One line for each order."));
  tidegate(shop.folder, "docs", "generate");
  await page.waitForFunction(() => document.querySelector(".about")?.textContent.includes("One line for each order."), null, { timeout: 15000 });
  assert.equal(await heading(page), "orders");
}));

/** Asks for a path as it stands, without a client that makes it harmless. */
function ask(path, { method = "GET", host = "localhost" } = {}) {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: server.port, path, method, headers: { host } }, (answer) => {
      let text = "";
      answer.on("data", (part) => { text += part; });
      answer.on("end", () => resolve({ status: answer.statusCode, text, type: answer.headers["content-type"] }));
    }).on("error", reject).end();
  });
}

test("the server gives the target folder and nothing else", async () => {
  assert.equal((await ask("/manifest.json")).type, "application/json");
  for (const path of ["/../dbt_project.yml", "/%2e%2e/dbt_project.yml", "/..%2fdbt_project.yml", "/docs_data/../../dbt_project.yml", "//etc/passwd", "/%2fetc%2fpasswd", "/..\\dbt_project.yml"]) {
    const { status, text } = await ask(path);
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
    assert.ok(!text.includes("shop"), path);
  }
  assert.equal((await ask("/manifest.json", { method: "POST" })).status, 405);
  assert.equal((await ask("/manifest.json", { host: "evil.example" })).status, 403);
});
