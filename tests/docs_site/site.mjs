// A project's documentation in a real browser: builds the fixture, serves it with `docs serve`, starts Chromium.
//
// TIDEGATE_BIN names the binary (else target/debug/tidegate), CHROMIUM the browser (else one on the PATH).

import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
const BINARY = process.env.TIDEGATE_BIN ?? join(root, "target/debug/tidegate");
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

function browserPath() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = [...process.env.PATH.split(delimiter), "/Applications/Google Chrome.app/Contents/MacOS"];
  const places = folders.flatMap((folder) => ["chromium", "chromium-browser", "google-chrome", "Google Chrome"].map((name) => join(folder, name)));
  const found = places.find(existsSync);
  if (!found) throw new Error("no Chromium found: name one in CHROMIUM");
  return found;
}

export function tidegate(folder, ...words) {
  return execFileSync(BINARY, words, { cwd: folder, encoding: "utf8", env: { ...process.env, HOME: folder } });
}

/** A copy of the fixture, built, with its documentation. */
export function project() {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-docs-"));
  cpSync(join(root, "tests/fixtures/docs_site"), folder, { recursive: true });
  try {
    tidegate(folder, "build");
  } catch (problem) {
    // One test of the fixture fails on purpose; other ends are real.
    if (problem.status !== 1) throw problem;
  }
  tidegate(folder, "docs", "generate", "--static");
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts `docs serve`. Returns its address and how to stop it. */
export async function serve(folder) {
  const port = await freePort();
  const child = spawn(BINARY, ["docs", "serve", "--no-browser", "--port", String(port)], { cwd: folder, env: { ...process.env, HOME: folder } });
  await new Promise((resolve, reject) => {
    let said = "";
    const hear = (text) => {
      said += text;
      if (said.includes("Press Ctrl+C")) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => reject(new Error(`docs serve ended with ${code}: ${said}`)));
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  return { address: `http://localhost:${port}/`, port, stop: () => { child.kill("SIGINT"); return ended; } };
}

/** Starts Chromium with a profile of its own. */
export async function browser() {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-chromium-"));
  const context = await chromium.launchPersistentContext(folder, { executablePath: browserPath(), headless: true, args: ARGUMENTS, viewport: { width: 1280, height: 800 }, colorScheme: "light" });
  return { context, close: async () => { await context.close(); rmSync(folder, { recursive: true, force: true }); } };
}

/** Opens a page and keeps what must not happen: errors, and requests to other hosts. `problems` is empty if all is well. */
export async function open(context, address, wait = true) {
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(error.stack));
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (!["data:", "blob:", "file:"].includes(protocol) && hostname !== "localhost") problems.push(`request to ${request.url()}`);
  });
  await page.goto(address);
  if (wait) await page.waitForSelector("html[data-ready]");
  return { page, problems };
}
