// The lineage of columns on the pages of models, in Chromium.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, open, project, serve, tidegate } from "./site.mjs";

let shop, server, chromium;

before(async () => {
  shop = project();
  tidegate(shop.folder, "docs", "generate", "--inherit-descriptions");
  [server, chromium] = await Promise.all([serve(shop.folder), browser()]);
});

after(async () => {
  await chromium?.close();
  await server?.stop();
  shop?.remove();
});

test("a column tells where it comes from and what it goes into", async () => {
  const { page, problems } = await open(chromium.context, `${server.address}#!/model/model.shop.orders`);
  const lines = (column) => page.locator(`#column-${column} .flow`).allTextContents();
  assert.deepEqual((await lines("amount_cents")).slice(0, 1), ["computed from stg_orders.amount"]);
  assert.ok((await lines("id")).some((line) => line === "copied from stg_orders.id"), await lines("id"));
  await page.click("#column-amount_cents .flow a");
  await page.waitForFunction(() => document.querySelector("#main h1")?.textContent === "stg_orders");
  const down = await page.locator("#column-amount .flow").allTextContents();
  assert.ok(down.some((line) => /^goes into .*orders\.amount_cents/.test(line)), down.join("\n"));
  assert.deepEqual(problems, []);
  await page.close();
});
