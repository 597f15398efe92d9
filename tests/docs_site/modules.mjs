// Loads the site's modules outside a browser: they are ES modules, which node wants to be told.

import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = mkdtempSync(join(tmpdir(), "tidegate-site-"));
cpSync(fileURLToPath(new URL("../../templates/docs_site", import.meta.url)), folder, { recursive: true });
writeFileSync(join(folder, "package.json"), '{"type": "module"}');
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Imports a module of the site by its file's name. */
export const load = (name) => import(pathToFileURL(join(folder, name)));
