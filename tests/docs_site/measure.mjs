// Measures the documentation of a project that has been generated already: size, first paint, search, lineage.
//
//     node tests/docs_site/measure.mjs PROJECT [FOLDER FOR SCREENSHOTS]
//
// Times are in milliseconds; paints are those the browser reports, the median of five loads without a cache.

import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { browser, serve } from "./site.mjs";

const [folder, pictures] = process.argv.slice(2).map((path) => resolve(path));
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const size = (path) => statSync(path).isDirectory() ? readdirSync(path).reduce((sum, name) => sum + size(join(path, name)), 0) : statSync(path).size;

const server = await serve(folder);
const chromium = await browser();
const page = await chromium.context.newPage();
const client = await chromium.context.newCDPSession(page);
await client.send("Network.setCacheDisabled", { cacheDisabled: true });
const shot = (name) => pictures && page.screenshot({ path: join(pictures, `${name}.png`) });
if (pictures) mkdirSync(pictures, { recursive: true });

const paint = async (hash) => {
  const times = [];
  for (let run = 0; run < 5; run += 1) {
    await page.goto("about:blank");
    await page.goto(server.address + hash);
    await page.waitForFunction(() => document.querySelector("#main h1") && !document.querySelector(".loading"));
    times.push(await page.evaluate(() => ({
      paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
      ready: performance.now(),
    })));
  }
  return { paint: Math.round(median(times.map((it) => it.paint))), ready: Math.round(median(times.map((it) => it.ready))) };
};

const report = {
  bytes: { page: size(join(folder, "target/index.html")), data: size(join(folder, "target/docs_data")) },
  overview: await paint(""),
};
await shot("overview");
const model = await page.evaluate(() => [...document.querySelectorAll("a[href*='#!/model/']")].map((link) => link.getAttribute("href"))[0] ?? null);
if (model) report.model = await paint(model);
await shot("model");

/** From the last key to the picture with the hits. */
const search = async (words) => Math.round(await page.evaluate(async (text) => {
  const input = document.querySelector("#search input");
  const begin = performance.now();
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begin;
}, words));
await page.keyboard.press("/");
await page.waitForSelector("#search[open]");
report.search = {};
for (const words of ["orders", "int fin", "customer_id", "sum(amount)", "no such thing at all"]) report.search[words] = await search(words);
await search("orders");
await shot("search");
await page.keyboard.press("Escape");

const begin = Date.now();
await page.evaluate(() => { location.hash = "#!/graph?g_v=1"; });
await page.waitForFunction(() => /\d/.test(document.querySelector(".graph-message")?.textContent ?? ""), null, { timeout: 60000 });
report.lineage = { all: Date.now() - begin, shown: await page.textContent(".graph-message") };
await page.waitForTimeout(800);
await shot("lineage");
await page.emulateMedia({ colorScheme: "dark" });
await page.waitForTimeout(300);
await shot("lineage-dark");
if (model) {
  await page.evaluate((hash) => { location.hash = hash; }, model);
  await page.waitForFunction(() => document.querySelector(".resource h1"));
  await shot("model-dark");
}
console.log(JSON.stringify(report, null, 2));
await chromium.close();
await server.stop();
